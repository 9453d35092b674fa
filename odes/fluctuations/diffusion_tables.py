"""Tables of what a diffusion asks for and has no closed form: built once, kept on disk.

For one example's own field they hold second moments, by the quadrature that the generated module
carries; for a batch scheme covariances and means of a step's elements, over sampled batches
(`batch_sampling`). The axes are the angle ``arccos rho``, the field's scale q as ``arctan 2q``
(as ``log q`` where moments are infinite at q = 0) and its shift. Moments of a smooth activation
are singular at small imaginary q, which the arctangent sends to infinity. For a
positively homogeneous activation they are the angle, the direction phi of (q, shift) and its
size, in which a covariance is a polynomial of degree four: five nodes are exact.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ...codegen.modules import (
    cache_folder,
    generated,
    keep,
    kernel_texts,
    source_fingerprint,
)
from ...results.errors import InputError
from ...teacher_student.formula_kernels import structure
from ...teacher_student.problem import Problem
from ..tables import chebyshev
from ..tables.regions import widened
from ..tables.shipped import shipped
from ..tables.table_quadrature import Progress
from .drawn_batches import drawn_batches

Array = np.ndarray
#: Examples drawn for a table, and the batches that they make at least. A variance from 2^14
#: batches has a standard error of about 1%, a standard deviation half of that. A trained shift
#: adds an axis to the table; it makes do with fewer draws a point (`FEWER`).
EXAMPLES, FEWEST_BATCHES, FEWER = 2**20, 2**14, 4
#: Largest batch that is sampled: half a gigabyte of draws at a time, and minutes.
LARGEST_BATCH = 8192
#: The same draws serve all points, group by group; the groups' scatter gives the error.
GROUPS = 8
#: Range of the size of (q, shift) for homogeneous activations.
SIZE_RANGE = 12.0
_LOADED: dict[str, Array] = {}


def diffusion_table(
    problem: Problem, kernels: Any, extent: float = 1.0, progress: Progress | None = None
) -> Array:
    """The table of a problem's diffusion as its kernels take it; empty if they need none.

    Parameters
    ----------
    problem
        The setting.
    kernels
        Its joint flow (`odes.fluctuations.covariance`).
    extent
        Multiplies the ranges of q and shift.
    progress
        Called with (points done, points in all) while building.

    Raises
    ------
    ValueError
        For a batch so small that the scatter of a step is infinite, or too large to be sampled.
    """
    if not kernels.DIFFUSION_TABLE:
        return np.empty(0)
    spec = json.loads(kernels.DIFFUSION_TABLE)
    M = problem.m if problem.uses_batch else 1
    named = "batch_size" if problem.statistics_size is None else "statistics_size"
    smallest = smallest_scatter(problem, kernels)
    if smallest > M:
        raise InputError(
            named,
            M,
            f"the scatter of a run of scheme={problem.scheme!r} asks for "
            f"E[1/s^{2 * spec['order']}] of the batch's spread s, which is infinite below "
            f"M = {smallest}; at least {smallest} is accepted",
        )
    if problem.uses_batch and M > LARGEST_BATCH:
        raise InputError(
            named,
            M,
            f"the scatter of a run of scheme={problem.scheme!r} is measured on "
            f"sampled batches; at most {LARGEST_BATCH} is accepted (scheme='wn' is the limit of "
            "large batches)",
        )
    key = key_of(problem, extent)
    if key not in _LOADED:
        known = shipped("diffusion", key)
        _LOADED[key] = (
            _kept(key, lambda: build(problem, kernels, extent, progress))
            if known is None
            else known["packed"]
        )
    return _LOADED[key]


def key_of(problem: Problem, extent: float = 1.0) -> str:
    """Everything that the table of a problem holds, as text."""
    key = repr((structure(problem), problem.m if problem.uses_batch else 1, extent))
    return key if problem.squares else f"{key} {problem.noise!r}"


def smallest_scatter(problem: Problem, kernels: Any) -> int:
    """The smallest batch size at which the scatter of a run is finite."""
    spec = json.loads(kernels.DIFFUSION_TABLE or "{}")
    return 2 * spec["order"] + 2 if problem.uses_batch and spec else 1


def _kept(key: str, make: Callable[[], Array]) -> Array:
    folder = cache_folder().parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{source_fingerprint()}\0{key}".encode()).hexdigest()[:24]
    path = folder / f"diffusion_{name}.npy"
    if path.exists():
        try:
            stored: Array = np.load(path)
            return stored
        except (OSError, ValueError, EOFError):
            path.unlink(missing_ok=True)  # not a table: made again
    made = make()
    keep(path, lambda file: np.save(file, made))
    return made


def build(
    problem: Problem, kernels: Any, extent: float = 1.0, progress: Progress | None = None
) -> Array:
    """Compute the table of a problem's diffusion; arguments as those of `diffusion_table`."""
    spec = json.loads(kernels.DIFFUSION_TABLE)
    sizes, ranges = _axes(spec, extent)
    axes = [chebyshev.nodes(n, *r) for n, r in zip(sizes, ranges, strict=True)]
    points = [_field(spec, *point) for point in itertools.product(*axes)]
    if problem.uses_batch:
        values = sampled(problem, spec, points, progress)[0]
    else:
        values = np.array([kernels.table_row(*point) for point in points])
    return chebyshev.pack(values.reshape(*sizes, -1), ranges)


