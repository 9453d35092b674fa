"""Many flows that share their formulas: rows of numbers in, a few numbers a flow out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ..teacher_student.problem import Problem
from .flow import ATOL, RTOL, flow_kernels, parameters

Array = np.ndarray
#: Where a problem's number stands in a row of parameters (see `parameters`).
COLUMNS = {name: k for k, name in enumerate(
    ("eta", "gamma_rate", "zeta", "noise", "batch_size", "weight_decay"))}  # fmt: skip
STARTS = ("q0", "r0", "l0")
#: Steps after which a flow is given up as stiff, and flows that one compiled call does.
MAX_STEPS, CALL = 200_000, 512

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
        One of the kernels' ``COMPLETE``, ``DIVERGED``, ``TOO_MANY_STEPS``.
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
        For a batch size at which there is no flow (`odes.flow.flow_table`).
    """
    numbers = np.tile(parameters(problem), (count, 1))
    sizes = columns.get("batch_size", np.empty(0))
    for M in np.unique(sizes):  # each has its own table of moments, and its implied decay
        numbers[sizes == M] = parameters(problem.replace(batch_size=int(M)))
    for name in COLUMNS.keys() & columns.keys():
        numbers[:, COLUMNS[name]] = columns[name]
    starts = np.tile(np.array(problem.start), (count, 1))
    has_gamma = "gamma" in problem.trained_scalars
    place = {"q0": 0 if has_gamma else -1, "r0": -2, "l0": -1}
    for name in STARTS if has_gamma else STARTS[:2]:
        if name in columns:
            starts[:, place[name]] = columns[name]
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
    states, status = np.array(starts), np.zeros(count, dtype=np.int64)
    observed = np.empty((2, count))

    def one(first: int) -> int:
        part = slice(first, min(first + CALL, count))
        common = states[part], ends[part], numbers[part], rtol, atol, MAX_STEPS
        if not watched and hasattr(kernels, "flows_in_lanes"):
            kernels.flows_in_lanes(*common, status[part])
        else:
            kernels.flows(*common, watches[part], status[part])
        kernels.observe(states[part], observed[0, part], observed[1, part])
        return part.stop - part.start

    _in_threads(one, range(0, count, CALL), count, workers or os.cpu_count() or 1, progress)
    plateau = watches[:, 3] if watched else np.zeros(count)
    return Ends(states, observed[0], observed[1], status, plateau, watches[:, 5::2])


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
