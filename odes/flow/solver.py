"""`solve_flows`: the one way to solve flows, one or a million of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

import numpy as np

from ...teacher_student.problem import Problem
from .bounds import Bounds
from .known_moments import Tables
from .records import ATOL, RTOL, Record
from .rows import Flows, at_start

Array = np.ndarray
Progress = Callable[[int, int], None]


def solve_flows(
    problem: Problem,
    columns: Mapping[str, Array],
    record: Record,
    *,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_steps: int | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    building: Progress | None = None,
) -> Flows:
    """Solve flows that share their formulas, through as many tables of moments as they pass.

    Parameters
    ----------
    problem
        Everything that no column gives.
    columns
        Values by the problem's parameter name, each of shape (flows,); with none there is one
        flow, the problem's own.
    record
        What is kept, filled in: `odes.flow.records.AtTimes` or `AtEnd`.
    rtol, atol
        Bounds on the error of a step.
    max_steps
        Explicit steps tried, if not the record's own.
    workers
        Threads; one a core by default.
    progress
        Called with (flows done, flows in all).
    building
        Called with (work done, work in all) while a table is built.

    Returns
    -------
    Flows
        Where they ended, and how.

    Examples
    --------
    >>> from bntheory.odes.flow.records import AtEnd
    >>> rates = {"eta": np.array([0.1, 0.2])}
    >>> flows = solve_flows(Problem(scheme="wn"), rates, AtEnd(np.full(2, 200.0)))
    >>> bool((flows.states[:, 1] > 0.99).all())
    True
    """
    bounds = Bounds(rtol, atol, record.max_steps if max_steps is None else max_steps)
    flows = at_start(problem, columns)
    advance(flows, record, bounds, workers=workers, progress=progress, building=building)
    return flows


def advance(
    flows: Flows,
    record: Record,
    bounds: Bounds,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    building: Progress | None = None,
) -> None:
    """Advance flows from where they are to their ends, in place; arguments as `solve_flows`."""
    tables = Tables(flows, building)
    record.begin(flows)

    def one(part: Array) -> int:
        record.advance(flows, part, bounds)
        return len(part)

    going = tables.enter(np.arange(len(flows)))
    while going.size:
        parts = [going[first : first + record.call] for first in range(0, len(going), record.call)]
        _in_threads(one, parts, workers or os.cpu_count() or 1, progress)
        going = tables.enter(tables.at_edge(going))
    flows.moments_error = tables.error
    record.finish(flows, bounds)


def _in_threads(
    one: Callable[[Array], int], parts: list[Array], workers: int, progress: Progress | None
) -> None:
    """Do all parts; Ctrl-C is seen between parts."""
    total = sum(map(len, parts))
    if len(parts) == 1:
        done = one(parts[0])
        if progress:
            progress(done, total)
        return
    done, waiting = 0, iter(parts)
    with ThreadPoolExecutor(workers) as pool:
        pending: set[Any] = {pool.submit(one, part) for part in islice(waiting, workers)}
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            done += sum(future.result() for future in finished)
            pending |= {pool.submit(one, part) for part in islice(waiting, len(finished))}
            if progress:
                progress(done, total)
