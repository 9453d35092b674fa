"""`CommitteePoints`: the symmetric and the specialised point of a committee."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ...results.base import Result
from ...teacher_student.problem import Problem

Array = np.ndarray
#: What a row of a table has.
NUMBERS = ("name", "kind", "stable", "eta_eff", "escape_rate", "relative_rate", "escape", "stretch",
           "perpendicular_rate", "rho", "error", "L", "residual")  # fmt: skip


@dataclass(frozen=True)
class CommitteePoint:
    """One point.

    Attributes
    ----------
    name
        ``"symmetric"`` or ``"specialised"``.
    kind
        ``"fixed-point"``: all order parameters rest. ``"attractor"``: all but the lengths, which
        keep growing: the point of small learning rates, at length l0.
    gamma, A, C, R
        Shapes (K,), (K, T), (K, K), (K, T); ``gamma`` is None of ``sgd``. R are cosines.
    L
        Length of a unit; None where it is arbitrary or grows.
    error
        Generalisation error.
    eta_eff
        ``eta gamma^2 / L^2``; of ``sgd`` eta.
    stable
        Whether small displacements shrink.
    eigenvalues
        Of the Jacobian, slowest first; none of a sampled flow.
    residual
        The largest drift over eta that is left.
    escape_rate, relative_rate
        Of the symmetric point: the rate at which ``A_11 - A_12 - A_21 + A_22`` grows, in
        1/time at this length, and over ``eta_eff``.
    escape
        ``"exponential"``; ``"stretched-exponential"`` where lengths grow on the plateau, so that
        the effective rate falls as ``t^(-1/2)``; ``"none"`` where the plateau attracts.
    stretch
        Of a stretched exponential: the asymmetry grows as ``exp(stretch sqrt(t))`` in the end.
    perpendicular_rate
        Where all units are identical: the rate at which distances between them grow that are
        perpendicular to the teachers.
    std_error
        Of a sampled flow, standard errors over scramblings of the rates and of ``rho``.
    """

    name: str
    kind: str
    gamma: Array | None
    A: Array
    C: Array
    R: Array
    L: float | None
    error: float
    eta_eff: float
    stable: bool
    eigenvalues: tuple[complex, ...]
    residual: float
    escape_rate: float | None = None
    relative_rate: float | None = None
    escape: str | None = None
    stretch: float | None = None
    perpendicular_rate: float | None = None
    std_error: Mapping[str, float] = field(default_factory=dict)

    @property
    def rho(self) -> float:
        """The cosine between two units."""
        return float(self.C[0, -1] / np.sqrt(self.C[0, 0] * self.C[-1, -1]))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        row = {name: getattr(self, name) for name in NUMBERS}
        matrices = {name: getattr(self, name) for name in ("gamma", "A", "C", "R")}
        values = [[value.real, value.imag] for value in self.eigenvalues]
        return row | matrices | {"eigenvalues": values, "std_error": dict(self.std_error)}


@dataclass(frozen=True)
class CommitteePoints(Result):
    """The symmetric and the specialised point of one problem, as far as there are.

    Attributes
    ----------
    problem
        The setting.
    points
        The symmetric one first.
    message
        Why there is no symmetric point; else empty.
    scramblings
        Over how many scramblings points of a sampled flow are averaged; 0 where nothing is.
    """

    _drawn_by: ClassVar[str] = "committees.draw_committee_points"
    _dimension: ClassVar[str] = "point"

    problem: Problem
    points: tuple[CommitteePoint, ...]
    message: str = ""
    scramblings: int = 0

    @property
    def plateau(self) -> CommitteePoint | None:
        """The symmetric point."""
        return next((point for point in self.points if point.name == "symmetric"), None)

    @property
    def specialised(self) -> CommitteePoint | None:
        """The specialised point."""
        return next((point for point in self.points if point.name == "specialised"), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        points = [point.to_dict() for point in self.points]
        return {"problem": self.problem.to_dict(), "points": points, "message": self.message,
                "scramblings": self.scramblings}  # fmt: skip

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form: a row a point, with its mean overlaps."""
        rows = [point.to_dict() for point in self.points]
        made = {name: [row[name] for row in rows] for name in NUMBERS}
        made["escape_rate_std_error"] = [row["std_error"].get("escape_rate") for row in rows]
        for name in ("R_11", "R_12"):
            at = tuple(int(k) - 1 for k in name[2:])
            made[name] = [float(row["R"][at]) for row in rows]
        return made

    def summary(self) -> str:
        """What happens on the plateau, in a sentence."""
        point = self.plateau
        if point is None or point.escape_rate is None:
            return f"no symmetric point: {self.message}"
        error = point.std_error.get("escape_rate")
        known = "" if error is None else f" +- {error:.2g}"
        if point.escape == "none":
            return f"the plateau attracts: asymmetries shrink at the rate {-point.escape_rate:.6g}"
        said = f"the plateau is left at the rate {point.escape_rate:.6g}{known}"
        if point.stretch is None:
            return f"{said}, exponentially"
        return (
            f"{said} at length l0; lengths grow there, so that the escape is a stretched "
            f"exponential: asymmetries end as exp({point.stretch:.4g} sqrt(t))"
        )

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "message": self.message}
