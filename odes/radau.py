"""SciPy's Radau, step by step and with a budget: what follows a flow that is stiff."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray
Function = Callable[[float, Array], Array]
#: Evaluations of the right-hand side after which it is given up.
MOST = 100_000


class Followed(NamedTuple):
    """How far Radau got.

    Attributes
    ----------
    stored
        How many of the times asked for were stored.
    t
        Where it is.
    diverged
        Whether an order parameter is beyond measure there.
    trouble
        Why it got no further; empty else.
    """

    stored: int
    t: float
    diverged: bool
    trouble: str


def radau(
    rhs: Function, jacobian: Function | None, start: tuple[float, Array], times: Array,
    bounds: tuple[float, float], largest: Callable[[Array], float], huge: float, out: Array,
) -> Followed:  # fmt: skip
    """Follow a flow by SciPy's Radau, for `MOST` evaluations.

    Parameters
    ----------
    rhs, jacobian
        Of time and state; without a Jacobian it is found by differences.
    start
        Time and state.
    times
        Stored times that are still to come.
    bounds
        Relative and absolute, on the error of a step.
    largest, huge
        What is measured of a state, and from where on it has diverged.
    out
        Output, a row for each time.
    """
    from scipy.integrate import Radau

    left, stored = [MOST], 0

    def counted(time: float, state: Array) -> Array:
        left[0] -= 1
        return rhs(time, state)

    solver = Radau(counted, *start, times[-1], rtol=bounds[0], atol=bounds[1], jac=jacobian)
    while solver.status == "running" and left[0] > 0:
        trouble = solver.step()
        if solver.status == "failed":
            return Followed(stored, solver.t, False, str(trouble))
        within, last = solver.dense_output(), np.searchsorted(times, solver.t, side="right")
        for row in map(within, times[stored:last]):
            if largest(row) > huge:
                break
            out[stored] = row
            stored += 1
        if largest(solver.y) > huge:
            return Followed(stored, solver.t, True, "")
    return Followed(stored, solver.t, False, too_many() if solver.status == "running" else "")


def too_many() -> str:
    """What is said of a flow that is given up."""
    return f"SciPy's Radau did not get further in {MOST} evaluations"
