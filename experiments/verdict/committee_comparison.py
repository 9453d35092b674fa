"""`CommitteeComparison`: the verdict on a committee, its numbers and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...results.base import Result
from ...results.errors import InputError
from ...teacher_student.online.committee.runs import CommitteeRuns

Array = np.ndarray


@dataclass(frozen=True)
class CommitteeComparison(Result):
    """The verdict on a problem of several units, by the runs' own scatter.

    Attributes
    ----------
    runs, flow
        The two roads, at the same times.
    alpha
        Level of the verdict: the rate at which a true theory is rejected.
    bias_bound
        What a mean may deviate, by number (``gamma_1``, ``A_12``, ``C_11``, ``error``,
        ``specialisation``), each of shape (times,): of order 1/N, of second order in the runs'
        scatter, and the error of a sampled flow.
    z
        Deviations of the means beyond that, in standard errors of the runs, likewise; NaN (null
        in JSON) where the runs scatter too widely to be displacements of one flow.
    p_value
        Probability that a true theory deviates this much, by sign flips.
    permuted
        Runs that end with their units on other teachers than the flow's. Error and specialisation
        do not know the difference.
    """

    _drawn_by: ClassVar[str] = "committee_comparison.draw_committee_comparison"
    _dimension: ClassVar[str] = "t"

    runs: CommitteeRuns
    flow: CommitteeFlow
    alpha: float
    bias_bound: Mapping[str, Array]
    z: Mapping[str, Array]
    p_value: float
    permuted: int = 0

    @property
    def agree(self) -> bool:
        """Whether the theory stands at level alpha."""
        return self.p_value >= self.alpha

    @cached_property
    def worst(self) -> tuple[str, int]:
        """Number and time index of the largest deviation."""
        tested = [name for name, values in self.z.items() if np.isfinite(values).any()]
        name = max(tested, key=lambda own: np.nanmax(np.abs(self.z[own])))
        return name, int(np.nanargmax(np.abs(self.z[name])))

    @property
    def max_abs_z(self) -> float:
        """The largest deviation of a mean beyond the allowance, in standard errors."""
        name, at = self.worst
        return float(abs(self.z[name][at]))

    @property
    def judged(self) -> Array:
        """At which times entries are judged, shape (times,)."""
        return np.isfinite(next(iter(self.z.values())))

    def verdict(self) -> str:
        """The verdict in one plain sentence, and what is to be said with it."""
        word, (name, at) = "agree" if self.agree else "DISAGREE", self.worst
        count = sum(int(np.isfinite(values).sum()) for values in self.z.values())
        where = f"{self.max_abs_z:.2f} standard errors ({name} at t = {self.runs.t[at]:g})"
        said = (
            f"Theory and simulation {word}: the largest of {count} deviations is {where}, "
            f"p = {self.p_value:.3g} against a level of {self.alpha:g} "
            f"({self.runs.runs} runs at N = {self.runs.dim}); the scatter is the runs' own"
        )
        silent = self.runs.t[~self.judged]
        if silent.size:
            said += (
                f"; {silent.size} of {self.runs.t.size} times from t = {silent[0]:g} on are not "
                "judged by entries, where runs leave the plateau each at its own time"
            )
        if self.permuted:
            said += f"; units of {self.permuted} runs end on other teachers than the flow's"
        return f"{said}."

    def showing(self, picture: str) -> CommitteeComparison:
        """The comparison itself: it has one picture, ``"time"``.

        Raises
        ------
        InputError
            For another.
        """
        if picture != "time":
            reason = "the scatter of a committee's runs has no prediction; time is accepted"
            raise InputError("picture", picture, reason, ("time",))
        return self

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the runs', and the theory's arrays as ``A[t][k][n]``."""
        names = [name for name in self.runs.values if name in self.flow.values]
        theory = {"gamma": None} | {name: self.flow.values[name] for name in names}
        return {
            **self.runs.to_dict(),
            "theory": theory,
            "theory_std_error": dict(self.flow.std_error) or None,
            "scramblings": self.flow.scramblings,
            "z": dict(self.z),
            "max_abs_z": self.max_abs_z,
            "p_value": self.p_value,
            "agree": self.agree,
            "alpha": self.alpha,
            "bias_bound": dict(self.bias_bound),
            "scatter": "runs",
            "permuted": self.permuted,
            "verdict": self.verdict(),
        }

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, then theory, mean, standard error, z and allowance by number."""
        from .committees import flattened, flattened_flow

        flat, theory = flattened(self.runs), flattened_flow(self.flow)
        table = {"t": self.runs.t}
        for name in self.z:
            table |= {
                f"{name}_theory": theory[name],
                f"{name}_mean": flat.mean[name],
                f"{name}_sem": flat.sem[name],
                f"{name}_z": self.z[name],
                f"{name}_bias_bound": self.bias_bound[name],
            }
        return table

    def _attributes(self) -> dict[str, Any]:
        runs = self.runs
        found = {"verdict": self.verdict(), "p_value": self.p_value, "alpha": self.alpha}
        made = {"dim": runs.dim, "runs": runs.runs, "seed": runs.seed}
        return {"problem": runs.problem.to_json(), **found, **made}
