"""The error of a student with fixed statistics: Gaussian fields, a shift, and a scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...odes.tables.batch_law import gauss_legendre, panels
from ...teacher_student.formula_kernels import specialise
from ...teacher_student.problem import Problem

Array = np.ndarray
#: How far a normal is followed, the longest panel there, and nodes of one.
REACH, LONGEST, NODES = 8.5, 2.0, 20
#: Panels where the teacher's average bends, in units of the width of the bend.
BEND = 4.0 * 2.0 ** np.arange(12)
#: Of `Interpolated`: steps of log(scale), and points of a polynomial with their weights.
LATTICE, NEIGHBOURS = 0.1, 14
BARYCENTRIC = np.array([(-1) ** k * math.comb(NEIGHBOURS - 1, k) for k in range(NEIGHBOURS)])


def overlap_of_halves(R: float) -> float:
    """``A(R) = E[u v; u > 0, v > 0]`` of unit normals with correlation R.

    Examples
    --------
    >>> overlap_of_halves(1.0), round(overlap_of_halves(0.0) * 2 * math.pi, 12)
    (0.5, 1.0)
    """
    across = math.sqrt(max(0.0, 1.0 - R * R))
    return (across + R * (math.pi - math.acos(min(1.0, max(-1.0, R))))) / (2.0 * math.pi)


@dataclass(frozen=True)
class Homogeneous:
    """An activation ``g(c h) = c g(h)``, c > 0, as identity, ReLU and leaky ReLU are.

    Attributes
    ----------
    left, right
        Its slopes on both sides of 0.
    """

    left: float
    right: float

    def __call__(self, h: Array) -> Array:
        """The activation itself."""
        return np.where(h > 0, self.right * h, self.left * h)

    @property
    def power(self) -> float:
        """``E g(v)^2``."""
        return (self.left**2 + self.right**2) / 2

    def overlap(self, R: float) -> float:
        """``E g(u) g(v)`` at the correlation R."""
        crossed = 2.0 * self.left * self.right * overlap_of_halves(-R)
        return (self.left**2 + self.right**2) * overlap_of_halves(R) - crossed

    def shifted(self, mu: float, R: float) -> tuple[float, float]:
        """``E g(u - mu)^2`` and ``E g(u - mu) g(v)``."""
        across = math.sqrt(max(0.0, 1.0 - R * R))
        width = BEND * across / max(abs(R), 1e-12)
        cuts = [0.0, mu, *width, *-width]
        u, weight = gauss_legendre(panels(cuts, -REACH, REACH, LONGEST), NODES)
        weight = weight * np.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)
        own = self(u - mu)
        return float(weight @ own**2), float(weight @ (own * self.smeared(R * u, across)))

    def smeared(self, h: Array, across: float) -> Array:
        """``E g(h + across z)`` over a normal z."""
        from scipy.special import ndtr

        if across == 0.0:
            return self(h)
        x = h / across
        positive = h * ndtr(x) + across * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
        return self.left * h + (self.right - self.left) * positive


def by_scale(problem: Problem, R: float, many: bool) -> Callable[[Array], Array]:
    """The error with population statistics, ``E (g(v) - g(scale u))^2 / 2``, at many scales.

    Parameters
    ----------
    problem
        Its activation is what matters.
    R
        Correlation of u and v.
    many
        Whether scales are so many that a smooth activation's error is interpolated.
    """
    if many and not problem.activation_.kinks:
        return Interpolated(problem, R)
    error = fixed_error(problem)
    return lambda scales: np.array([error(0.0, q, R) for q in scales])


class Interpolated:
    """The error of a smooth activation as a function of log(scale).

    It is computed at multiples of `LATTICE` when they are first needed, and between them is the
    polynomial through the nearest `NEIGHBOURS`. The error is analytic up to ``pi/4`` off the real
    line, which leaves about ``(LATTICE / (pi/2))^NEIGHBOURS``, below rounding. With a kink, and an
    R near 1, it is not.
    """

    def __init__(self, problem: Problem, R: float) -> None:
        self._error, self._R = fixed_error(problem), R
        self._known: dict[int, float] = {}

    def __call__(self, scales: Array) -> Array:
        """At scales of at least 0, shape (n,)."""
        if not scales.all():
            return np.array([self._error(0.0, q, self._R) for q in scales])
        x = np.log(scales) / LATTICE
        first = np.floor(x).astype(int) - NEIGHBOURS // 2 + 1
        near = first[:, None] + np.arange(NEIGHBOURS)
        apart = x[:, None] - near
        apart = np.where(apart == 0.0, 1e-300, apart)
        terms = BARYCENTRIC / apart
        values = np.array([[self._at(k) for k in row] for row in near.tolist()])
        found: Array = (terms * values).sum(axis=1) / terms.sum(axis=1)
        return found

    def _at(self, k: int) -> float:
        if k not in self._known:
            self._known[k] = float(self._error(0.0, math.exp(LATTICE * k), self._R))
        return self._known[k]


def fixed_error(problem: Problem) -> Any:
    """The compiled ``error(shift, scale, R)`` of any activation, as runs are measured by.

    ``E (g(v) - g(shift + scale u))^2 / 2``, by a two-fold quadrature split at kinks; the scale is
    positive, and R the correlation of u and v.
    """
    return specialise(problem, "observables").test_error
