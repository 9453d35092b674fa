"""One run from its beginning to its end, in calls that Ctrl-C can come between."""

from __future__ import annotations

from collections.abc import Callable

from .run import AnyRun
from .runs import Array

#: One compiled call draws about this many normals, so that Ctrl-C is seen within a second.
NORMALS_A_CALL = 2e7


def _pieces(steps: Array, normals_a_step: int) -> list[tuple[int, int]]:
    """Ranges of stored steps that one compiled call does at a time."""
    pieces, first = [], 0
    for last in range(1, len(steps) + 1):
        begun = steps[first - 1] if first else 0
        if last == len(steps) or (steps[last] - begun) * normals_a_step > NORMALS_A_CALL:
            pieces.append((first, last))
            first = last
    return pieces


def run_rows(run: AnyRun, steps: Array, stopped: Callable[[], bool]) -> Array | None:
    """Do one run: a row a stored step.

    Gamma, beta, R, L, running mean and variance; of committees gamma, beta, A, C.

    None if it was stopped.

    A run that leaves the finite numbers has fewer rows.
    """
    reached = 0
    for first, last in _pieces(steps, run.normals_a_step):
        if stopped():
            return None
        reached = run.advance(first, last)
        if reached < last:
            break
    return run.rows[:reached]
