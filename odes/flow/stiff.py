"""The stiff fallback: SciPy's Radau, with the symbolic Jacobian where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .rows import FAILED, Flows

Array = np.ndarray


def go_on(
    flows: Flows, k: int, times: Array, out: Array, rtol: float, atol: float
) -> tuple[int, str, int]:
    """Go on with a flow from where the explicit method gave up.

    Parameters
    ----------
    flows, k
        Flows, and which of them.
    times
        Stored times that are still to come.
    out
        Output, a row for each of them.
    rtol, atol
        Bounds on the error of a step.

    Returns
    -------
    status, message, stored
        The message is empty if the end was reached.
    """
    from scipy.integrate import solve_ivp

    kernels = flows.kernels
    rhs, jacobian = _functions(kernels, flows.row(k))

    huge = kernels.beyond_measure(flows.states[k], kernels.ORDERS)

    def size(_: float, state: Array) -> float:
        return float(huge - np.abs(state[: kernels.ORDERS]).max())

    size.terminal = True  # type: ignore[attr-defined]  # SciPy's way to stop at an event
    solution = solve_ivp(
        rhs, (float(flows.times[k]), times[-1]), flows.states[k], method="Radau", t_eval=times,
        jac=jacobian if kernels.HAS_JACOBIAN else None, rtol=rtol, atol=atol, events=size,
    )  # fmt: skip
    stored = np.size(solution.t)
    if stored:  # else SciPy gives lists
        out[:stored] = solution.y.T
    if solution.status == 1:
        return kernels.DIVERGED, f"; diverged at t = {solution.t_events[0][0]:g}", stored
    if not solution.success:
        return FAILED, f"; it failed: {solution.message}", stored
    return kernels.COMPLETE, "", stored


def _functions(kernels: Any, p: Array) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """Right-hand side and Jacobian as SciPy calls them."""

    def rhs(time: float, state: Array) -> Array:
        slope = np.empty_like(state)
        kernels.rhs(time, state, p, slope)
        return slope

    def jacobian(time: float, state: Array) -> Array:
        matrix = np.empty((state.size, state.size))
        kernels.symbolic_jacobian(time, state, p, matrix)
        return matrix

    return rhs, jacobian
