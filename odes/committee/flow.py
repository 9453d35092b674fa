"""`CommitteeFlow`: the order parameters of a committee over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...results import files
from ...results.base import Result
from ...results.errors import FlowError
from ...teacher_student.committee.order import entries
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: The dimensions of what has more than one number at a time.
DIMENSIONS = {
    "gamma": ("unit",),
    "beta": ("unit",),
    "A": ("unit", "teacher_unit"),
    "C": ("unit", "other_unit"),
    "R": ("unit", "teacher_unit"),
    "Q": ("unit", "other_unit"),
}


@dataclass(frozen=True)
class CommitteeFlow(Result):
    """The order parameters of a committee over time (page 10 of the theory).

    Attributes
    ----------
    problem
        The setting: K units of the student, T of the teacher.
    t
        Times, steps / N, shape (times,); those reached, if the flow is not complete.
    values
        ``gamma`` (and ``beta`` where it is trained), shape (times, K); ``A`` and ``R``, shape
        (times, K, T): ``w_k.w*_n / N`` and the cosines; ``C`` and ``Q``, shape (times, K, K):
        ``w_k.w_l / N``, and the covariance of the fields f_k; ``error`` and
        ``specialisation``, shape (times,). ``error`` is the generalisation error
        against the clean teacher, at statistics of the population.
    steps
        Steps that the integrator tried.
    status
        ``"complete"``, ``"diverged"`` or ``"failed"``.
    message
        The status in words; empty when there is nothing to say.
    std_error
        Of a flow that is sampled, the standard error of the means over scramblings, by
        quantity and of its shape. Otherwise empty.
    scramblings
        Over how many scramblings a sampled flow is averaged; 0 where nothing is sampled.
    sampled
        The values of each scrambling, shape (scramblings, times, ...); empty where nothing is
        sampled.
    """

    _drawn_by: ClassVar[str] = "committees.draw_committee_flow"
    _dimension: ClassVar[str] = "t"

    problem: Problem
    t: Array
    values: Mapping[str, Array]
    steps: int
    status: str = "complete"
    message: str = ""
    std_error: Mapping[str, Array] = field(default_factory=dict)
    scramblings: int = 0
    sampled: Mapping[str, Array] = field(default_factory=dict)

    def raise_for_status(self) -> CommitteeFlow:
        """Return the flow itself if it is complete.

        Raises
        ------
        FlowError
            With the message, otherwise.
        """
        if self.status != "complete":
            raise FlowError(self.message)
        return self

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: arrays as ``A[t][k][n]``."""
        sampled = {"std_error": dict(self.std_error), "scramblings": self.scramblings}
        return {
            "problem": self.problem.to_dict(),
            "zeta": decay(self.problem),
            "t": self.t,
            "gamma": None,  # of plain units
            **self.values,
            **(sampled if self.scramblings else {}),
            "steps": self.steps,
            "status": self.status,
            "message": self.message,
        }

    def columns(self) -> dict[str, Array]:
        """The CSV form: a column a number, ``A_12`` that of unit 1 and teacher 2."""
        made = {"t": self.t}
        for kind, suffix in ((self.values, ""), (self.std_error, "_std_error")):
            for name, values in kind.items():
                made |= {f"{own}{suffix}": column for own, column in entries(name, values)}
        return made

    def to_dataset(self) -> xarray.Dataset:
        """All quantities, with the dimensions t, unit, other_unit and teacher_unit."""
        variables = {
            f"{name}{suffix}": (("t", *DIMENSIONS.get(name, ())), values)
            for kind, suffix in ((self.values, ""), (self.std_error, "_std_error"))
            for name, values in kind.items()
        }
        return files.dataset(variables, {"t": self.t}, self._attributes())

    def _attributes(self) -> dict[str, Any]:
        ended = {"status": self.status, "message": self.message}
        return {"problem": self.problem.to_json(), **ended}
