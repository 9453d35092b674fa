"""Grid points of committees: what is read off their flows, runs and plateaus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...odes.committee.fixed_points import committee_fixed_points
from ...odes.committee.integrate import solve_committee
from ...odes.flow.integrate import EXPLICIT_STEPS
from ...odes.flow.records import ATOL, RTOL
from ...odes.flow.solver import Progress
from ...results.errors import InputError
from ...store.blocks import COMPLETE, FAILED, Array, Chunk
from ...teacher_student.committee.order import first_rise, specialisation_level
from ...teacher_student.online.committee.collect import committee_values
from ...teacher_student.online.simulate import run_makers, run_rows, simulated
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import check_schedule, stored_steps, stored_times
from .simulation import Simulation, StoppedError, first_passage, plateau, point_seed
from .work import FlowWork

#: Times between which the passages of a committee's flow are interpolated.
FLOW_POINTS = 501
#: Errors below this are rounding of averages.
ROUNDING = 1e-9


@dataclass(frozen=True)
class CommitteeEnding:
    """Where one flow or run of a committee went.

    Attributes
    ----------
    problem
        The setting.
    t
        Stored times that were reached.
    error, specialisation
        At these, shape (times,).
    complete, diverged
        Whether the end was reached; whether an order parameter left the finite numbers.
    """

    problem: Problem
    t: Array
    error: Array
    specialisation: Array
    complete: bool = True
    diverged: bool = False

    @cached_property
    def escape_rate(self) -> float:
        """The rate at which the plateau is left, in 1/time, at length l0 where lengths grow.

        Raises
        ------
        InputError
            With the reason, if there is no plateau.
        """
        found = committee_fixed_points(self.problem)
        if found.plateau is None or found.plateau.escape_rate is None:
            raise InputError("quantity", "escape-rate", f"there is no plateau: {found.message}")
        return float(found.plateau.escape_rate)

    def read(self, name: str) -> float:
        """One quantity; NaN where it does not exist."""
        head, _, level = name.partition(":")
        if head == "escape-rate":
            return self.escape_rate
        if head == "diverged":
            return float(self.diverged)
        if head == "time-to":
            return float(first_passage(self.t, self.error, float(level)))
        if head == "specialisation-time":
            half = specialisation_level(max(2, self.problem.teacher_units))
            return first_rise(self.t, self.specialisation, half)
        if not self.complete:
            return np.nan
        if head == "plateau":
            return float(plateau(self.t, np.maximum(self.error, ROUNDING)))
        last = {"final-error": self.error, "final-specialisation": self.specialisation}
        return float(last[head][-1])


@dataclass(frozen=True)
class CommitteeWork:
    """Chunks of flows or of runs of committees.

    Attributes
    ----------
    problem, quantities, time
        As for `FlowWork`.
    rtol, atol
        Bounds on the error of a step of flows.
    simulation
        How it is simulated, if it is: then the last axis is ``run``.
    """

    problem: Problem
    quantities: tuple[str, ...]
    time: float
    rtol: float = RTOL
    atol: float = ATOL
    simulation: Simulation | None = None

    def compute(
        self,
        chunk: Chunk,
        axes: Mapping[str, Array],
        todo: Array,
        stopped: Callable[[], bool],
        progress: Progress | None = None,
    ) -> None:
        """Fill in the entries of a chunk that are asked for; a point that fails says why.

        Raises
        ------
        StoppedError
            If ``stopped()`` says so on the way.
        """
        names = [name for name in axes if self.simulation is None or name != "run"]
        for place in np.ndindex(todo.shape[: len(names)]):
            which = np.flatnonzero(todo[place]) if self.simulation else np.array([0])
            if not np.any(todo[place]):
                continue
            point = {n: axes[n][k].item() for n, k in zip(names, place, strict=True)}
            at: Any = (*place, which) if self.simulation else place
            runs = [int(axes["run"][k]) for k in which] if self.simulation else []
            try:
                found = list(self._endings(point, runs, stopped))
                values = {n: np.array([one.read(n) for one in found]) for n in self.quantities}
            except (ValueError, ArithmeticError, MemoryError, RuntimeError) as error:
                chunk.message[at] = f"{type(error).__name__}: {error}"
                chunk.status[at] = FAILED
                continue
            for name, of in values.items():
                chunk.values[name][at] = of if self.simulation else of[0]
            chunk.status[at], chunk.message[at] = COMPLETE, ""

    def _endings(
        self, point: dict[str, Any], runs: Sequence[int], stopped: Callable[[], bool]
    ) -> Iterator[CommitteeEnding]:
        if stopped():
            raise StoppedError
        time = point.pop("time", self.time)
        own = {name: point.pop(name) for name in ("dim", "seed") if name in point}
        problem = self.problem.replace(**point)
        if self.simulation is None:
            yield _of_flow(problem, time, (self.rtol, self.atol))
            return
        simulation = replace(self.simulation, **own)
        for run in runs:
            yield _of_run(problem, simulation, time, run, stopped)

    def warm(self) -> None:
        """Compile, or load what was compiled."""
        if self.simulation is None:
            _of_flow(self.problem, 1e-3, (self.rtol, self.atol))
            return
        dim = 2 * (self.problem.units + self.problem.teacher_units)
        simulated(self.problem, dim=dim, runs=1, time=1.0, points=2,
                  engine=self.simulation.engine, workers=1)  # fmt: skip


def _of_flow(problem: Problem, time: float, bounds: tuple[float, float]) -> CommitteeEnding:
    check_schedule(problem, time)
    flow = solve_committee(problem, stored_times(time, FLOW_POINTS), (*bounds, EXPLICIT_STEPS))
    if flow.status == "failed":
        raise RuntimeError(flow.message)
    return CommitteeEnding(problem, flow.t, flow.error, flow.specialisation,
                           flow.status == "complete", flow.status == "diverged")  # fmt: skip


def _of_run(
    problem: Problem, simulation: Simulation, time: float, run: int, stopped: Callable[[], bool]
) -> CommitteeEnding:
    dim = int(simulation.dim)
    steps = stored_steps(stored_times(time, simulation.points), dim)
    (make,) = run_makers(
        problem, dim=dim, steps=steps, which=(run,), engine=simulation.engine,
        inputs=simulation.inputs, seed=point_seed(problem, dim, simulation.seed),
    )  # fmt: skip
    rows = run_rows(make(), steps, stopped)
    if rows is None:
        raise StoppedError
    values = committee_values(problem, rows[None])
    arrived = len(rows) == len(steps)
    return CommitteeEnding(problem, (steps / dim)[: len(rows)], values["error"][0],
                           values["specialisation"][0], arrived, not arrived)  # fmt: skip


def flow_work(
    problem: Problem,
    quantities: tuple[str, ...],
    time: float,
    bounds: tuple[float, float],
    workers: int | None,
) -> FlowWork | CommitteeWork:
    """Chunks of flows, of one unit or of a committee."""
    if problem.several_units:
        return CommitteeWork(problem, quantities, time, *bounds)
    return FlowWork(problem, quantities, time, *bounds, workers)
