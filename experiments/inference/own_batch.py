"""The outputs of a student that normalises by its own batch, as it does in training (page 8).

With ``u = ubar + s uhat`` the student's field is ``gamma uhat``. Given ``uhat`` the teacher's field
is ``R s uhat`` plus a normal of variance ``1 - R^2 + R^2/m``, the batch's mean being one part of
it, and ``s`` is independent of ``uhat``. What is left is one example's direction (`direction_rule`)
and the batch's spread.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ...codegen.special import half_step
from ...odes.tables.batch_law import gauss_legendre, panels

Array = np.ndarray
Output = Callable[[Array], Array]
#: Nodes of a panel of the direction, of the spread, and of a piece of the teacher's own normal.
DIRECTION, SPREAD, PIECE = 24, 48, 64
#: Panels of the direction, in units of its spread, and in units of the student's field.
LONGEST, BEND = 3.0, 4.0
#: How far normals are followed, and chi, whose density falls as ``exp(-(r - mode)^2)`` or faster.
REACH, WIDE = 8.5, 7.0


def kappa(m: int) -> float:
    """``kappa_m = E s``, the mean spread of a batch of m unit normals.

    Examples
    --------
    >>> round(kappa(8), 6)
    0.902703
    """
    return math.sqrt(2.0 / m) * float(half_step((m - 1) / 2))


def direction_rule(m: int, cuts: Array) -> tuple[Array, Array]:
    """Nodes and weights of one example's ``uhat = sqrt(m - 1) sin(psi)``.

    Parameters
    ----------
    m
        Examples that share statistics, at least 2; two of them are at -1 and 1.
    cuts
        Values of uhat at which panels end.
    """
    if m == 2:
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    edge = min(math.pi / 2, REACH / math.sqrt(max(1, m - 3)))
    size = math.sqrt(m - 1)
    angles = np.arcsin(np.clip(cuts / size, -1.0, 1.0))
    psi, weight = gauss_legendre(panels(angles.tolist(), -edge, edge, LONGEST / size), DIRECTION)
    density = float(half_step((m - 2) / 2)) / math.sqrt(math.pi) * np.cos(psi) ** (m - 3)
    return size * np.sin(psi), weight * density


@dataclass(frozen=True)
class OwnBatch:
    """Averages of outputs over batches.

    Attributes
    ----------
    g
        The activation, of arrays.
    kinks
        Fields at which it is not smooth.
    m, R
        Examples that share statistics, and the overlap.
    smeared
        ``E g(field + across z)`` over a normal z, of arrays of fields, where it is known.
    """

    g: Output
    kinks: tuple[float, ...]
    m: int
    R: float
    smeared: Callable[[Array, float], Array] | None = None
    _known: dict[bytes, tuple[Array, Array, Array]] = field(default_factory=dict, compare=False)

    def moments(self, gamma: float) -> tuple[float, float]:
        """``E g(gamma uhat)^2`` and ``E g(gamma uhat) g(v)``; any sign of gamma will do."""
        cuts = self._cuts(gamma)
        at = cuts.tobytes()
        if at not in self._known:
            x, weight = direction_rule(self.m, cuts)
            self._known[at] = x, weight, self.teacher(x)
        x, weight, target = self._known[at]
        own = self.g(gamma * x)
        return float(weight @ own**2), float(weight @ (own * target))

    @cached_property
    def power(self) -> float:
        """``E g(v)^2``."""
        v, weight = gauss_legendre(panels(self.kinks, -REACH, REACH, 2.0), DIRECTION)
        density = np.exp(-(v**2) / 2) / math.sqrt(2 * math.pi)
        return float((weight * density) @ self.g(v) ** 2)

    def _cuts(self, gamma: float) -> Array:
        """Where uhat meets kinks of the student or of the teacher, and grades around them.

        Those around 0 change with whole octaves of gamma, so that few rules are made.
        """
        octave = 2.0 ** max(0, math.ceil(math.log2(abs(gamma)))) if gamma else 1.0
        centres = [(0.0, 1.0 / octave)]
        centres += [(kink / gamma, 1.0 / abs(gamma)) for kink in self.kinks if gamma]
        if self.R:
            bend = self._across / abs(self.R)
            centres += [(kink / self.R, bend) for kink in self.kinks]
        steps = np.append(0.0, BEND * 2.0 ** np.arange(-1, 20))
        cuts = [c + side * width * step for c, width in centres for step in steps
                if width * step < 2 * REACH for side in (-1, 1)]  # fmt: skip
        return np.unique(np.array(cuts) + 0.0)  # -0 is 0

    @property
    def _across(self) -> float:
        return math.sqrt(max(0.0, 1.0 - self.R**2 + self.R**2 / self.m))

    def teacher(self, x: Array) -> Array:
        """``E[g(v) | uhat = x]``, shape of x."""
        s, weight = self._spread
        fields = self.R * np.multiply.outer(x, s)
        target: Array = self.smear(fields, self._across) @ weight
        return target

    def smear(self, fields: Array, across: float) -> Array:
        """``E g(field + across z)`` over a normal z, shape of fields."""
        if self.smeared is not None:
            return self.smeared(fields, across)
        return self._smeared(fields, across) if across else self.g(fields)

    @cached_property
    def _spread(self) -> tuple[Array, Array]:
        """``s = r / sqrt(m)`` with ``r ~ chi_{m-1}``, whose spread about its mode is below 1."""
        freedom = self.m - 1
        mode = math.sqrt(freedom)
        r, weight = gauss_legendre(np.array([max(0.0, mode - WIDE), mode + WIDE]), SPREAD)
        norm = (1 - freedom / 2) * math.log(2) - math.lgamma(freedom / 2)
        density = np.exp(norm + (freedom - 1) * np.log(r) - r**2 / 2)
        return r / math.sqrt(self.m), weight * density

    def _smeared(self, fields: Array, across: float) -> Array:
        """In pieces between kinks."""
        total = np.zeros(fields.shape)
        nodes, weights = np.polynomial.legendre.leggauss(PIECE)
        ends = [np.full(fields.shape, REACH)]
        ends += [np.clip((k - fields) / across, -REACH, REACH) for k in reversed(self.kinks)]
        ends += [np.full(fields.shape, -REACH)]
        for right, left in itertools.pairwise(ends):
            half = (right - left) / 2
            z = ((right + left) / 2)[..., None] + half[..., None] * nodes
            density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
            total += half * ((self.g(fields[..., None] + across * z) * density) @ weights)
        return total
