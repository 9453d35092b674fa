"""`advise`: what the theory says of the settings of a training script, and of one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...odes.flow.integrate import solve
from ...results.base import Result
from ...results.errors import InputError
from ...teacher_student.options import Progress
from ...teacher_student.schedule import effective_rate
from .quantities import rows_of
from .rows import AdviceRow
from .training import NetworkTraining

Array = np.ndarray
#: Of the picture: stored times, the end in times to equilibrium, and the end where there is none.
POINTS, BEYOND, TIME = 201, 3.0, 20.0


class Course(NamedTuple):
    """The effective rate of a setting along its training.

    Attributes
    ----------
    name
        Of the setting.
    steps, rates
        Steps, and the effective rate of a step there, each of shape (times,).
    arrival, rest
        Steps to equilibrium and the rate there; None where there is none.
    """

    name: str
    steps: Array
    rates: Array
    arrival: float | None
    rest: float | None


@dataclass(frozen=True)
class Advice(Result):
    """What the theory says of one setting, and what it says if one thing is changed.

    Attributes
    ----------
    training
        The setting.
    rows
        Its numbers, each with its validity and the command that derives it.
    change
        What was changed, by name; empty if nothing.
    changed_rows
        The numbers after the change, in the same order; empty without one.
    """

    _drawn_by: ClassVar[str] = "advice.draw_advice"
    _dimension: ClassVar[str] = "quantity"

    training: NetworkTraining
    rows: tuple[AdviceRow, ...]
    change: Mapping[str, Any]
    changed_rows: tuple[AdviceRow, ...] = ()

    @property
    def changed(self) -> NetworkTraining | None:
        """The setting after the change."""
        return self.training.changed(self.change) if self.change else None

    def value(self, quantity: str) -> float | None:
        """A number by its quantity, before the change.

        Raises
        ------
        ValueError
            For a quantity that there is not.
        """
        values = {row.quantity: row.value for row in self.rows}
        if quantity not in values:
            raise InputError(
                "quantity", quantity, f"one of {', '.join(values)} is accepted", values
            )
        return values[quantity]

    def ratios(self) -> list[float | None]:
        """Each number after the change over that before it; None where one does not exist."""
        pairs = zip(self.rows, self.changed_rows, strict=True) if self.change else ()
        return [
            None if not before.value or after.value is None else after.value / before.value
            for before, after in pairs
        ]

    def translation(self) -> str:
        """What the setting is in the units of the theory, in a sentence."""
        problem, wide = self.training.problem, self.training.fan_in
        return (f"In the theory's units N = {wide}, eta = N lr = {problem.eta:g}, lambda = wd = "
                f"{problem.weight_decay:g}, m = {problem.m}, M = {problem.M}; a step is a time of "
                "1/N, |w| = L.")  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: rows by name, with their commands and validity."""
        return {
            "training": asdict(self.training),
            "problem": self.training.problem.to_dict(),
            "translation": self.translation(),
            "rows": [asdict(row) for row in self.rows],
            "change": dict(self.change),
            "changed_rows": [asdict(row) for row in self.changed_rows],
            "ratio": self.ratios(),
        }

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form: a row a quantity."""
        names = ("quantity", "symbol", "unit", "value")
        table: dict[str, list[Any]] = {n: [getattr(row, n) for row in self.rows] for n in names}
        if self.change:
            table |= {"changed": [row.value for row in self.changed_rows], "ratio": self.ratios()}
        rest = ("validity", "command", "key", "factor")
        table |= {n: [getattr(row, n) for row in self.rows] for n in rest}
        if self.change:
            table["changed_command"] = [row.command for row in self.changed_rows]
        return table

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.training.problem.to_json(), "translation": self.translation()}

    @cached_property
    def courses(self) -> list[Course]:
        """The curves of the picture: before the change and, if there is one, after it."""
        after = self.changed
        told = ", ".join(f"{name} = {value}" for name, value in self.change.items())
        courses = [_course("as it is", self.training, self.rows)]
        return courses + ([_course(told, after, self.changed_rows)] if after else [])


def advise(
    training: NetworkTraining,
    *,
    change: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Advice:
    """What the theory says of the settings of a training script, and of one change.

    Zeta of batch normalisation, the gamma that training settles at, the gap between training and
    evaluation mode, and under weight decay the rotation a step, the effective rate at equilibrium
    and the steps to it (theory page 8): only what the theory gives, each
    with its validity and the command that derives it.

    Parameters
    ----------
    training
        The setting.
    change
        Other values of it by name; both are told then, and their ratio.
    progress
        Called with (work done, work in all) while a file of pre-activations is read.

    Returns
    -------
    Advice
        A number that does not exist is None, and its validity says why.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> found = bn.advise(bn.NetworkTraining(batch_size=32), change={"batch_size": 8})
    >>> round(found.value("zeta") * 32, 6), round(found.ratios()[0], 6)
    (0.375, 4.0)
    """
    change = dict(change or {})
    other = training.changed(change) if change else None
    rows = tuple(rows_of(training, progress))
    return Advice(training, rows, change, tuple(rows_of(other, progress)) if other else ())


def _course(name: str, training: NetworkTraining, rows: tuple[AdviceRow, ...]) -> Course:
    problem, wide = training.problem.limit, training.fan_in
    told = {row.quantity: row.value for row in rows}
    arrival, rest = told["steps to equilibrium"], told["effective rate"]
    end = BEYOND * arrival / wide if arrival else TIME
    times = np.concatenate([[0.0], np.geomspace(min(1.0 / wide, end / 10.0), end, POINTS - 1)])
    try:
        flow = solve(problem, times=times)
    except InputError:  # batches for which there is no flow
        return Course(name, np.empty(0), np.empty(0), None, None)
    rates = np.abs(effective_rate(problem, float(problem.eta), flow.Q, flow.L)) / wide
    return Course(name, flow.t * wide, rates, arrival, rest)
