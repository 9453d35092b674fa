"""Errors as functions of gamma, and the gamma at which they are smallest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

#: Scales among which the smallest error of a general activation is looked for, before it is
#: followed to `TOLERANCE`: an error is flat at its minimum, which leaves about 1e-8 of gamma.
TRIED, TOLERANCE = np.geomspace(0.05, 20.0, 7), 1e-9
#: Relative differences of errors that are none.
EQUAL = 1e-8


class Curve(Protocol):
    """The error of one choice of statistics."""

    def error(self, gamma: float) -> float | None:
        """The error at a scale of either sign; None where it is infinite."""
        ...

    def best(self) -> float | None:
        """The gamma of the smallest error; None where there is none."""
        ...


@dataclass(frozen=True)
class Infinite:
    """An error that does not exist."""

    def error(self, gamma: float) -> float | None:
        """None."""
        return None

    def best(self) -> float | None:
        """None."""
        return None


@dataclass(frozen=True)
class Scaled:
    """The error of a field that is some times larger.

    Attributes
    ----------
    curve
        The error at factor 1.
    factor
        Positive.
    """

    curve: Curve
    factor: float

    def error(self, gamma: float) -> float | None:
        """At the scale that the field has."""
        return self.curve.error(gamma * self.factor)

    def best(self) -> float | None:
        """The gamma with which the field has the best scale."""
        best = self.curve.best()
        return None if best is None else best / self.factor


@dataclass(frozen=True)
class Quadratic:
    """``(power - 2 |gamma| along + gamma^2 square) / 2``, of a homogeneous activation.

    Attributes
    ----------
    power
        ``E g(v)^2``.
    square
        The same of the student at gamma = 1.
    along, against
        The mean product of both, at gamma = 1 and at gamma = -1.
    """

    power: float
    square: float
    along: float
    against: float

    def error(self, gamma: float) -> float:
        """At a scale of either sign."""
        product = self.along if gamma >= 0 else self.against
        return (self.power - 2 * abs(gamma) * product + gamma**2 * self.square) / 2

    def best(self) -> float:
        """The minimum on both sides of 0."""
        if self.against > max(self.along, 0.0):
            return -self.against / self.square
        return max(self.along, 0.0) / self.square


@dataclass(frozen=True)
class Searched:
    """An error whose minimum is looked for.

    Attributes
    ----------
    error_at
        The error at a scale.
    """

    error_at: Callable[[float], float]

    def error(self, gamma: float) -> float:
        """At a scale of either sign."""
        return self.error_at(gamma)

    def best(self) -> float | None:
        """The minimum, where it lies between scales that were tried; else None."""
        from scipy.optimize import minimize_scalar

        tried = np.concatenate([-TRIED[::-1], [0.0], TRIED])
        values = np.array([self.error_at(float(gamma)) for gamma in tried])
        found = int(values.argmin())
        other = tried.size - 1 - found  # of two signs that do the same, the positive one
        if values[other] <= values[found] * (1 + EQUAL):
            found = max(found, other)
        if found in (0, tried.size - 1):
            return None
        bounds = tried[found - 1], tried[found + 1]
        options = {"xatol": TOLERANCE}
        return float(minimize_scalar(self.error_at, bounds=bounds, method="bounded",
                                     options=options).x)  # fmt: skip
