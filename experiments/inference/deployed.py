"""The errors of one student with its own batch's, the population's and running statistics (page 8).

A running mean ``mu ~ N(0, tau)`` leaves the fields Gaussian: ``u - mu`` has variance ``1 + tau``
and the correlation ``R / sqrt(1 + tau)`` with the teacher's field. So for every activation the mean
error with running statistics is an average over the running variance alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...odes.tables.running_law import RunningLaw
from ...odes.tables.running_rule import variance_rule
from ...results.errors import InputError
from ...teacher_student.formula_kernels import compiled_activation
from ...teacher_student.problem import Problem
from .curves import Curve, Infinite, Quadratic, Scaled, Searched
from .fields import Homogeneous, by_scale, fixed_error
from .own_batch import OwnBatch, kappa
from .own_spread import own_spread

Array = np.ndarray
#: What a student normalises by, in the order in which it is told.
STATISTICS = ("own_batch", "population", "running")
#: Nodes of the rule over the running mean.
MEANS = 12
#: Variances with less weight than this, with the power of 1/V in a squared error, are left out
#: of the scatter.
LIGHT = 1e-10
#: Fields between which the growth of an activation is measured.
FAR = (1e4, 1e8)


def degree(problem: Problem, g: Callable[[Array], Array]) -> float:
    """The power of h with which ``g(h)`` grows, to a tenth.

    Raises
    ------
    InputError
        If it grows faster than any power: its mean over the running variance is infinite.
    """
    h = np.array([[side * far for side in (-1.0, 1.0)] for far in FAR])
    near, far = np.maximum(np.abs(g(h)).max(axis=1), 1.0)
    if not np.isfinite(far):
        reason = "it grows too fast for running statistics; a power of h at most is accepted"
        raise InputError("activation", problem.activation, reason)
    return round(math.log(far / near) / math.log(FAR[1] / FAR[0]), 1)


@dataclass(frozen=True)
class Deployment:
    """A student of one overlap, and whose statistics it may have.

    Attributes
    ----------
    problem
        Its activation and its scheme, ``bn``, ``mean-only-bn`` or ``var-only-bn``, are what
        matters.
    law
        Of the running statistics.
    R
        The overlap.
    behind
        The weights' length over the running spread that lags behind it, ``L / sqrt(V)``; the law
        is then that of the rest.
    """

    problem: Problem
    law: RunningLaw
    R: float
    behind: float = 1.0

    @cached_property
    def by_spread(self) -> bool:
        """Whether the student is divided by a spread."""
        return "sigma" in self.problem.scheme_.statistics

    @cached_property
    def by_mean(self) -> bool:
        """Whether a mean is subtracted."""
        return "mu" in self.problem.scheme_.statistics

    @cached_property
    def tau(self) -> float:
        """Variance of the running mean, of a student from which one is subtracted."""
        return self.law.tau if self.by_mean else 0.0

    def inverse_moment(self, power: float) -> float | None:
        """Of the running variance, in units of the true one; None where it is infinite, or unused.

        Parameters
        ----------
        power
            p in ``E V^-p``.
        """
        moment = self.law.inverse_moment(power) if self.by_spread else None
        return None if moment is None else moment * self.behind ** (2 * power)

    @cached_property
    def growth(self) -> float:
        """Errors grow like ``V^-growth`` as the running variance vanishes."""
        return degree(self.problem, self._output) if self.by_spread else 0.0

    @cached_property
    def homogeneous(self) -> Homogeneous | None:
        """The activation, if it is of that kind."""
        slopes = self.problem.activation_.side_slopes
        return Homogeneous(*slopes) if slopes else None

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The errors, by `STATISTICS`."""
        return {name: self.curve(name) for name in STATISTICS}

    def curve(self, statistics: str) -> Curve:
        """The error with one of `STATISTICS`."""
        if statistics == "population":
            return self._gaussian(1.0, self.R)
        if statistics == "running":
            wider = 1.0 + self.tau
            curve = self._gaussian(wider, self.R / math.sqrt(wider), self.by_spread)
            return Scaled(curve, self.behind) if self.by_spread and self.behind != 1.0 else curve
        if self.by_mean and self.by_spread:
            return self._own_batch()
        if self.by_spread:
            return own_spread(self.problem, self.law.m, self.R, self._output)
        kept = 1.0 - 1.0 / self.law.m
        return self._gaussian(kept, self.R * kept**0.5)

    def zero_one(self, gamma: float) -> dict[str, float | None] | None:
        """How often the sign of the field is not the teacher's; None where it tells nothing.

        Only the mean matters: a spread changes no sign. It is told of activations whose output,
        compared with ``g(0)``, says the sign of the field.
        """
        if gamma == 0 or not self._tells_sign():
            return None
        R = math.copysign(1.0, gamma) * self.R
        own = math.sqrt(1.0 - 1.0 / self.law.m) if self.by_mean else 1.0
        overlaps = (own, 1.0, 1.0 / math.sqrt(1.0 + self.tau))
        errors = [math.acos(min(1.0, max(-1.0, R * kept))) / math.pi for kept in overlaps]
        return dict(zip(STATISTICS, errors, strict=True))

    def scatter(self, gamma: float) -> float | None:
        """Standard deviation, over running statistics, of the error that a student has with them.

        None where it is infinite: it holds the square of an error, so twice its power of 1/V.
        """
        if not self.law.exists(2 * self.growth):
            return None
        nodes, weights = np.polynomial.hermite_e.hermegauss(MEANS)
        means, weights = math.sqrt(self.tau) * nodes, weights / weights.sum()
        V, over_V = self._variances(2 * self.growth)
        matters = over_V / V ** (2 * self.growth) > LIGHT
        V, over_V = V[matters], over_V[matters]
        errors = self._errors(gamma * (self.behind if self.by_spread else 1.0), means, V)
        both = np.multiply.outer(weights, over_V / over_V.sum())
        mean = float((both * errors).sum())
        return math.sqrt(float((both * (errors - mean) ** 2).sum()))

    def _variances(self, power: float, by_spread: bool = True) -> tuple[Array, Array]:
        """Nodes and weights of the running variance, if the student is divided by it."""
        if not (self.by_spread and by_spread):
            return np.ones(1), np.ones(1)
        return variance_rule(self.law, power)

    def _errors(self, gamma: float, means: Array, V: Array) -> Array:
        """The error at every running mean and variance, shape (means, variances)."""
        scale, R = abs(gamma) / np.sqrt(V), self.R if gamma >= 0 else -self.R
        if self.homogeneous is None:
            error = fixed_error(self.problem)
            return np.array([[error(-mu * q, q, R) for q in scale] for mu in means])
        square, product = np.array([self.homogeneous.shifted(mu, R) for mu in means]).T
        outer = np.multiply.outer
        return self.homogeneous.power / 2 - outer(product, scale) + outer(square, scale**2) / 2

    def _gaussian(self, variance: float, R: float, by_spread: bool = False) -> Curve:
        """Of fields ``gamma u / sqrt(V)``, u of a variance and of the correlation R."""
        wider = math.sqrt(variance)
        if by_spread and not self.law.exists(self.growth):
            return Infinite()
        if self.homogeneous is not None:
            half, whole = (self.law.inverse_moment(p) if by_spread else 1.0 for p in (0.5, 1.0))
            assert half is not None
            assert whole is not None
            g, scale = self.homogeneous, wider * half
            products = (scale * g.overlap(R), scale * g.overlap(-R))
            return Quadratic(g.power, variance * whole * g.power, *products)
        V, weight = self._variances(self.growth, by_spread)
        error, turned = (by_scale(self.problem, side * R, V.size > 1) for side in (1, -1))
        scales = wider / np.sqrt(V)

        def mean(gamma: float) -> float:
            return float(weight @ (error if gamma >= 0 else turned)(abs(gamma) * scales))

        return Searched(mean)

    def _own_batch(self) -> Curve:
        activation, m = self.problem.activation_, self.law.m
        g = self.homogeneous
        if g is not None and g.left == g.right:
            product = g.power * kappa(m) * self.R
            return Quadratic(g.power, g.power, product, -product)
        if g is not None:
            batch = OwnBatch(g, (0.0,), m, self.R, g.smeared)
            return Quadratic(g.power, g.power, batch.moments(1.0)[1], batch.moments(-1.0)[1])
        batch = OwnBatch(self._output, activation.kinks, m, self.R)

        def mean(gamma: float) -> float:
            square, product = batch.moments(gamma)
            return (batch.power - 2.0 * product + square) / 2

        return Searched(mean)

    @property
    def _output(self) -> Callable[[Array], Array]:
        """The activation, of arrays."""
        if self.homogeneous is not None:
            return self.homogeneous
        evaluate = compiled_activation(self.problem.activation_).evaluate
        return lambda h: evaluate(np.ascontiguousarray(h))[0]

    def _tells_sign(self) -> bool:
        h = np.geomspace(1e-3, 50.0, 101)
        g = self._output
        below, middle, above = g(-h), g(np.zeros(1)), g(h)
        for sign in (1, -1):
            low, high = sign * (below - middle), sign * (above - middle)
            if ((low <= 0) & (high > 0)).all() or ((low < 0) & (high >= 0)).all():
                return True
        return False
