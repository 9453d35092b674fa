"""Tables of moments of a signal within a batch, over the angle ``arccos rho``, scale and shift.

They are averages over drawn batches (`odes.tables.signal_draws`), the same at every point, so that
moments are smooth between the nodes; moments of one example whose labels are classes are averaged
by quadrature, where the field does not hold the batch's mean (`odes.kernels.signal_directions`) or
is that of the example's own u (`odes.kernels.signal_fields`).
The noise variance is one more number that they are made for.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ...codegen.modules import cache_folder, generated, keep, kernel_texts, source_fingerprint
from ...results.errors import InputError
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.problem import Problem
from ..tables import chebyshev
from ..tables.batch_law import radius_rule
from ..tables.moment_tables import Table
from ..tables.regions import Region, middle
from ..tables.signal_draws import SEQUENCES, draws
from ..tables.table_quadrature import Progress
from .batch_signals import BatchSignal, PairSignal, is_cut_off, smallest_signal_batch
from .expectations import Average, Expectation, Point
from .signal_kernels import supervision_source
from .student_field import StudentField, laurent, student_field
from .symbols import GAMMA, SPREAD, UHAT

Array = np.ndarray
#: Nodes of angle, scale and shift; without a shift that axis has one.
SIZES, SHIFTED = (16, 24, 1), (10, 16, 8)
#: Where a kink of the signal passes the largest deviation a moment has a power ``m/2 - 1`` of the
#: scale; below this m it is told by more nodes.
SMOOTH_BATCH, MANY = 12, 64
#: Points, off the nodes, at which a table is compared with the average itself.
CHECKS = 12
#: Kernels, each building on those before it.
KERNELS = (
    "signal_rule", "signal_classes", "signal_batches", "signal_directions", "signal_fields",
)  # fmt: skip
#: Points of a panel of directions, of directions given u, and of spreads: of small batches, where a
#: signal of ``u/s`` is no smooth function of s next to 0, and of others.
PANEL, GIVEN, FEW, SPREADS = 10, 40, 60, 26
_LOADED: dict[str, Table] = {}


def signal_spec(
    problem: Problem, field: StudentField, moments: Iterable[BatchSignal | PairSignal]
) -> dict[str, Any]:
    """What a table of moments holds, as JSON takes it; those of one example come first."""
    wanted = list(moments)
    x0, x1 = (laurent(field.X.coeff(UHAT, k)) for k in (0, 1))
    singles = [m[:-1] for m in wanted if isinstance(m, BatchSignal)]
    return {
        "signal": True,
        "slopes": [],
        "x0": x0,
        "x1": x1,
        "with_mean": bool(any(row[1] for row in [*x0, *x1]) or any(m[2] for m in singles)),
        "shifted": bool(field.shift != 0),
        # What is bounded cuts off ubar/s at a distance that the scale sets.
        "singular": any(power < 0 for _, _, power in x0) and is_cut_off(problem),
        "order": max(0, smallest_signal_batch(problem, wanted) - 2),
        "singles": singles,
        "pairs": [m[:-1] for m in wanted if isinstance(m, PairSignal)],
    }


def batch_signal_kernels(problem: Problem) -> Any:
    """The compiled averages over drawn batches: from the disk, or written now."""

    def write() -> dict[str, str]:
        with derivable(problem):
            source = supervision_source(problem)
        return {"supervision": source} | kernel_texts(*(f"odes/kernels/{name}" for name in KERNELS))

    return generated("batch_signal", structure(problem), write)


class _Averages:
    """The averages of one problem and batch size, at any point."""

    def __init__(self, problem: Problem, spec: dict[str, Any], m: int, noise: float) -> None:
        self.kernels, self.m, self.spread = batch_signal_kernels(problem), m, math.sqrt(noise)
        self.law = m, spec["order"], problem.noise_law_.degrees
        self.fields = [np.array(spec[x], dtype=float).reshape(-1, 3) for x in ("x0", "x1")]
        self.with_mean = spec["with_mean"]
        self.singles = np.array(spec["singles"], dtype=np.int64).reshape(-1, 5)
        self.pairs = np.array(spec["pairs"], dtype=np.int64).reshape(-1, 6)
        self.own_field = of_own_field(spec["x0"], spec["x1"])
        self.by_rule = problem.labels_.classes and (self.own_field or not self.with_mean)
        r, weight = radius_rule(m - 1, FEW if m < SMOOTH_BATCH and self.own_field else SPREADS)
        self.spreads = r / math.sqrt(m), weight
        self.panel = np.polynomial.legendre.leggauss(PANEL)
        self.given = np.polynomial.legendre.leggauss(GIVEN)

    def at(self, q: float, shift: float, rho: float) -> Array:
        """By sequence of draws, shape (sequences, moments)."""
        out = np.empty((SEQUENCES, len(self.singles) + len(self.pairs)))
        point = (q, shift, rho, self.spread)
        drawn = self.singles[:0] if self.by_rule else self.singles
        if len(drawn) or len(self.pairs):
            self.kernels.batch_signals(
                draws(*self.law), *self.fields, self.with_mean, point, self.m, drawn, self.pairs,
                out[:, len(self.singles) - len(drawn) :],
            )  # fmt: skip
        if self.by_rule:
            row = np.empty(len(self.singles))
            what = point, self.m, self.singles, row
            if self.own_field:
                self.kernels.field_signals(self.spreads, self.given, self.fields[0], *what)
            else:
                self.kernels.class_signals(self.spreads, self.panel, *self.fields, *what)
            out[:, : row.size] = row
        return out


def of_own_field(x0: list[tuple[float, int, int]], x1: list[tuple[float, int, int]]) -> bool:
    """Whether ``x0 + x1 uhat`` is ``u = ubar + s uhat`` times a function of s."""
    turned = [(c, 0, power + 1) for c, ubar, power in x0 if ubar == 1]
    return bool(x0) and len(turned) == len(x0) and sorted(turned) == sorted(map(tuple, x1))


def signal_average(wanted: Expectation, at: Point) -> Average:
    """A moment at a point, and its standard error."""
    moment = wanted.moment
    assert isinstance(moment, BatchSignal | PairSignal)
    spec = signal_spec(moment.problem, wanted.field, [moment])
    found = _Averages(moment.problem, spec, at.M, at.noise).at(at.q, at.shift, at.rho)[:, 0]
    return Average(float(found.mean()), float(found.std(ddof=1) / math.sqrt(found.size)))


def pull_on_gamma(problem: Problem) -> Callable[[float, float], float] | None:
    """``E[delta uhat]`` as a function of gamma and R, where it is known by quadrature; else None.

    Of a field that is gamma times what a batch has beside its mean.
    """
    if problem.squares or not problem.uses_batch or problem.scheme_.remembers:
        return None
    field = student_field(problem)
    moment = BatchSignal(1, 1, 0, int(field.X.coeff(UHAT, 1).has(SPREAD)), 0, problem)
    own = _Averages(problem, signal_spec(problem, field, [moment]), problem.m, problem.noise)
    if not own.by_rule or own.own_field or field.scale != GAMMA or field.shift != 0:
        return None
    return lambda gamma, R: float(own.at(gamma, 0.0, R)[0, 0])


def signal_table(
    problem: Problem, spec: str, region: Region | None = None, progress: Progress | None = None
) -> Table:
    """The table that a flow asks for (`odes.source.table_source.table_spec`).

    Parameters
    ----------
    problem
        Its formulas, noise and statistics size count.
    spec
        `signal_spec` as JSON.
    region
        Of scale and shift; that in the middle by default.
    progress
        Called with (points done, points in all) while building.

    Raises
    ------
    InputError
        If a moment is not a finite number somewhere on the table.
    """
    holds = json.loads(spec)
    region = region or middle(holds["singular"])
    key = repr((structure(problem), spec, problem.m, problem.noise, region))
    if key not in _LOADED:
        _LOADED[key] = _kept(key, problem, holds, region, progress)
    return _LOADED[key]


def _kept(
    key: str, problem: Problem, spec: dict[str, Any], region: Region, progress: Progress | None
) -> Table:
    folder = cache_folder().parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{source_fingerprint()}\0{key}".encode()).hexdigest()[:24]
    path = folder / f"signals_{name}.npz"
    if path.exists():
        try:
            with np.load(path) as stored:
                return Table(stored["packed"], float(stored["error"]))
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)  # not a table: made again
    made = build(problem, spec, region, progress)
    keep(path, lambda file: np.savez(file, packed=made.packed, error=made.error))
    return made


def build(
    problem: Problem, spec: dict[str, Any], region: Region, progress: Progress | None = None
) -> Table:
    """Compute a table.

    Its error is the standard error of the draws, of the moment where it is largest and in the mean
    square over the nodes, and the largest error of the interpolation between nodes.
    """
    sizes = _sizes(problem, spec)
    strip = (region.centre - region.width, region.centre + region.width)
    ranges = np.array([(0.0, math.pi), region.axis, strip])
    axes = [chebyshev.nodes(n, *r) for n, r in zip(sizes, ranges, strict=True)]
    points = list(itertools.product(*axes))
    checks = [
        tuple(p) for p in np.random.default_rng(0).uniform(ranges[:, 0], ranges[:, 1], (CHECKS, 3))
    ]
    averages = _Averages(problem, spec, problem.m, problem.noise)

    def at(point: tuple[float, ...]) -> Array:
        angle, second, shift = point
        q = math.exp(second) if region.low > 0.0 else second
        return averages.at(q, shift if spec["shifted"] else 0.0, math.cos(angle))

    found = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for value in pool.map(at, [*points, *checks]):
            found.append(value)
            if progress:
                progress(len(found), len(points) + CHECKS)
    by_sequence = np.array(found)
    if not np.isfinite(by_sequence).all():
        raise InputError("loss", problem.loss, "its averages over batches are not finite numbers; "
                         "a loss that grows more slowly is accepted")  # fmt: skip
    values = by_sequence.mean(axis=1)
    drawn = by_sequence.std(axis=1, ddof=1) / math.sqrt(by_sequence.shape[1])
    size = np.maximum(1.0, np.abs(values))
    packed = chebyshev.pack(values[: len(points)].reshape(*sizes, -1), ranges)
    between = np.empty((CHECKS, values.shape[1]))
    for point, row in zip(checks, between, strict=True):
        chebyshev.look_up(packed, 0, *point, row)
    missed = np.abs(between - values[len(points) :]) / size[len(points) :]
    typical = np.sqrt(((drawn / size) ** 2).mean(axis=0))
    return Table(packed, float(typical.max() + missed.max()))


def _sizes(problem: Problem, spec: dict[str, Any]) -> tuple[int, int, int]:
    """Nodes on the axes."""
    if spec["shifted"]:
        return SHIFTED
    kinked = problem.loss_.borders or problem.activation_.kinks or spec["with_mean"]
    few = kinked and problem.m < SMOOTH_BATCH
    return (SIZES[0], MANY, 1) if few else SIZES
