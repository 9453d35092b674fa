"""The stiff fallback of a committee's flow: SciPy's Radau on the same compiled right-hand side."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray
#: Evaluations after which it is given up.
MOST = 100_000


class _TooManyError(Exception):
    """Evaluations of the right-hand side."""


def go_on(
    package: Any, numbers: Array, t: float, state: Array, times: Array,
    bounds: tuple[float, float], out: Array,
) -> tuple[int, int, int]:  # fmt: skip
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
    status, stored, evaluations
        A status of the loop, how many times were stored, and how often the right-hand side was
        asked for.
    """
    from scipy.integrate import solve_ivp

    left = [MOST]

    def rhs(time: float, y: Array) -> Array:
        left[0] -= 1
        if left[0] < 0:
            raise _TooManyError
        slope = np.empty_like(y)
        package.rhs(time, y, numbers, slope)
        return slope

    huge = package.beyond_measure(state, state.size)

    def size(_: float, y: Array) -> float:
        return float(huge - np.abs(y).max())

    size.terminal = True  # type: ignore[attr-defined]  # SciPy's way to stop at an event
    try:
        solution = solve_ivp(rhs, (t, times[-1]), state, method="Radau", t_eval=times,
                             rtol=bounds[0], atol=bounds[1], events=size)  # fmt: skip
    except _TooManyError:
        return package.TOO_MANY_STEPS, 0, MOST
    stored = np.size(solution.t)
    if stored:  # else SciPy gives lists
        out[:stored] = solution.y.T
        state[:] = out[stored - 1]
    status = package.COMPLETE if solution.status == 0 else package.DIVERGED
    return status, stored, int(solution.nfev)
