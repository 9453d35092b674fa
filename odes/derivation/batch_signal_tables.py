"""Tables of moments of a signal within a batch, over the angle ``arccos rho``, scale and shift.

The averages (`odes.derivation.batch_signal_averages`) are over the same draws at every point, so
that moments are smooth between the nodes. The noise variance is one more number that they are made
for.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ...codegen.modules import cache_folder, keep, source_fingerprint
from ...results.errors import InputError
from ...teacher_student.formula_kernels import structure
from ...teacher_student.problem import Problem
from ..tables import chebyshev
from ..tables.moment_tables import Table
from ..tables.regions import Region, middle
from ..tables.table_quadrature import Progress
from .batch_signal_averages import SMOOTH_BATCH, Averages

Array = np.ndarray
#: Nodes of angle, scale and shift; without a shift that axis has one. Of scales where few batches
#: make moments rough (`SMOOTH_BATCH`), another number.
SIZES, SHIFTED, MANY = (16, 24, 1), (12, 24, 14), 64
#: Points, off the nodes, at which a table is compared with the average itself.
CHECKS = 12
_LOADED: dict[str, Table] = {}


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
    averages = Averages(problem, spec, problem.m, problem.noise)

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
