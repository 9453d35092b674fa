"""What one chunk of a sweep takes: plain data that any thread or worker can compute it from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...odes.flow.records import AtEnd
from ...odes.flow.rows import OUTSIDE
from ...odes.flow.solver import Progress, solve_flows
from ...store.blocks import COMPLETE, FAILED, Array, Chunk
from ...teacher_student.online.simulate import simulated
from ...teacher_student.problem import Problem
from .ending import ending_of_flows
from .quantities import parse_quantities
from .simulation import Simulation, simulate_point

STIFF = "stiff: not finished in the steps allowed; `integrate` has a stiff solver"
LEFT_TABLES = "outside-tables: the flow left the range in which its moments are known"


@dataclass(frozen=True)
class FlowWork:
    """Chunks of flows.

    Attributes
    ----------
    problem
        Everything that the grid does not vary.
    quantities
        Names of what is kept.
    time
        End of the flows where the grid has none.
    rtol, atol
        Bounds on the error of a step.
    workers
        Threads within a chunk.
    """

    problem: Problem
    quantities: tuple[str, ...]
    time: float
    rtol: float
    atol: float
    workers: int | None = None

    def compute(
        self,
        chunk: Chunk,
        axes: Mapping[str, Array],
        todo: Array,
        stopped: Callable[[], bool],
        progress: Progress | None = None,
    ) -> None:
        """Fill in the entries of a chunk that are asked for."""
        for problem, part in with_numbers(self.problem, axes, todo):
            self._compute(problem, chunk, axes, part, progress)

    def _compute(
        self,
        problem: Problem,
        chunk: Chunk,
        axes: Mapping[str, Array],
        todo: Array,
        progress: Progress | None,
    ) -> None:
        """Fill in entries that share their formulas."""
        asked = parse_quantities(self.quantities)
        grid = np.meshgrid(*axes.values(), indexing="ij")
        columns = {n: axis[todo] for n, axis in zip(axes, grid, strict=True)
                   if n not in problem.parameters}  # fmt: skip
        count = int(todo.sum())
        ends = columns.get("time", np.full(count, self.time))
        end = AtEnd(ends, asked.levels, asked.plateau)
        flows = solve_flows(problem, {**columns, "time": ends}, end, rtol=self.rtol,
                            atol=self.atol, workers=self.workers, progress=progress)  # fmt: skip
        values = asked.read(ending_of_flows(columns, flows, end))
        for name, found in values.items():
            chunk.values[name][todo] = found
        chunk.status[todo] = COMPLETE
        places = np.argwhere(todo)
        for status, text in ((flows.kernels.TOO_MANY_STEPS, STIFF), (OUTSIDE, LEFT_TABLES)):
            for place in map(tuple, places[flows.status == status]):
                chunk.status[place], chunk.message[place] = FAILED, text

    def warm(self) -> None:
        """Compile, or load what was compiled."""
        asked = parse_quantities(self.quantities)
        end = AtEnd(np.full(1, 1e-3), asked.levels, asked.plateau)
        solve_flows(self.problem, {}, end, workers=1)


@dataclass(frozen=True)
class SimulationWork:
    """Chunks of simulated runs; the last axis is ``run``.

    Attributes
    ----------
    problem, quantities, time
        As for `FlowWork`.
    simulation
        How it is simulated.
    """

    problem: Problem
    quantities: tuple[str, ...]
    time: float
    simulation: Simulation

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
        *names, _ = axes
        runs = axes["run"]
        for place in np.ndindex(todo.shape[:-1]):
            which = todo[place]
            if not which.any():
                continue
            point = {n: axes[n][k].item() for n, k in zip(names, place, strict=True)}
            try:
                found = self._simulate(point, runs[which].tolist(), stopped)
            except (ValueError, ArithmeticError, MemoryError, RuntimeError) as error:
                reason = str(error) or "no reason given"
                chunk.message[place][which] = f"{type(error).__name__}: {reason}"
                chunk.status[place][which] = FAILED
                continue
            for name, values in found.items():
                chunk.values[name][place][which] = values
            chunk.status[place][which], chunk.message[place][which] = COMPLETE, ""

    def _simulate(
        self, point: dict[str, Any], which: list[int], stopped: Callable[[], bool]
    ) -> dict[str, Array]:
        time = point.pop("time", self.time)
        own = {name: point.pop(name) for name in ("dim", "seed") if name in point}
        problem = self.problem.replace(**point)
        asked = parse_quantities(self.quantities, simulated=True)
        return simulate_point(problem, replace(self.simulation, **own), time, which, asked, stopped)

    def warm(self) -> None:
        """Compile, or load what was compiled."""
        simulated(self.problem, dim=3, runs=1, time=1.0, points=2, engine=self.simulation.engine,
                 workers=1)  # fmt: skip


def with_numbers(
    problem: Problem, axes: Mapping[str, Array], todo: Array
) -> Iterator[tuple[Problem, Array]]:
    """The problem with every value of its named numbers on the axes, and where each stands.

    Parameters
    ----------
    problem
        Of the sweep.
    axes
        Values by name.
    todo
        Which entries are asked for, of the axes' shape.
    """
    named = {name: k for k, name in enumerate(axes) if name in problem.parameters}
    if not named:
        yield problem, todo
        return
    for values in itertools.product(*(axes[name] for name in named)):
        part = todo.copy()
        for (name, k), value in zip(named.items(), values, strict=True):
            shape = [-1 if k == axis else 1 for axis in range(todo.ndim)]
            part &= (np.asarray(axes[name]) == value).reshape(shape)
        if part.any():
            changed = dict(zip(named, map(float, values), strict=True))
            yield problem.replace(**changed), part
