"""Template: one flow, stored at given times."""

import numpy as np
from bntheory.codegen.jit import kernel

from .controller import (
    COMPLETE,
    DIVERGED,
    FIRST_ERROR,
    TOO_MANY_STEPS,
    beyond_measure,
    next_step,
    time_left,
    vanishes,
)
from .step import accept, first_step, interpolate, take_step
from .system import ORDERS, SIZE, jacobian, observables, rhs


@kernel
def integrate(
    y: np.ndarray,
    times: np.ndarray,
    p: np.ndarray,
    rtol: float,
    atol: float,
    max_steps: int,
    out: np.ndarray,
    reached: np.ndarray,
    t: float = 0.0,
) -> tuple[int, int, int]:
    """Integrate a flow and store it at given times.

    Parameters
    ----------
    y
        State at the start, shape (SIZE,); left at the last accepted state.
    times
        Increasing stored times, shape (T,).
    p
        Parameters: eta, gamma_rate, zeta, noise, batch size, weight decay.
    rtol, atol
        Bounds on the error of a step, relative and absolute.
    max_steps
        Steps tried at most.
    out
        Output, shape (T, SIZE).
    reached
        Output: the time reached.
    t
        Time of the start.

    Returns
    -------
    status, stored, steps
        A status above, how many times were stored, how many steps were tried.
    """
    k, trial = np.empty((7, SIZE)), np.empty(SIZE)
    stored, steps = 0, 0
    rhs(t, y, p, k[0])
    h = first_step(t, y, p, rtol, atol, k)
    first = min(h, time_left(t, times))
    before, huge = FIRST_ERROR, beyond_measure(y, ORDERS)
    status = COMPLETE
    while stored < times.size and times[stored] <= t:
        for i in range(SIZE):  # `out[stored] = y` would compile numba's message on shapes: 2 s
            out[stored, i] = y[i]
        stored += 1
    while stored < times.size:
        if steps >= max_steps:
            status = TOO_MANY_STEPS
            break
        steps += 1
        error = take_step(t, h, y, p, rtol, atol, k, trial)
        if error <= 1.0:
            while stored < times.size and times[stored] <= t + h:
                interpolate((times[stored] - t) / h, h, y, k, out[stored])
                stored += 1
            t += h
            if accept(y, k, trial) > huge:
                status = DIVERGED
                break
        h, before = next_step(h, error, before, False)
        if vanishes(h, t, first):
            status = DIVERGED
            break
    reached[0] = t
    return status, stored, steps


@kernel
def observe(states: np.ndarray, Q: np.ndarray, error: np.ndarray) -> None:
    """Q and generalisation error of stored states."""
    for i in range(states.shape[0]):
        shown = observables(states[i])
        Q[i], error[i] = shown[0], shown[1]


#: Kept in this module so that the generated one has it too, for the stiff solver.
symbolic_jacobian = jacobian
