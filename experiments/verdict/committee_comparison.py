"""`CommitteeComparison`: the verdict on a committee, its numbers and its picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...odes.fluctuations.committee import CommitteeFluctuations
from ...results.base import Result
from ...results.errors import InputError
from ...teacher_student.online.committee.runs import CommitteeRuns
from .chi_square import ChiSquare

Array = np.ndarray


@dataclass(frozen=True)
class CommitteeComparison(Result):
    """The verdict on a problem of several units.

    Attributes
    ----------
    runs, flow
        The two roads, at the same times; where ``by_flow`` says so, units of runs have the names
        of the flow's.
    alpha
        Level of the verdict: the rate at which a true theory is rejected.
    bias_bound
        What a mean may deviate, by number (``gamma_1``, ``A_12``, ``C_11``, ``error``,
        ``specialisation``), each of shape (times,): what the predicted shift leaves out; where
        there is no prediction, of order 1/N and of second order in the runs' scatter.
    z
        Deviations of the means beyond that, in standard errors, likewise. Predicted ones where
        ``covered``, of gamma, A and C; elsewhere those of the runs, and NaN (null in JSON) where
        they scatter too widely to be displacements of one flow.
    permuted
        Runs whose units were renamed to the flow's.
    by_flow
        At which times, shape (times,).
    covered
        Times that the predicted covariance covers, shape (times,).
    p_own
        Probability that a true theory deviates this much at the other times, by sign flips; None
        where nothing is judged there.
    test
        Chi-squares of mean and scatter against the prediction; None where there is none.
    predicted
        The prediction.
    started
        The runs with every unit by the name that it started with; None if they are not kept.
    drawn
        Whether both roads start from one state that was drawn.
    picture
        What is drawn: ``"time"`` or ``"permutations"``.
    """

    _drawn_by: ClassVar[str] = "committee_comparison.draw"
    _dimension: ClassVar[str] = "t"

    runs: CommitteeRuns
    flow: CommitteeFlow
    alpha: float
    bias_bound: Mapping[str, Array]
    z: Mapping[str, Array]
    permuted: int
    by_flow: Array
    covered: Array
    p_own: float | None
    test: ChiSquare | None = None
    predicted: CommitteeFluctuations | None = None
    started: CommitteeRuns | None = None
    drawn: bool = False
    picture: str = "time"

    @property
    def agree(self) -> bool:
        """Whether the theory stands at level alpha."""
        return self.p_value >= self.alpha

    @cached_property
    def p_value(self) -> float:
        """Probability that a true theory deviates this much: of the smallest of its parts."""
        found = [] if self.p_own is None else [self.p_own]
        if self.test is not None:
            found += [self.test.mean_p, self.test.scatter_p]
        if len(found) == 1:
            return found[0]
        return -math.expm1(len(found) * math.log1p(-min(*found, 1 - 1e-16)))

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
        return (
            f"Theory and simulation {word}: {self._of_prediction()}the largest of {count} "
            f"deviations is {where}, p = {self.p_value:.3g} against a level of {self.alpha:g} "
            f"({self.runs.runs} runs at N = {self.runs.dim}){self._of_times()}."
        )

    def _of_prediction(self) -> str:
        test = self.test
        if test is None:
            return ""
        if test.mean_p <= test.scatter_p:
            return (
                f"chi-square of the mean {test.mean:.1f} with {test.mean_dof} degrees of freedom, "
            )
        return (
            f"chi-square of the scatter {test.scatter:.0f} with {test.scatter_dof} degrees of "
            "freedom, "
        )

    def _of_times(self) -> str:
        """Whose scatter it is, what is not judged, and whose names units have."""
        t, own = self.runs.t, ~self.covered & self.judged
        said = "; the scatter is the runs' own" if self.test is None else (
            "; the scatter is the predicted one"
        )  # fmt: skip
        if self.test is not None and own.any():
            said += f" at {int(self.covered.sum())} times, at {int(own.sum())} the runs' own"
        silent = t[~self.judged]
        if silent.size:
            said += (
                f"; {silent.size} of {t.size} times from t = {silent[0]:g} on are not "
                "judged by entries, where runs leave the plateau each at its own time"
            )
        if self.permuted:
            said += (
                f"; units of {self.permuted} runs are renamed to the flow's from "
                f"t = {t[np.argmax(self.by_flow)]:g} on"
            )
        if self.drawn:
            said += "; flow and runs start from one state that was drawn"
        return said

    @property
    def matched(self) -> CommitteeRuns:
        """The runs, renamed at all times to what matches the flow's last state."""
        gamma = self.flow.values.get("gamma")
        runs = self.runs if self.started is None else self.started
        return runs.matched((self.flow.R[-1], None if gamma is None else gamma[-1]))

    def showing(self, picture: str) -> CommitteeComparison:
        """The comparison with another picture: ``"time"``, or ``"permutations"``, of names.

        Raises
        ------
        InputError
            For another.
        """
        accepted = ("time", "permutations")
        if picture not in accepted:
            reason = "of several units time or permutations is accepted"
            raise InputError("picture", picture, reason, accepted)
        return replace(self, picture=picture)

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
            "scatter": "runs" if self.test is None else "predicted",
            "permuted": self.permuted,
            **self._predictions(),
            "verdict": self.verdict(),
        }

    def _predictions(self) -> dict[str, Any]:
        """What only a predicted covariance gives."""
        if self.predicted is None or self.test is None:
            return {"test": None, "predicted_std": None, "predicted_shift": None}
        dim = self.runs.dim
        return {
            "test": asdict(self.test) | {"own_p": self.p_own},
            "predicted_std": self.predicted.std(dim),
            "predicted_shift": self.predicted.mean_shift(dim),
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
