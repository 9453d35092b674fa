"""Tables of batch moments: built once for an activation and a batch size, kept on disk.

A flow whose moments have no closed form carries a `TableSpec` in its generated source and asks
`table` for the numbers. The axes are the angle ``arccos rho`` and, unless the activation is
positively homogeneous, ``q`` (the field's scale) or its logarithm (`regions`) and the field's
shift; for a homogeneous one
``E(q, shift) = size^degree E(cos phi, sin phi)`` leaves the direction phi alone.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ...codegen.modules import PACKAGE, cache_folder, keep
from ...results.errors import InputError
from . import chebyshev
from .batch_law import Fineness
from .combined import combined
from .pieces import in_pieces
from .regions import SHIFT_RANGE, Region, middle
from .shipped import shipped
from .table_quadrature import Progress, evaluate
from .table_spec import TableSpec

Array = np.ndarray
#: The source that decides what is in a table, besides its key.
SOURCES = (
    "batch_arrays.py", "batch_law.py", "batch_panels.py", "batch_quadrature.py", "batch_teacher.py",
    "chebyshev.py", "moment_tables.py", "regions.py", "table_quadrature.py",
)  # fmt: skip
#: Below this batch size one example's deviation has no density.
SMALLEST_TABLE = 3
#: Errors up to which a table beyond the region in the middle is used: there a flow is at most
#: in passing, and where a table is worse, moments are about to become infinite.
WORST = 1e-3
#: Points, off the nodes, at which a table is compared with a finer quadrature.
CHECKS = 6


@dataclass(frozen=True)
class Table:
    """Tabulated moments.

    Attributes
    ----------
    packed
        The table as a flow's parameters carry it (`chebyshev.pack`).
    error
        Its estimated error, in units of ``max(1, |moment|)``: the largest difference from a
        finer quadrature at points between the nodes.
    """

    packed: Array
    error: float
    _combined: dict[str, Array] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def pieces(self) -> Array:
        """The table as compiled flows read it fastest (`pieces.in_pieces`)."""
        return in_pieces(self.packed)

    def combined(self, combinations: str, M: int) -> Array:
        """The table, in pieces, of combinations of its moments (`combined.combined`)."""
        if combinations not in self._combined:
            self._combined[combinations] = combined(self.packed, combinations, M)
        return self._combined[combinations]


_LOADED: dict[tuple[str, int, Region | None], Table] = {}


def loaded_table(spec: str, M: int, region: Region | None, progress: Progress | None) -> Table:
    """`table` of a spec as JSON, kept in memory: a flow may be integrated many times."""
    key = spec, M, region
    if key not in _LOADED:
        _LOADED[key] = table(TableSpec.from_json(spec), M, region, progress)
    return _LOADED[key]


def table(
    spec: TableSpec, M: int, region: Region | None = None, progress: Progress | None = None
) -> Table:
    """The table of a spec at batch size M, from the disk or built now.

    Parameters
    ----------
    spec
        What to tabulate.
    M
        Batch size.
    region
        Of scale and shift; that in the middle by default.
    progress
        Called with (points done, points in all) while building.

    Raises
    ------
    ValueError
        If a moment is not a finite number somewhere on the table.
    """
    region = region or middle(spec.singular)
    known = shipped("moments", key_of(spec, M, region))
    if known is not None:
        return Table(known["packed"], float(known["error"]))
    path = _path(spec, M, region)
    if path.exists():
        try:
            with np.load(path) as stored:
                return Table(stored["packed"], float(stored["error"]))
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)  # not a table: made again
    made = build(spec, M, region, progress)
    keep(path, lambda file: np.savez(file, packed=made.packed, error=made.error))
    return made


def key_of(spec: TableSpec, M: int, region: Region) -> str:
    """Everything that a table holds, as text."""
    return f"{spec.to_json()}\0{M}\0{region!r}"


def _path(spec: TableSpec, M: int, region: Region) -> Path:
    folder = cache_folder().parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((PACKAGE / "odes" / "tables" / name).read_bytes())
    digest.update(key_of(spec, M, region).encode())
    return folder / f"moments_{digest.hexdigest()[:24]}.npz"


def build(
    spec: TableSpec, M: int, region: Region | None = None, progress: Progress | None = None
) -> Table:
    """Compute a table, and its error."""
    region = region or middle(spec.singular)
    sizes, fine, finer = _resolution(spec, region)
    ranges = _ranges(spec, region)
    axes = [chebyshev.nodes(n, *r) for n, r in zip(sizes, ranges, strict=True)]
    points = [_field(spec, region, *point) for point in itertools.product(*axes)]
    # A point of the check costs about as much as four of the table.
    work = len(points) + 4 * CHECKS

    def filling(done: int, _: int) -> None:
        if progress:
            progress(done, work)

    def checking(done: int, _: int) -> None:
        if progress:
            progress(len(points) + 4 * done, work)

    values = np.array(evaluate(spec, M, points, fine, filling))
    _check_finite(spec, M, points, values)
    packed = chebyshev.pack(values.reshape(*sizes, -1), ranges)
    rng = np.random.default_rng(0)
    checks = [tuple(p) for p in rng.uniform(ranges[:, 0], ranges[:, 1], (CHECKS, 3))]
    exact = np.array(
        evaluate(spec, M, [_field(spec, region, *point) for point in checks], finer, checking)
    )
    return Table(packed, _error(packed, checks, exact))


def _check_finite(
    spec: TableSpec, M: int, points: Sequence[tuple[float, ...]], values: Array
) -> None:
    """A moment that is not a number must not pass as a flow that diverges."""
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        at = ", ".join(f"{x:g}" for x in points[bad[0]])
        raise InputError(
            "batch_size",
            M,
            f"{bad.size} of {len(points)} points of the table of batch moments "
            f"of activation={spec.activation!r} are not finite, the first at ({at}); an "
            "activation that grows more slowly, or another batch size, is accepted",
        )


def _error(packed: Array, points: list[tuple[float, ...]], exact: Array) -> float:
    """The largest difference of a table from exact moments at points."""
    looked_up = np.empty_like(exact)
    for point, row in zip(points, looked_up, strict=True):
        chebyshev.look_up(packed, 0, *point, row)
    return float((np.abs(looked_up - exact) / np.maximum(1.0, np.abs(exact))).max())


def _ranges(spec: TableSpec, region: Region) -> Array:
    if spec.slopes:
        return np.array([(0.0, math.pi), (-math.pi / 2, math.pi / 2), (0.0, 1.0)])
    strip = (region.centre - region.width, region.centre + region.width)
    return np.array([(0.0, math.pi), region.axis, strip])


def _field(
    spec: TableSpec, region: Region, angle: float, second: float, third: float
) -> tuple[float, float, float]:
    """What `evaluate` takes, at a point of the axes."""
    logarithm = not spec.slopes and region.low > 0.0
    return angle, math.exp(second) if logarithm else second, third


def _resolution(spec: TableSpec, region: Region) -> tuple[tuple[int, int, int], Fineness, Fineness]:
    """Nodes on the axes, and how fine the quadrature is there and where it is checked."""
    if spec.slopes and not spec.shifted:
        return (20, 1, 1), Fineness(14, 26, 14, 64), Fineness(18, 32, 16, 128)
    if spec.slopes:
        return (16, 96, 1), Fineness(10, 20, 12, 48), Fineness(14, 26, 14, 96)
    sizes = (12, 26, 14) if spec.shifted else (20, 34, 1)
    wider = max(1.0, region.width / SHIFT_RANGE)  # one table for a flow and its fluctuations
    sizes = (sizes[0], round(sizes[1] * wider**0.5), sizes[2])
    return sizes, Fineness(10, 20, 12, 24), Fineness(14, 26, 14, 48)
