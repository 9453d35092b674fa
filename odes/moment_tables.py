"""Tables of batch moments: built once for an activation and a batch size, kept on disk.

A flow whose moments have no closed form carries a `TableSpec` in its generated source and asks
`table` for the numbers. The axes are the angle ``arccos rho`` and, unless the activation is
positively homogeneous, ``q`` (the field's scale) and the field's shift; for a homogeneous one
``E(q, shift) = size^degree E(cos phi, sin phi)`` leaves the direction phi alone.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..codegen.modules import PACKAGE, cache_folder, from_template, generated, write_once
from ..teacher_student.hooks import activation_source
from . import chebyshev
from .batch_arrays import Direction, Plan, Statistics, Teacher
from .batch_law import Fineness, pair_weights, recurrence, statistics_rule

Array = np.ndarray
Progress = Callable[[int, int], None]
#: The source that decides what is in a table, besides its key.
SOURCES = ("batch_law.py", "batch_quadrature.py", "chebyshev.py", "moment_tables.py")
#: Half-widths of the axes of q and shift to begin with; doubled when a flow leaves them.
SCALE_RANGE, SHIFT_RANGE, SMALLEST_SCALE = 3.0, 2.0, 0.1
#: Below this batch size one example's deviation has no density.
SMALLEST_TABLE = 3
#: How far the ranges are extended at most.
EXTENTS = (1.0, 2.0, 4.0)
#: Points, off the nodes, at which a table is compared with a finer quadrature.
CHECKS = 6


@dataclass(frozen=True)
class TableSpec:
    """Which moments of which field and activation; everything but the numbers M and range.

    Attributes
    ----------
    activation
        Its formula.
    slopes
        Slopes on the left and right of 0 of a homogeneous activation, else empty.
    x0, x1
        The random part of the field, ``x0 + x1 uhat``, as Laurent polynomials: rows
        ``coefficient, power of ubar, power of s``.
    shifted
        Whether the field has a shift.
    singular
        Whether moments may be infinite at q = 0, where nothing cuts off ``ubar / s``; the axis
        is then log q, from `SMALLEST_SCALE` on.
    singles, pairs
        Exponents, as `batch_moments.BatchMoment` and `batch_moments.PairMoment`.
    """

    activation: str
    slopes: tuple[float, ...]
    x0: tuple[tuple[float, int, int], ...]
    x1: tuple[tuple[float, int, int], ...]
    shifted: bool
    singular: bool
    singles: tuple[tuple[int, ...], ...]
    pairs: tuple[tuple[int, ...], ...]

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TableSpec:
        """A spec as a flow's generated source carries it."""
        return cls(**{key: _tuples(value) for key, value in json.loads(text).items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


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


_LOADED: dict[tuple[str, int, float], Table] = {}


def loaded_table(spec: str, M: int, extent: float, progress: Progress | None) -> Table:
    """`table` of a spec as JSON, kept in memory: a flow may be integrated many times."""
    key = spec, M, extent
    if key not in _LOADED:
        _LOADED[key] = table(TableSpec.from_json(spec), M, extent, progress)
    return _LOADED[key]


def table(spec: TableSpec, M: int, extent: float = 1.0, progress: Progress | None = None) -> Table:
    """The table of a spec at batch size M, from the disk or built now.

    Parameters
    ----------
    spec
        What to tabulate.
    M
        Batch size.
    extent
        Multiplies the ranges of q and shift.
    progress
        Called with (points done, points in all) while building.
    """
    path = _path(spec, M, extent)
    if path.exists():
        try:
            with np.load(path) as stored:
                return Table(stored["packed"], float(stored["error"]))
        except (OSError, ValueError, KeyError):
            path.unlink(missing_ok=True)  # not a table: made again
    made = build(spec, M, extent, progress)
    write_once(path, lambda file: np.savez(file, packed=made.packed, error=made.error))
    return made


def _path(spec: TableSpec, M: int, extent: float) -> Path:
    folder = cache_folder().parent / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((PACKAGE / "odes" / name).read_bytes())
    digest.update(f"{spec.to_json()}\0{M}\0{extent!r}".encode())
    return folder / f"moments_{digest.hexdigest()[:24]}.npz"


def build(spec: TableSpec, M: int, extent: float = 1.0, progress: Progress | None = None) -> Table:
    """Compute a table, and its error."""
    sizes, fine, finer = _resolution(spec, extent)
    ranges = _ranges(spec, extent)
    axes = [chebyshev.nodes(n, *r) for n, r in zip(sizes, ranges, strict=True)]
    points = list(itertools.product(*axes))
    values = np.array(evaluate(spec, M, points, fine, progress))
    packed = chebyshev.pack(values.reshape(*sizes, -1), ranges)
    return Table(packed, _error(spec, M, packed, ranges, finer))


def _error(spec: TableSpec, M: int, packed: Array, ranges: Array, finer: Fineness) -> float:
    rng = np.random.default_rng(0)
    points = [tuple(p) for p in rng.uniform(ranges[:, 0], ranges[:, 1], (CHECKS, 3))]
    exact = np.array(evaluate(spec, M, points, finer))
    looked_up = np.empty_like(exact)
    for point, row in zip(points, looked_up, strict=True):
        chebyshev.look_up(packed, 0, *point, row)
    return float((np.abs(looked_up - exact) / np.maximum(1.0, np.abs(exact))).max())


def _ranges(spec: TableSpec, extent: float) -> Array:
    if spec.slopes:
        second, third = (-math.pi / 2, math.pi / 2), (0.0, 1.0)
    else:
        second, third = (0.0, SCALE_RANGE * extent), (-SHIFT_RANGE * extent, SHIFT_RANGE * extent)
        if spec.singular:
            second = (math.log(SMALLEST_SCALE / extent), math.log(SCALE_RANGE * extent))
    return np.array([(0.0, math.pi), second, third])


def _resolution(spec: TableSpec, extent: float) -> tuple[tuple[int, int, int], Fineness, Fineness]:
    """Nodes on the axes, and how fine the quadrature is there and where it is checked."""
    if spec.slopes and not spec.shifted:
        return (20, 1, 1), Fineness(14, 26, 14, 64), Fineness(18, 32, 16, 128)
    if spec.slopes:
        return (24, 48, 1), Fineness(10, 20, 12, 48), Fineness(14, 26, 14, 96)
    sizes = (12, 26, 14) if spec.shifted else (20, 34, 1)
    sizes = (sizes[0], round(sizes[1] * extent**0.5), sizes[2])
    return sizes, Fineness(10, 20, 12, 24), Fineness(14, 26, 14, 48)


def evaluate(
    spec: TableSpec,
    M: int,
    points: Iterable[tuple[float, ...]],
    fine: Fineness,
    progress: Progress | None = None,
) -> list[Array]:
    """The moments at points of a table's axes, by quadrature, in threads."""
    kernels = quadrature_kernels(spec.activation)
    points = list(points)
    tables: dict[float, Array] = {}

    def teacher(angle: float) -> Array:
        if angle not in tables:
            made = np.zeros((3, 1 if spec.slopes else 1401))
            if not spec.slopes:
                kernels.tabulate_teacher(math.cos(angle), made)
            tables[angle] = made
        return tables[angle]

    plan = _plan(spec)
    weights = pair_weights(M, fine.degree)
    steps = recurrence(M, weights.size)
    x, w = np.polynomial.legendre.leggauss(fine.uhat)
    longest = min(3.0 / math.sqrt(M), 2.0 * fine.uhat / weights.size, 1.0)

    def one(point: tuple[float, ...]) -> Array:
        angle, second, third = point
        q = math.exp(second) if spec.singular else second
        shift = third if spec.shifted else 0.0
        if spec.slopes:
            q, shift = (math.cos(second), math.sin(second)) if spec.shifted else (1.0, 0.0)
        rho = math.cos(angle)
        ubar, s, weight = statistics_rule(M, _cuts(spec, M, kernels.KINKS, q, shift, rho), fine)
        field = [_laurent(terms, ubar, s) for terms in (spec.x0, spec.x1)]
        statistics = Statistics(ubar, s, weight, *field)
        out = np.empty(len(spec.singles) + len(spec.pairs))
        # A smooth activation bends over distances of about 1 in q uhat.
        bends = 1.0 if spec.slopes else max(1.0, q)
        direction = Direction(x, w, longest / bends, weights, steps)
        known = Teacher(rho, np.array(spec.slopes), teacher(angle))
        kernels.batch_moments(statistics, direction, known, plan, M, q, shift, out)
        return out

    done = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for value in pool.map(one, points):
            done.append(value)
            if progress:
                progress(len(done), len(points))
    return done


def _cuts(spec: TableSpec, M: int, kinks: Array, q: float, shift: float, rho: float) -> list[float]:
    """Where in ``ubar / s`` panels are to end.

    A kink of the student, or the edge of uhat, meets one of the teacher; or an activation
    saturates on the way to ``s = 0``, where moments get their largest contributions.
    """
    saturates = [side * 2.0**k / q for k in range(-2, 4) for side in (-1, 1)] if q > 0 else []
    # The density of ubar/s is (1 + c^2)^(-M/2); weights of at most s^-6 come with it.
    saturates = [c for c in saturates if (M - 7) * math.log1p(c * c) < 40]
    if not kinks.size:
        return saturates if spec.singular else []
    width = 5.0 * math.sqrt(max(0.0, 1 - rho**2)) / max(abs(rho), 1e-9)
    centres = [-(kink - shift) / q for kink in kinks] if q > 1e-9 else []
    # From M = 9 on the density of uhat is smooth enough where it ends.
    centres += [-math.sqrt(M - 1), math.sqrt(M - 1)] if M < 9 else []
    meets = [c + side for c in centres for side in (-width, 0.0, width)]
    return meets + (saturates if spec.singular else [])


def _laurent(terms: Iterable[tuple[float, int, int]], ubar: Array, s: Array) -> Array:
    return sum((c * ubar**i * s ** float(j) for c, i, j in terms), np.zeros_like(s))


def _plan(spec: TableSpec) -> Plan:
    """Functions of one example, without repetition, and moments in terms of them."""
    teachers = {(0, 0): 0, (1, 0): 1, (2, 0): 2, (0, 1): 3, (1, 1): 4}
    factors: dict[tuple[int, ...], int] = {}

    def index(g: int, slope: int, uhat: int, teacher: int, v: int = 0) -> int:
        return factors.setdefault((g, slope, uhat, teachers[teacher, v]), len(factors))

    pairs = [(index(*m[:4]), index(*m[4:8]), m[8], m[9]) for m in spec.pairs]
    singles = [(index(g, slope, uhat, t, v), ubar, s)
               for g, slope, uhat, ubar, s, t, v in spec.singles]  # fmt: skip
    return Plan(
        np.array(list(factors), dtype=np.int64).reshape(-1, 4),
        np.array(singles, dtype=np.int64).reshape(-1, 3),
        np.array(pairs, dtype=np.int64).reshape(-1, 4),
    )


def quadrature_kernels(activation: str) -> Any:
    """The compiled quadrature of an activation."""

    def write() -> str:
        head = "import math\nimport numpy as np\nfrom bntheory.codegen.jit import kernel\n\n"
        return from_template("odes/batch_quadrature.py", head + activation_source(activation))

    return generated("batch_quadrature", activation, write)
