"""Template: many flows in lanes, of which the error is watched until it passes levels.

The error of all lanes is one loop. Where it passed a level, which is rare, the step is watched as
that of a flow by itself (`ensemble.watch_error`).
"""

import math

import numpy as np
from bntheory.codegen.jit import lane_kernel

from .controller import FIRST_ERROR, TOO_MANY_STEPS
from .ensemble import start_watch, watch_error
from .lanes import RUNNING, begin_steps, lane_errors, lane_stages, lane_step
from .system import LANES, SIZE, observables_lanes


@lane_kernel
def begin_lanes(
    first: int,
    starts: np.ndarray,
    begun: np.ndarray,
    ends: np.ndarray,
    parameters: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    t: np.ndarray,
    end: np.ndarray,
    before: np.ndarray,
    state: np.ndarray,
) -> None:
    """Put flows, from the ``first`` on, into the lanes; the last lanes repeat the last flow."""
    n, numbers = parameters.shape
    for lane in range(LANES):
        flow = min(first + lane, n - 1)
        for i in range(SIZE):
            y[i, lane] = starts[flow, i]
        for i in range(numbers):
            p[i, lane] = parameters[flow, i]
        t[lane], end[lane] = begun[flow], ends[flow]
        before[lane], state[lane] = FIRST_ERROR, RUNNING


@lane_kernel
def end_lanes(
    first: int,
    y: np.ndarray,
    t: np.ndarray,
    state: np.ndarray,
    starts: np.ndarray,
    begun: np.ndarray,
    status: np.ndarray,
) -> None:
    """Put what the lanes hold back to the flows from the ``first`` on."""
    for lane in range(min(LANES, starts.shape[0] - first)):
        for i in range(SIZE):
            starts[first + lane, i] = y[i, lane]
        begun[first + lane] = t[lane]
        status[first + lane] = state[lane] if state[lane] != RUNNING else TOO_MANY_STEPS


@lane_kernel
def start_watches(first: int, starts: np.ndarray, begun: np.ndarray, watches: np.ndarray) -> None:
    """`start_watch` of the flows in the lanes that are at their start."""
    for flow in range(first, min(first + LANES, starts.shape[0])):
        if begun[flow] == 0.0:
            start_watch(starts[flow], watches[flow])


@lane_kernel
def passes(watch: np.ndarray, after: float) -> bool:
    """Whether a step to an error passes a level."""
    passed = False
    for w in range(4, watch.size, 2):
        passed = passed or (watch[w + 1] == math.inf and after <= watch[w])
    return passed


@lane_kernel
def watch_lanes(
    first: int,
    t: np.ndarray,
    h: np.ndarray,
    y: np.ndarray,
    k: np.ndarray,
    trial: np.ndarray,
    error: np.ndarray,
    state: np.ndarray,
    shown: np.ndarray,
    own: np.ndarray,
    watches: np.ndarray,
) -> None:
    """Note which levels the errors passed in the steps that are accepted.

    ``shown`` holds the observables of all lanes, ``own`` the numbers of one lane's step: its
    state, its end and its slopes, shape (9, SIZE).
    """
    observables_lanes(trial, shown)
    for lane in range(min(LANES, watches.shape[0] - first)):
        watch = watches[first + lane]
        if state[lane] != RUNNING or not error[lane] <= 1.0:
            continue
        if passes(watch, shown[1, lane]):
            for i in range(SIZE):
                own[0, i], own[1, i] = y[i, lane], trial[i, lane]
                for j in range(7):
                    own[2 + j, i] = k[j, i, lane]
            watch_error(t[lane], h[lane], own[0], own[2:], own[1], watch)
        else:
            watch[0] = shown[1, lane]


@lane_kernel
def watched_in_lanes(
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
    """Integrate many flows to their ends; arguments as those of `flows`, with rows to watch."""
    n, numbers = parameters.shape
    y, trial, k = np.empty((SIZE, LANES)), np.empty((SIZE, LANES)), np.empty((7, SIZE, LANES))
    p, t, h, end = np.empty((numbers, LANES)), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    error, before, later = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    first_h, state = np.empty(LANES), np.empty(LANES, dtype=np.int64)
    scratch, shown, own = np.empty((4, LANES)), np.empty((2, LANES)), np.empty((9, SIZE))
    for first in range(0, n, LANES):
        start_watches(first, starts, begun, watches)
        begin_lanes(first, starts, begun, ends, parameters, y, p, t, end, before, state)
        begin_steps(t, y, p, table, end, rtol, atol, k, h, first_h, scratch[3])
        for _ in range(max_steps):
            lane_stages(t, h, y, p, table, k, trial, later)
            lane_errors(h, y, k, trial, rtol, atol, error)
            watch_lanes(first, t, h, y, k, trial, error, state, shown, own, watches)
            if lane_step(t, h, first_h, end, y, k, trial, error, before, scratch, state) == 0:
                break
        end_lanes(first, y, t, state, starts, begun, status)
