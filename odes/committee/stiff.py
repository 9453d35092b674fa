"""The stiff fallback of a committee's flow: SciPy's Radau on the same compiled right-hand side."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..radau import radau

Array = np.ndarray


def go_on(
    package: Any, numbers: Array, t: float, state: Array, times: Array,
    bounds: tuple[float, float], out: Array,
) -> tuple[int, int]:  # fmt: skip
    """Go on with a flow from where the explicit method gave up.

    Parameters
    ----------
    package, numbers
        The compiled flow, and what it takes.
    t, state
        Where it is; the state is left where it gets to.
    times
        Stored times that are still to come.
    bounds
        Relative and absolute, on the error of a step.
    out
        Output, a row for each of them.

    Returns
    -------
    status, stored
        A status of the loop, and how many times were stored.
    """

    def rhs(time: float, y: Array) -> Array:
        slope = np.empty_like(y)
        package.rhs(time, y, numbers, slope)
        return slope

    huge = package.beyond_measure(state, state.size)
    found = radau(rhs, None, (t, state), times, bounds, lambda y: float(np.abs(y).max()), huge, out)
    if found.stored:
        state[:] = out[found.stored - 1]
    if found.trouble:
        return package.TOO_MANY_STEPS, found.stored
    return (package.DIVERGED if found.diverged else package.COMPLETE), found.stored
