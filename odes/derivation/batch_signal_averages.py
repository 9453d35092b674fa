"""Averages of moments of a signal within a batch, at one point of angle, scale and shift.

They are averages over drawn batches (`odes.tables.signal_draws`); moments of one example whose
labels are classes are averaged by quadrature, where the field does not hold the batch's mean
(`odes.kernels.signal_directions`) or is that of the example's own u (`odes.kernels.signal_fields`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...codegen.modules import generated, kernel_texts
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.problem import Problem
from ..tables.batch_law import radius_rule
from ..tables.signal_draws import DRAWS, SEQUENCES, SHIFTED_DRAWS, draws
from .batch_signals import BatchSignal, PairSignal, is_cut_off, smallest_signal_batch
from .expectations import Average, Expectation, Point
from .signal_kernels import supervision_source
from .signal_moments import rule_of
from .student_field import StudentField, laurent, student_field
from .symbols import GAMMA, SPREAD, UHAT

Array = np.ndarray
#: Kernels, each building on those before it.
KERNELS = (
    "signal_rule", "signal_classes", "signal_batches", "signal_directions", "signal_fields",
    "signal_residuals",
)  # fmt: skip
#: Points of a panel of directions, of directions given u, and of spreads: of small batches, where a
#: signal of ``u/s`` is no smooth function of s next to 0, and of others.
PANEL, GIVEN, FEW, SPREADS = 10, 40, 60, 26
#: Where a kink of the signal passes the largest deviation a moment has a power ``m/2 - 1`` of the
#: scale; below this m it is told by more nodes.
SMOOTH_BATCH = 12


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


class Averages:
    """The averages of one problem and batch size, at any point."""

    def __init__(self, problem: Problem, spec: dict[str, Any], m: int, noise: float) -> None:
        count = SHIFTED_DRAWS if spec["shifted"] else DRAWS
        self.kernels, self.m, self.spread = batch_signal_kernels(problem), m, math.sqrt(noise)
        self.law = m, spec["order"], problem.noise_law_.degrees, count
        self.fields = [np.array(spec[x], dtype=float).reshape(-1, 3) for x in ("x0", "x1")]
        self.with_mean = spec["with_mean"]
        self.singles = np.array(spec["singles"], dtype=np.int64).reshape(-1, 5)
        self.pairs = np.array(spec["pairs"], dtype=np.int64).reshape(-1, 6)
        self.own_field = of_own_field(spec["x0"], spec["x1"])
        self.by_rule = problem.labels_.classes and (self.own_field or not self.with_mean)
        self.of_residuals = rule_of(problem) == "signal_difference" and not self.with_mean
        r, weight = radius_rule(m - 1, FEW if m < SMOOTH_BATCH and self.own_field else SPREADS)
        self.spreads = r / math.sqrt(m), weight
        self.panel = np.polynomial.legendre.leggauss(PANEL)
        self.given = np.polynomial.legendre.leggauss(GIVEN)

    def at(self, q: float, shift: float, rho: float) -> Array:
        """By sequence of draws, shape (sequences, moments)."""
        out = np.empty((SEQUENCES, len(self.singles) + len(self.pairs)))
        point = (q, shift, rho, self.spread)
        if self.of_residuals:
            self.kernels.residual_signals(
                draws(*self.law), *self.fields, point, self.m, self.singles, self.pairs, out
            )
            return out
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
    found = Averages(moment.problem, spec, at.M, at.noise).at(at.q, at.shift, at.rho)[:, 0]
    return Average(float(found.mean()), float(found.std(ddof=1) / math.sqrt(found.size)))


def pull_on_gamma(problem: Problem) -> Callable[[float, float], float] | None:
    """``E[delta uhat]`` as a function of gamma and R, where it is known by quadrature; else None.

    Of a field that is gamma times what a batch has beside its mean.
    """
    if problem.squares or not problem.uses_batch or problem.scheme_.remembers:
        return None
    field = student_field(problem)
    moment = BatchSignal(1, 1, 0, int(field.X.coeff(UHAT, 1).has(SPREAD)), 0, problem)
    own = Averages(problem, signal_spec(problem, field, [moment]), problem.m, problem.noise)
    if not own.by_rule or own.own_field or field.scale != GAMMA or field.shift != 0:
        return None
    return lambda gamma, R: float(own.at(gamma, 0.0, R)[0, 0])
