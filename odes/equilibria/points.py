"""A point at which training can end, and all of one problem's (theory page 3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...results.base import Result
from ...teacher_student.momentum import rotation
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from .lines import RestLine

FIXED_POINT, ATTRACTOR = "fixed-point", "attractor"


@dataclass(frozen=True)
class FixedPoint:
    """One point at which training can end.

    Attributes
    ----------
    Q, R
        Scale and overlap.
    L
        Length; None if it is arbitrary, or keeps growing (``kind``).
    kind
        ``"fixed-point"``: all order parameters rest. ``"attractor"``: Q and R rest in the
        limit, while L keeps growing and the effective learning rate anneals itself.
    stable
        Whether small displacements shrink: at L = l0 where L is arbitrary; of an attractor, once
        ``eta_eff`` is small.
    eigenvalues
        Of the Jacobian, complex, slowest first; of an attractor, at L = l0 and without L.
    eta_eff
        Effective learning rate ``eta Q / L^2``, at L = l0 where ``L`` is None; of a plain
        student eta itself.
    eta_max
        The ``eta_eff`` from which on misaligned weights grow; None if there is none. Of a plain
        student the same as ``largest_eta``.
    largest_eta
        The learning rate eta up to which the point is stable: of the point that moves with eta,
        where noise or weight decay move it (`stable_branch_end`); at L = l0 where L is
        arbitrary or grows. None where there is no such rate.
    largest_eta_frozen
        The learning rate from which on misaligned weights would grow if the point stayed where
        it is at small learning rates; of a normalised student at the length of ``eta_eff``.
    residual
        The largest drift over eta that is left (of the first-order drift for an attractor).
    beta
        The trained shift; None if it is not trained.
    error
        Generalisation error.
    length_exponent
        ``L ~ t^length_exponent`` at an attractor, otherwise None.
    state
        The order parameters, in the problem's order; L = l0 where ``L`` is None.
    reached
        Whether the flow from the problem's start ends here.
    """

    Q: float
    R: float
    L: float | None
    kind: str
    stable: bool
    eigenvalues: tuple[complex, ...]
    eta_eff: float
    eta_max: float | None
    largest_eta: float | None
    residual: float
    beta: float | None
    error: float
    length_exponent: float | None
    state: tuple[float, ...]
    reached: bool = False
    largest_eta_frozen: float | None = None

    @property
    def slow_rate(self) -> float:
        """How fast the slowest displacement shrinks, in 1/time; negative if one grows."""
        return -max((v.real for v in self._moving()), default=0.0)

    @property
    def fast_rate(self) -> float:
        """How fast the fastest displacement shrinks, in 1/time."""
        return -min((v.real for v in self._moving()), default=0.0)

    @property
    def period(self) -> float | None:
        """Of the slowest displacement, where it swings; None where it does not."""
        slowest = max(self._moving(), key=lambda value: value.real, default=0j)
        turns = abs(slowest.imag)
        return 2.0 * math.pi / turns if turns > 1e-9 * (1.0 + abs(slowest)) else None

    def _moving(self) -> list[complex]:
        """The eigenvalues without that of an arbitrary L."""
        if self.L is not None or self.kind == ATTRACTOR:
            return list(self.eigenvalues)
        return sorted(self.eigenvalues, key=abs)[1:]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        names = [
            "Q",
            "R",
            "L",
            "kind",
            "stable",
            "eta_eff",
            "eta_max",
            "largest_eta",
            "largest_eta_frozen",
            "residual",
            "beta",
            "error",
        ]
        row = {name: getattr(self, name) for name in names}
        row["eigenvalues"] = [[v.real, v.imag] for v in self.eigenvalues]
        row |= {"slow_rate": self.slow_rate, "fast_rate": self.fast_rate, "period": self.period}
        return row | {"length_exponent": self.length_exponent, "reached": self.reached}


@dataclass(frozen=True)
class FixedPoints(Result):
    """All fixed points and attractors of one problem.

    Attributes
    ----------
    problem
        The setting.
    points
        Largest Q first. A student with gamma appears twice, as (Q, R) and (-Q, -R).
    ending
        ``"complete"``, ``"diverged"`` or ``"outside-tables"``: what the flow from the problem's
        start does.
    time_to_equilibrium
        The time (in steps / N) from which on the effective rate of that flow stays within 5% of
        its equilibrium under weight decay; None where no length rests, or where that is not
        reached.
    lines
        Lines of rests; no point of theirs is among ``points``. In the JSON where there are any.
    largest_scale
        Up to which scale of the student's field points were looked for, where the quadratures of
        the activation resolve no larger one; else None. In the JSON where there is one.
    """

    _drawn_by: ClassVar[str] = "fixed_points.draw_fixed_points"
    _dimension: ClassVar[str] = "point"

    problem: Problem
    points: tuple[FixedPoint, ...]
    ending: str = "complete"
    time_to_equilibrium: float | None = None
    lines: tuple[RestLine, ...] = ()
    largest_scale: float | None = None

    @property
    def reached(self) -> FixedPoint | None:
        """The point at which the flow from the problem's start ends."""
        return next((point for point in self.points if point.reached), None)

    @property
    def rotation(self) -> float | None:
        """The weights' angle a step where their length rests, times ``sqrt(N)``; else None.

        Of students whose gradient is across the weights.
        """
        rests = any(point.stable and point.L is not None for point in self.points)
        normalised = "gamma" in self.problem.trained_scalars
        normalised = normalised and self.problem.scheme not in ("frozen", "tracked")
        return rotation(self.problem, 1) if rests and normalised else None

    def summary(self) -> str:
        """Where training ends, how fast, and from which learning rate on it does not."""
        from .words import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``lines`` and ``largest_scale`` where there are any."""
        more: dict[str, Any] = {}
        if self.lines:
            more["lines"] = [line.to_dict() for line in self.lines]
        if self.largest_scale is not None:
            more["largest_scale"] = self.largest_scale
        return more | {
            "problem": self.problem.to_dict(),
            "zeta": decay(self.problem),
            "rotation": self.rotation,
            "time_to_equilibrium": self.time_to_equilibrium,
            "points": [point.to_dict() for point in self.points],
            "ending": self.ending,
            "summary": self.summary(),
        }

    def columns(self) -> Mapping[str, list[Any]]:
        """The CSV form, one row a point."""
        rows = [point.to_dict() for point in self.points]
        names = [name for name in FixedPoint.__dataclass_fields__ if name != "state"]
        return {
            name: [str(row[name]) if name == "eigenvalues" else row[name] for row in rows]
            for name in [*names, "slow_rate", "fast_rate", "period"]
        }

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "summary": self.summary()}


def in_rates_of(problem: Problem, points: Iterable[FixedPoint]) -> tuple[FixedPoint, ...]:
    """Points of a problem's limit, with learning rates in the problem's own units."""
    rest = 1.0 - problem.momentum

    def own(eta: float | None) -> float | None:
        return None if eta is None else eta * rest

    return tuple(
        replace(p, largest_eta=own(p.largest_eta), largest_eta_frozen=own(p.largest_eta_frozen))
        for p in points
    )
