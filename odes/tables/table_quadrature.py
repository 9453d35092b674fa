"""Batch moments by quadrature, at single points of a table's axes (docs/theory/4-exact-bn.md)."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ...codegen.modules import generated, kernel_texts
from ...teacher_student.activations import Activation
from ...teacher_student.formula_kernels import activation_source
from .batch_arrays import Direction, Plan, Statistics, Teacher
from .batch_law import Fineness, pair_weights, recurrence, statistics_rule
from .table_spec import TableSpec

Array = np.ndarray
Progress = Callable[[int, int], None]
#: Scales beyond which panels of uhat are graded towards the activation's bend, not all shortened.
GRADED = 12.0


def evaluate(
    spec: TableSpec,
    M: int,
    points: Iterable[tuple[float, ...]],
    fine: Fineness,
    progress: Progress | None = None,
) -> list[Array]:
    """The moments at points, by quadrature, in threads.

    Parameters
    ----------
    spec, M
        Which moments, and the batch size.
    points
        Angle of the overlap, scale and shift; for a homogeneous activation the direction of
        (scale, shift) stands for both.
    fine
        How fine.
    progress
        Called with (points done, points in all).
    """
    points, quadrature, done = list(points), _Quadrature(spec, M, fine), []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for value in pool.map(quadrature.at, points):
            done.append(value)
            if progress:
                progress(len(done), len(points))
    return done


class _Quadrature:
    """What all points of a table share: kernels, rules, and averages over the teacher's rest."""

    def __init__(self, spec: TableSpec, M: int, fine: Fineness) -> None:
        self.spec, self.M, self.fine = spec, M, fine
        self.kernels = quadrature_kernels(Activation(spec.activation))
        self.plan = _plan(spec)
        self.weights = pair_weights(M, fine.degree)
        self.steps = recurrence(M, self.weights.size)
        self.rule = np.polynomial.legendre.leggauss(fine.uhat)
        self.longest = min(3.0 / math.sqrt(M), 2.0 * fine.uhat / self.weights.size, 1.0)
        self.teachers: dict[float, Array] = {}

    def at(self, point: tuple[float, ...]) -> Array:
        """The moments at one point of the axes."""
        spec, M, kernels = self.spec, self.M, self.kernels
        angle, q, third = point
        shift = third if spec.shifted else 0.0
        if spec.slopes:
            q, shift = (math.cos(q), math.sin(q)) if spec.shifted else (1.0, 0.0)
        rho = math.cos(angle)
        cuts = _cuts(spec, M, kernels.KINKS, q, shift, rho)
        ubar, s, weight = statistics_rule(M, cuts, self.fine)
        field = [laurent_values(terms, ubar, s) for terms in (spec.x0, spec.x1)]
        statistics = Statistics(ubar, s, weight, *field)
        out = np.empty(len(spec.singles) + len(spec.pairs))
        known = Teacher(rho, np.array(spec.slopes), self._teacher(angle))
        kernels.batch_moments(statistics, self._direction(q), known, self.plan, M, q, shift, out)
        return out

    def _direction(self, q: float) -> Direction:
        """The rule over uhat: a smooth activation bends over distances of about 1 in q uhat."""
        smooth = not self.spec.slopes
        bends = min(max(1.0, q), GRADED) if smooth else 1.0
        length, graded = self.longest / bends, smooth and q > GRADED
        return Direction(*self.rule, length, graded, self.weights, self.steps)

    def _teacher(self, angle: float) -> Array:
        if angle not in self.teachers:
            made = np.zeros((3, 1 if self.spec.slopes else 1401))
            if not self.spec.slopes:
                self.kernels.tabulate_teacher(math.cos(angle), made)
            self.teachers[angle] = made
        return self.teachers[angle]


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


def laurent_values(terms: Iterable[tuple[float, int, int]], ubar: Array, s: Array) -> Array:
    """A Laurent polynomial (`student_field.laurent`) at batches' means and spreads."""
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


def quadrature_kernels(activation: Activation) -> Any:
    """The compiled quadrature of an activation."""

    def write() -> dict[str, str]:
        head = "import math\nimport numpy as np\nfrom bntheory.codegen.jit import kernel\n\n"
        system = head + activation_source(activation)
        parts = ("batch_teacher", "batch_panels", "batch_quadrature")
        return {"system": system} | kernel_texts(*(f"odes/tables/{part}" for part in parts))

    return generated("batch_quadrature", activation.formula, write)
