"""The stiff fallback: SciPy's Radau, with the symbolic Jacobian where there is one."""

from __future__ import annotations

import numpy as np

from ..radau import radau
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
    kernels, p, state = flows.kernels, flows.row(k), flows.states[k]

    def rhs(time: float, state: Array) -> Array:
        slope = np.empty_like(state)
        kernels.rhs(time, state, p, slope)
        return slope

    def jacobian(time: float, state: Array) -> Array:
        matrix = np.empty((state.size, state.size))
        kernels.symbolic_jacobian(time, state, p, matrix)
        return matrix

    found = radau(
        rhs, jacobian if kernels.HAS_JACOBIAN else None, (float(flows.times[k]), state), times,
        (rtol, atol), lambda y: float(np.abs(y[: kernels.ORDERS]).max()),
        kernels.beyond_measure(state, kernels.ORDERS), out,
    )  # fmt: skip
    if found.diverged:
        return kernels.DIVERGED, f"; diverged at t = {found.t:g}", found.stored
    if found.trouble:
        return FAILED, f"; it failed at t = {found.t:g}: {found.trouble}", found.stored
    return kernels.COMPLETE, "", found.stored
