"""Training mode of a student that is divided by its batch's spread, the mean left in (page 8).

With ``u = ubar + s uhat`` the student's field is ``gamma X``, ``X = u/s = ubar/s + uhat``. The
batch's fields are a radius times a direction: X is of the direction alone, of its angle alpha to
``(1, ..., 1)``, ``ubar/s = cot(alpha)``, and of uhat. Given all of these, the teacher's field is
normal about ``R u = R s X`` with the variance ``1 - R^2``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ...codegen.special import half_step
from ...odes.tables.batch_law import gauss_legendre, panels, radius_rule
from ...teacher_student.problem import Problem
from .curves import Curve, Infinite, Quadratic, Searched
from .own_batch import BEND, OwnBatch, direction_rule, kappa

Array = np.ndarray
#: Nodes of a panel of alpha, and of the radius.
ANGLES, RADII = 16, 32
#: How far normals are followed, and the longest panel of alpha in units of its spread.
REACH, LONGEST = 8.5, 2.0


def own_spread(problem: Problem, m: int, R: float, g: Callable[[Array], Array]) -> Curve:
    """The error in training mode, as a function of gamma.

    Parameters
    ----------
    problem
        Its activation is what matters.
    m
        Examples that share statistics.
    R
        The overlap.
    g
        The activation, of arrays.
    """
    activation = problem.activation_
    if not m - 1 > 2 * activation.growth:  # X has the tails of Student's t with m - 1 degrees
        return Infinite()
    slopes = activation.side_slopes
    if slopes and slopes[0] == slopes[1]:
        power, along = slopes[0] ** 2, slopes[0] ** 2 * R * kappa(m) * (m - 1) / (m - 2)
        return Quadratic(power, power * (m - 2) / (m - 3), along, -along)
    kinks, smeared = (0.0,) if slopes else activation.kinks, getattr(g, "smeared", None)
    batch = OwnSpread(OwnBatch(g, kinks, m, R, smeared))
    if slopes:
        square = batch.teacher.power * (m - 2) / (m - 3)
        return Quadratic(batch.teacher.power, square, batch.moments(1.0)[1], batch.moments(-1.0)[1])

    def mean(gamma: float) -> float:
        square, product = batch.moments(gamma)
        return (batch.teacher.power - 2.0 * product + square) / 2

    return Searched(mean)


@dataclass(frozen=True)
class OwnSpread:
    """Averages of outputs over batches.

    Attributes
    ----------
    teacher
        Activation, kinks, size of the batch, overlap; and averages of the teacher.
    """

    teacher: OwnBatch
    _known: dict[bytes, tuple[Array, Array, Array]] = field(default_factory=dict, compare=False)

    def moments(self, gamma: float) -> tuple[float, float]:
        """``E g(gamma X)^2`` and ``E g(gamma X) g(v)``; any sign of gamma will do."""
        cuts = self._cuts(gamma)
        at = cuts.tobytes()
        if at not in self._known:
            self._known[at] = self._rule(cuts)
        x, weight, target = self._known[at]
        own = self.teacher.g(gamma * x)
        return float(weight @ own**2), float(weight @ (own * target))

    def _cuts(self, gamma: float) -> Array:
        """Where X meets a kink, and grades around 0 that change with whole octaves of gamma."""
        octave = 2.0 ** max(0, math.ceil(math.log2(abs(gamma)))) if gamma else 1.0
        steps = BEND / octave * 2.0 ** np.arange(max(0, round(math.log2(octave)) - 1))
        kinks = [kink / gamma for kink in self.teacher.kinks if gamma]
        return np.unique(np.concatenate([kinks, steps, -steps]) + 0.0)

    def _rule(self, cuts: Array) -> tuple[Array, Array, Array]:
        """X, its weights, and the teacher's mean output there, averaged over the radius."""
        m, R = self.teacher.m, self.teacher.R
        alpha, weight_alpha = self._angles(cuts)
        radius, weight_r = radius_rule(m, RADII)
        across = math.sqrt(max(0.0, 1.0 - R * R))
        parts = []
        for angle, share in zip(alpha, weight_alpha, strict=True):
            shift = 1.0 / math.tan(angle)
            x, weight = direction_rule(m, np.unique(cuts - shift))
            X = x + shift
            spread = radius * math.sin(angle) / math.sqrt(m)
            fields = R * np.multiply.outer(X, spread)
            parts.append((X, share * weight, self.teacher.smear(fields, across) @ weight_r))
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return joined[0], joined[1], joined[2]

    def _angles(self, cuts: Array) -> tuple[Array, Array]:
        """Angles, cut where a kink leaves the directions' range."""
        m = self.teacher.m
        width = min(math.pi / 2, REACH / math.sqrt(m - 1))
        edges = [c + side * math.sqrt(m - 1) for c in cuts for side in (-1, 1)]
        ends = [math.atan2(1.0, edge) for edge in edges]
        longest = min(1.6, LONGEST / math.sqrt(m))
        borders = panels(ends, math.pi / 2 - width, math.pi / 2 + width, longest)
        alpha, weight = gauss_legendre(borders, ANGLES)
        weight = weight * np.exp((m - 2) * np.log(np.sin(alpha)))
        return alpha, weight * (half_step((m - 1) / 2) / math.sqrt(math.pi))