def _axes(spec: Any, extent: float) -> tuple[tuple[int, int, int], Array]:
    angle, shifted = (0.0, math.pi), spec["shifted"]
    if spec["homogeneous"]:
        sizes = (12 if shifted else 18, 20 if shifted else 1, 5)
        return sizes, np.array([angle, (-math.pi / 2, math.pi / 2), (0.0, SIZE_RANGE)])
    region = widened(spec["singular"], extent)
    scale = region.axis if spec["singular"] else (0.0, math.atan(2 * region.high))
    shift = (-region.width, region.width)
    sizes = (10, 14, 8) if shifted else (18, 20, 1)
    return sizes, np.array([angle, scale, shift])


def _field(spec: Any, angle: float, second: float, third: float) -> tuple[float, float, float]:
    """``q, shift, rho`` at a point of the axes."""
    rho = math.cos(angle)
    if spec["homogeneous"]:
        phi = second if spec["shifted"] else 0.0
        return third * math.cos(phi), third * math.sin(phi), rho
    scale = math.exp(second) if spec["singular"] else math.tan(second) / 2
    return scale, third if spec["shifted"] else 0.0, rho


# --- sampled batches ---------------------------------------------------------------------------


def sampled(
    problem: Problem,
    spec: Any,
    points: list[tuple[float, float, float]],
    progress: Progress | None = None,
) -> tuple[Array, Array]:
    """Moments of a step's elements at points ``q, shift, rho``, and their standard errors.

    Returns
    -------
    values, errors
        Shape (points, moments): ``C_0, C_1, C_2`` of every pair of scattering elements, then
        the means ``E_0, E_2`` of the averaged ones; of a loss other than the squared one,
        covariances and means at the problem's noise.
    """
    kernels = sampling_kernels(problem)
    totals = np.zeros((len(points), GROUPS, kernels.SUMS))
    size = max(EXAMPLES // problem.m, FEWEST_BATCHES) // GROUPS
    noise = () if problem.squares else (math.sqrt(problem.noise),)
    if spec["shifted"]:
        size //= FEWER
    done = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for group, batches in enumerate(drawn_batches(problem, spec, GROUPS, size)):

            def one(k: int, group: int = group, batches: Any = batches) -> None:
                kernels.sample(batches, *points[k], *noise, totals[k, group])

            for _ in pool.map(one, range(len(points))):
                done += 1
                if progress and done % GROUPS == 0:
                    progress(done // GROUPS, len(points))
    count = kernels.PAIRS + kernels.AVERAGED
    if problem.squares:
        count = 3 * kernels.PAIRS + 2 * kernels.AVERAGED
    values, by_group = np.empty((len(points), count)), np.empty((len(points), GROUPS, count))
    for k, total in enumerate(totals):
        kernels.moments(total.sum(axis=0), values[k])
        for group in range(GROUPS):
            kernels.moments(total[group], by_group[k, group])
    return values, by_group.std(axis=1, ddof=1) / math.sqrt(GROUPS)


def sampling_kernels(problem: Problem) -> Any:
    """The compiled sampling of a batch scheme's step."""

    def write() -> dict[str, str]:
        from ..source.sampling_source import sampling_source

        return {"system": sampling_source(problem)} | kernel_texts(f"odes/tables/{name}")

    name = "batch_sampling" if problem.squares else "signal_sampling"
    return generated(name, structure(problem), write)
