"""What flows of batch renormalisation take of their law, tabulated (theory page 8).

With ``f = q (r uhat + d)`` the averages are those of a batch scheme whose field is made of ``d``
and ``r`` in place of the batch's own mean and spread: the quadrature of batch moments is the same,
the rule over the statistics another.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...codegen.modules import PACKAGE, cache_folder, keep
from ...results.errors import InputError
from ...teacher_student.activations import Activation
from . import chebyshev
from .batch_arrays import Plan, Statistics, Teacher
from .batch_law import Fineness
from .corrected_rule import Nodes, corrected_rule
from .moment_tables import Table
from .running_law import RunningLaw
from .table_quadrature import _plan, _Quadrature
from .table_spec import TableSpec

Array = np.ndarray
#: The numbers of a point: gamma's signal from the teacher and from the student, that of the
#: overlap, and the squares that lengthen the weights: of the teacher, mixed, of the student, of
#: the noise.
COUNT = 7
#: The largest scale of a table, for activations that are not homogeneous.
LARGEST_SCALE = 3.0
#: Exponents of moments, as in `derivation.batch_moments`, with the weights r, d and r^2.
_BY_R = (
    (0, 1, 1, 0, 0, 1, 0), (1, 1, 1, 0, 0, 0, 0), (0, 1, 0, 0, -1, 1, 1), (0, 1, 2, 0, -1, 1, 1),
    (0, 1, 0, 1, -1, 1, 0), (0, 1, 2, 1, -1, 1, 0), (0, 1, 3, 0, 0, 1, 0),
)  # fmt: skip
_BY_D = ((0, 1, 0, 0, 0, 1, 0), (1, 1, 0, 0, 0, 0, 0))
#: Powers of both outputs in the squares: teacher's, mixed, student's, and none of the noise.
_SQUARES = ((0, 2), (1, 1), (2, 0), (0, 0))
_BY_SQUARE = tuple((g, 2, k, 0, -2, t, 0) for g, t in _SQUARES for k in (0, 2))
_OUTPUTS = (((0, 1), (0, 1)), ((0, 1), (1, 0)), ((1, 0), (1, 0)))
_PAIRS = tuple((g, 1, k, t, h, 1, k, v, 0, -2) for (g, t), (h, v) in _OUTPUTS for k in (0, 1))
#: How fine, and where it is checked: of the rule over statistics, and of one example's direction.
COARSE = Nodes(4, 8, 6, 4), Fineness(0, 0, 14, 32)
FINER = Nodes(6, 10, 9, 6), Fineness(0, 0, 18, 64)
#: Nodes of the table along the overlap's angle and along the scale, and points of the check.
ANGLES, BY_SCALE, CHECKS = 16, (12, 20), 3
#: More nodes of a running variance that scatters by more than this.
WIDE, MORE = 0.1, 4
#: The largest error that a flow is given.
WORST = 2e-4


class CorrectedMoments:
    """The averages of one law and activation, by quadrature.

    Parameters
    ----------
    activation
        Which.
    law
        Of the running statistics; of at least 4 examples.
    clips
        r_max and d_max.
    fine
        How fine.
    """

    def __init__(
        self,
        activation: Activation,
        law: RunningLaw,
        clips: tuple[float, float],
        fine: tuple[Nodes, Fineness] = COARSE,
    ) -> None:
        slopes = tuple(activation.side_slopes or ())
        wanted = ((_BY_R, ()), (_BY_D, ()), (_BY_SQUARE, _PAIRS))
        formula = activation.formula
        specs = [TableSpec(formula, slopes, (), (), False, False, *those) for those in wanted]
        self.m, self.slopes = law.m, slopes
        nodes = fine[0]
        if law.variance > WIDE:
            nodes = nodes._replace(variance=nodes.variance + MORE)
        self.rule = corrected_rule(law, *clips, nodes)
        self.by = _Quadrature(specs[2], law.m, fine[1])
        self.plans = [_plan(spec) for spec in specs]

    def at(self, angle: float, q: float) -> Array:
        """The numbers at one angle and scale (1 for a homogeneous activation), shape (COUNT,)."""
        rule, R, m = self.rule, math.cos(angle), self.m
        r, d, weight = rule.r, rule.d, rule.weight
        by_r, by_d, squares = (
            self._moments(plan, weight * by, angle, q)
            for plan, by in zip(self.plans, (r, d, r**2), strict=True)
        )
        teacher, student = by_r[:2] + by_d
        plain = by_r[2] - R * by_r[4] - R * by_r[0]
        along = by_r[3] - R * by_r[5] - R * by_r[6]
        overlap = (1 - 1 / m) * plain - along / m
        singles, pairs = squares[:8].reshape(4, 2), squares[8:].reshape(3, 2)
        size = (1 - 1 / m) * singles[:, 0] - singles[:, 1] / m
        size[:3] -= (1 - 1 / m) * pairs.sum(axis=1)
        return np.array([teacher, student, overlap, *size])

    def _moments(self, plan: Plan, weight: Array, angle: float, q: float) -> Array:
        rule, by = self.rule, self.by
        known = Teacher(math.cos(angle), np.array(self.slopes), by._teacher(angle))
        out = np.empty(len(plan.singles) + len(plan.pairs))
        statistics = Statistics(rule.ubar, rule.s, weight, rule.d, rule.r)
        by.kernels.batch_moments(statistics, by._direction(q), known, plan, self.m, q, 0.0, out)
        return out


@lru_cache(maxsize=32)
def corrected_table(formula: str, law: RunningLaw, r_max: float, d_max: float) -> Table:
    """The table of an activation's averages, from the disk or built now.

    Parameters
    ----------
    formula
        Of the activation.
    law
        Of the running statistics; of at least 4 examples.
    r_max, d_max
        Where r and d are clipped.

    Returns
    -------
    Table
        Along the angle ``arccos R`` and, unless the activation is positively
        homogeneous, the scale from 0 to `LARGEST_SCALE`.

    Raises
    ------
    InputError
        If a finer quadrature differs by more than `WORST`, in units of ``max(1, number)``.
    """
    path = _path(formula, law, r_max, d_max)
    if path.exists():
        try:
            with np.load(path) as stored:
                return Table(stored["packed"], float(stored["error"]))
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)  # not a table: made again
    made = build(formula, law, (r_max, d_max))
    if not made.error < WORST:
        reason = f"the averages with activation={formula!r} are known to {made.error:.1g} alone"
        raise InputError("r_max", r_max, f"{reason}; a smaller one, or d_max, is accepted")
    keep(path, lambda file: np.savez(file, packed=made.packed, error=made.error))
    return made


def build(formula: str, law: RunningLaw, clips: tuple[float, float]) -> Table:
    """A table; its error is the largest difference of a finer rule at points between its nodes."""
    activation = Activation(formula)
    own = CorrectedMoments(activation, law, clips)
    sizes = (ANGLES, 1, 1) if own.slopes else (*BY_SCALE, 1)
    ranges = np.array([(0.0, math.pi), (0.0, LARGEST_SCALE), (0.0, 1.0)])
    axes = [chebyshev.nodes(n, *r) for n, r in zip(sizes, ranges, strict=True)]
    values = _evaluate(own, itertools.product(*axes[:2]))
    packed = chebyshev.pack(values.reshape(*sizes, COUNT), ranges)
    rng = np.random.default_rng(0)
    points = [tuple(p) for p in rng.uniform(ranges[:2, 0], ranges[:2, 1], (CHECKS, 2))]
    exact = _evaluate(CorrectedMoments(activation, law, clips, FINER), points)
    found = np.empty_like(exact)
    for point, row in zip(points, found, strict=True):
        chebyshev.look_up(packed, 0, *point, 0.0, row)
    return Table(packed, float((np.abs(found - exact) / np.maximum(1.0, np.abs(exact))).max()))


def _evaluate(moments: CorrectedMoments, points: Iterable[tuple[float, float]]) -> Array:
    def one(point: tuple[float, float]) -> Array:
        return moments.at(point[0], 1.0 if moments.slopes else point[1])

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return np.array(list(pool.map(one, points)))


def _path(formula: str, law: RunningLaw, r_max: float, d_max: float) -> Path:
    folder = cache_folder().parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for source in sorted((PACKAGE / "odes" / "tables").glob("*.py")):
        digest.update(source.read_bytes())
    digest.update(repr((formula, law.m, law.rho, r_max, d_max)).encode())
    return folder / f"corrected_{digest.hexdigest()[:24]}.npz"
