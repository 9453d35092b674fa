"""Many flows that share their formulas: rows of numbers in, a few numbers a flow out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ..tables.regions import Region, middle
from .flow_kernels import flow_kernels, parameters
from .integrate import ATOL, RTOL
from .known_moments import at_edge, next_region

Array = np.ndarray
#: Where a problem's number stands in a row of parameters (see `parameters`).
COLUMNS = {name: k for k, name in enumerate(KERNEL_PARAMETERS)}
#: Steps after which a flow is given up as stiff, and flows that one compiled call does.
MAX_STEPS, CALL = 200_000, 512
#: The status of a flow that left the range in which its moments are known.
OUTSIDE = 3

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Ends:
    """Where many flows ended, each array of shape (flows,) unless said otherwise.

    Attributes
    ----------
    states
        Order parameters at the end, shape (flows, order parameters).
    Q, error
        Scale and generalisation error there.
    status
        One of the kernels' ``COMPLETE``, ``DIVERGED``, ``TOO_MANY_STEPS``, or `OUTSIDE`.
    plateau
        The longest time the error took to fall by a tenth; 0 if not watched.
    times
        When the error first fell to each level, shape (flows, levels); infinite if it did not.
    """

    states: Array
    Q: Array
    error: Array
    status: Array
    plateau: Array
    times: Array


def rows(problem: Problem, columns: Mapping[str, Array], count: int) -> tuple[Array, Array]:
    """Starts and parameters of flows whose numbers differ from a problem's in some columns.

    Parameters
    ----------
    problem
        Everything that no column gives.
    columns
        Values by the problem's parameter name, each of shape (count,).
    count
        Number of flows.

    Returns
    -------
    starts, parameters
        Shapes (count, order parameters) and (count, parameters).

    Raises
    ------
    ValueError
        For a batch size at which there is no flow (`odes.flow.flow_kernels.flow_table`).
    """
    numbers = np.tile(parameters(problem), (count, 1))
    sizes = columns.get("batch_size", np.empty(0))
    for M in np.unique(sizes):  # each has its own table of moments, and its implied decay
        numbers[sizes == M] = parameters(problem.replace(batch_size=int(M)))
    for name in COLUMNS.keys() & columns.keys():
        numbers[:, COLUMNS[name]] = columns[name]
    starts = np.tile(np.array(problem.start), (count, 1))
    for label, name in problem.start_parameters.items():
        if name in columns:
            starts[:, problem.state_space.place(label)] = columns[name]
    return starts, numbers


def flow_ends(
    problem: Problem,
    starts: Array,
    numbers: Array,
    ends: Array,
    *,
    levels: Sequence[float] = (),
    watch: bool = False,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_steps: int = MAX_STEPS,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Ends:
    """Integrate many flows to their ends, on all cores.

    Parameters
    ----------
    problem
        The formulas.
    starts, numbers
        As `rows` returns them.
    ends
        End times, shape (flows,).
    levels
        Levels of the error whose first passage is wanted.
    watch
        Whether plateaus are wanted; both cost an error a step.
    rtol, atol
        Bounds on the error of a step.
    max_steps
        Steps after which a flow is given up as stiff.
    workers
        Threads; one a core by default.
    progress
        Called with (flows done, flows in all).

    Returns
    -------
    Ends
    """
    kernels, count = flow_kernels(problem), len(starts)
    watched = 4 + 2 * len(levels) if levels or watch else 0
    watches = np.zeros((count, watched))
    watches[:, 4::2] = list(levels)
    states, times = np.array(starts), np.zeros(count)
    status, regions = np.zeros(count, dtype=np.int64), [middle(kernels.SINGULAR)] * count
    numbers = np.array(numbers)
    run = _Run(kernels, ends, rtol, atol, max_steps, workers or os.cpu_count() or 1, progress)
    going = _moved(problem, kernels, states, numbers, status, regions, range(count), started=False)
    while going.size:
        run.advance(going, states, times, numbers, watches, status)
        left = [k for k in going if status[k] == kernels.DIVERGED
                and at_edge(kernels, states[k], regions[k])]  # fmt: skip
        going = _moved(problem, kernels, states, numbers, status, regions, left, started=True)
    observed = np.empty((2, count))
    kernels.observe(states, observed[0], observed[1])
    plateau = watches[:, 3] if watched else np.zeros(count)
    return Ends(states, observed[0], observed[1], status, plateau, watches[:, 5::2])


def _moved(
    problem: Problem,
    kernels: Any,
    states: Array,
    numbers: Array,
    status: Array,
    regions: list[Region],
    which: Sequence[int],
    *,
    started: bool,
) -> Array:
    """Give flows the tables of the regions where they are; those that have one, by number.

    The others' status becomes `OUTSIDE`.
    """
    if not (kernels.HAS_RANGE or np.inf > kernels.LARGEST_SCALE):
        return np.array(which, dtype=np.int64)  # its moments are known everywhere
    going, known = [], {problem.M: problem}
    for k in which:
        M = int(numbers[k, COLUMNS["batch_size"]])
        own = known.setdefault(M, problem if M in known else problem.replace(batch_size=M))
        region = next_region(own, kernels, states[k], regions[k] if started else None)
        if region is None:
            status[k] = OUTSIDE
            continue
        if region != regions[k]:
            numbers[k, len(COLUMNS) :] = parameters(own, region)[len(COLUMNS) :]
            regions[k] = region
        going.append(k)
    return np.array(going, dtype=np.int64)


@dataclass(frozen=True)
class _Run:
    """How flows are advanced: kernels, ends, bounds on the error, and threads."""

    kernels: Any
    ends: Array
    rtol: float
    atol: float
    max_steps: int
    workers: int
    progress: Progress | None

    def advance(
        self,
        which: Array,
        states: Array,
        times: Array,
        numbers: Array,
        watches: Array,
        status: Array,
    ) -> None:
        """Advance flows to their ends, or to where they leave their tables; in place."""
        lanes = not watches.shape[1] and hasattr(self.kernels, "flows_in_lanes")
        bounds = self.rtol, self.atol, self.max_steps

        def one(first: int) -> int:
            part = which[first : first + CALL]
            y, t, ends, p = states[part], times[part], self.ends[part], numbers[part]
            seen, found = watches[part], status[part]
            if lanes:
                self.kernels.flows_in_lanes(y, ends, p, *bounds, found)
            else:
                self.kernels.flows(y, t, ends, p, *bounds, seen, found)
            states[part], times[part], watches[part], status[part] = y, t, seen, found
            return len(part)

        pieces = range(0, len(which), CALL)
        _in_threads(one, pieces, len(which), self.workers, self.progress)


def _in_threads(
    one: Callable[[int], int],
    pieces: Sequence[int],
    total: int,
    workers: int,
    progress: Progress | None,
) -> None:
    """Do all pieces; Ctrl-C is seen between pieces."""
    done, waiting = 0, iter(pieces)
    with ThreadPoolExecutor(workers) as pool:
        pending: set[Any] = {pool.submit(one, piece) for piece in islice(waiting, workers)}
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            done += sum(future.result() for future in finished)
            pending |= {pool.submit(one, piece) for piece in islice(waiting, len(finished))}
            if progress:
                progress(done, total)
