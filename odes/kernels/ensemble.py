"""Template: many flows of one problem's formulas, of which only a few numbers are kept.

Memory does not grow with the length of a flow. Levels of the error are watched only if asked
for, since an error by quadrature costs more than a step.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .controller import (
    COMPLETE,
    DIVERGED,
    FIRST_ERROR,
    TOO_MANY_STEPS,
    beyond_measure,
    next_step,
    vanishes,
)
from .step import accept, first_step, interpolate, take_step
from .system import ORDERS, SIZE, observables, rhs

#: A plateau is the longest stay between two levels of the error that are this factor apart.
PLATEAU_STEP = 0.9


@kernel
def flow_to(
    y: np.ndarray,
    begun: float,
    end: float,
    p: np.ndarray,
    rtol: float,
    atol: float,
    max_steps: int,
    watch: np.ndarray,
) -> tuple[int, float]:
    """Integrate one flow to its end; the status and the time reached. ``y`` becomes the last state.

    Parameters
    ----------
    begun
        The time of ``y``; what is watched was begun at time 0.
    watch
        An array for `watch_error`, or an empty one when nothing is watched.
    """
    k, trial = np.empty((7, SIZE)), np.empty(SIZE)
    t = begun
    rhs(t, y, p, k[0])
    h = first = min(end - begun, first_step(t, y, p, rtol, atol, k))
    before, huge = FIRST_ERROR, beyond_measure(y, ORDERS)
    if watch.size and begun == 0.0:
        start_watch(y, watch)
    for _ in range(max_steps):
        last = t + h >= end
        if last:
            h = end - t
        error = take_step(t, h, y, p, rtol, atol, k, trial)
        if error <= 1.0:
            if watch.size:
                watch_error(t, h, y, k, trial, watch)
            t += h
            if accept(y, k, trial) > huge:
                return DIVERGED, t
            if last:
                return COMPLETE, t
        h, before = next_step(h, error, before, False)
        if vanishes(h, t, first):
            return DIVERGED, t
    return TOO_MANY_STEPS, t


# --- the error, watched ------------------------------------------------------------------------
# watch = [error now, plateau level, time it was reached, longest plateau,
#          wanted level 1, time it was reached, wanted level 2, ...]
# A plateau level below 0: plateaus are not wanted.


@kernel
def start_watch(y: np.ndarray, watch: np.ndarray) -> None:
    """Begin at time 0."""
    error = observables(y)[1]
    watch[0], watch[2], watch[3] = error, 0.0, 0.0
    watch[1] = error * PLATEAU_STEP if watch[1] >= 0.0 else watch[1]
    for w in range(4, watch.size, 2):
        watch[w + 1] = 0.0 if error <= watch[w] else math.inf


@kernel
def watch_error(
    t: float, h: float, y: np.ndarray, k: np.ndarray, trial: np.ndarray, watch: np.ndarray
) -> None:
    """Note which levels the error passed in a step that was accepted."""
    before, after = watch[0], observables(trial)[1]
    watch[0] = after
    for w in range(4, watch.size, 2):
        if watch[w + 1] == math.inf and after <= watch[w]:
            watch[w + 1] = t + h * crossing(watch[w], h, y, k, before, after)
    while 0.0 < after <= watch[1]:
        at = t + h * min(1.0, max(0.0, math.log(before / watch[1]) / math.log(before / after)))
        watch[3] = max(watch[3], at - watch[2])
        watch[1] *= PLATEAU_STEP
        watch[2] = at


@kernel
def crossing(
    level: float, h: float, y: np.ndarray, k: np.ndarray, before: float, after: float
) -> float:
    """The fraction of a step at which the error passes a level: regula falsi (Illinois)."""
    left, right = 0.0, 1.0
    above, below = before - level, after - level
    row, x = np.empty(SIZE), 1.0
    for _ in range(60):
        if below == 0.0 or right - left < 1e-12:
            break
        x = left + (right - left) * above / (above - below)
        interpolate(x, h, y, k, row)
        value = observables(row)[1] - level
        if abs(value) < 1e-13 * level:
            break
        if value > 0.0:
            left, above, below = x, value, 0.5 * below
        else:
            right, below, above = x, value, 0.5 * above
    return x


@kernel
def flows(
    starts: np.ndarray,
    begun: np.ndarray,
    ends: np.ndarray,
    parameters: np.ndarray,
    table: np.ndarray,
    rtol: float,
    atol: float,
    max_steps: int,
    watches: np.ndarray,
    status: np.ndarray,
) -> None:
    """Integrate many flows, one after the other.

    Parameters
    ----------
    starts
        Shape (flows, SIZE); become the last states.
    begun
        Times of the starts, shape (flows,); become the times reached.
    ends
        End times, shape (flows,).
    parameters
        Rows of parameters, shape (flows, parameters).
    table
        What comes after each of them: the table of moments of all flows, or nothing.
    watches
        Shape (flows, 0) if no error is watched; otherwise rows as above.
    status
        Output, shape (flows,).
    """
    own = parameters.shape[1]
    p = np.empty(own + table.size)
    for j in range(table.size):
        p[own + j] = table[j]
    for i in range(starts.shape[0]):
        for j in range(own):
            p[j] = parameters[i, j]
        status[i], begun[i] = flow_to(
            starts[i], begun[i], ends[i], p, rtol, atol, max_steps, watches[i]
        )
