"""The stiff fallback: SciPy's Radau, with the symbolic Jacobian where there is one."""

from __future__ import annotations

import numpy as np

from ...codegen.system import FlowSystem

Array = np.ndarray


def go_on(
    kernels: FlowSystem,
    y: Array,
    t: float,
    p: Array,
    stored: Array,
    count: int,
    out: Array,
    rtol: float,
    atol: float,
    steps: int,
) -> tuple[str, str, int]:
    """Go on from where the explicit method gave up.

    Parameters
    ----------
    kernels
        The flow's compiled functions.
    y, t
        The last accepted state and its time.
    p
        Parameters of the flow.
    stored, count
        All stored times, and how many are filled already.
    out
        Output, rows of the stored times; filled from ``count`` on.
    rtol, atol
        Bounds on the error of a step.
    steps
        How many explicit steps were tried, for the message.

    Returns
    -------
    status, message, stored
    """
    from scipy.integrate import solve_ivp

    def rhs(time: float, state: Array) -> Array:
        slope = np.empty_like(state)
        kernels.rhs(time, state, p, slope)
        return slope

    def jacobian(time: float, state: Array) -> Array:
        matrix = np.empty((state.size, state.size))
        kernels.symbolic_jacobian(time, state, p, matrix)
        return matrix

    def size(_: float, state: Array) -> float:
        return float(kernels.HUGE - np.abs(state).max())

    size.terminal = True  # type: ignore[attr-defined]  # SciPy's way to stop at an event
    solution = solve_ivp(
        rhs,
        (t, stored[-1]),
        y,
        method="Radau",
        t_eval=stored[count:],
        jac=jacobian if kernels.HAS_JACOBIAN else None,
        rtol=rtol,
        atol=atol,
        events=size,
    )
    more = np.size(solution.t)
    if more:  # else SciPy gives lists
        out[count : count + more] = solution.y.T
    message = f"stiff from t = {t:g} on: after {steps} explicit steps SciPy's Radau took over"
    status = "complete"
    if solution.status == 1:
        status = "diverged"
        message += f"; diverged at t = {solution.t_events[0][0]:g}"
    elif not solution.success:
        status = "failed"
        message += f"; it failed: {solution.message}"
    return status, message, count + more
