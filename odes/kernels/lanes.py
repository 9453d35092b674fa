"""Template: many flows in lock-step, one in each lane of a loop that becomes SIMD code.

The method is that of the integrator, with a step size of its own in every lane; a lane that
has arrived takes steps of length zero until its neighbours have arrived too, so flows with like
parameters should be neighbours.
"""

import math

import numpy as np
from bntheory.codegen.jit import inlined_kernel, lane_kernel

from .controller import (
    COMPLETE,
    DIVERGED,
    FIRST_ERROR,
    LEAST_ERROR,
    LONGEST,
    SAFETY,
    SHORTEST,
    SMALLEST_STEP,
    TOO_MANY_STEPS,
    beyond_measure,
)
from .lane_trial import early_trial, late_trial
from .system import LANES, ORDERS, SIZE, rhs_lanes
from .tableau import ESTIMATE, NODES

RUNNING = -1


@lane_kernel
def lane_stages(
    t: np.ndarray,
    h: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    table: np.ndarray,
    k: np.ndarray,
    trial: np.ndarray,
    later: np.ndarray,
) -> None:
    """The stages of one step of every lane; ``trial`` is where it leads."""
    for stage in range(6):
        if stage < 3:
            early_trial(stage, h, y, k, trial)
        else:
            late_trial(stage, h, y, k, trial)
        for lane in range(LANES):
            later[lane] = t[lane] + NODES[stage] * h[lane]
        rhs_lanes(later, trial, p, table, k[stage + 1])


@lane_kernel
def lane_errors(
    h: np.ndarray,
    y: np.ndarray,
    k: np.ndarray,
    trial: np.ndarray,
    rtol: float,
    atol: float,
    error: np.ndarray,
) -> None:
    """The error of every lane's step, in units of tolerance."""
    error[:] = 0.0
    for i in range(SIZE):
        for lane in range(LANES):
            estimate = ESTIMATE[0] * k[0, i, lane]
            for j in range(1, 7):
                estimate += ESTIMATE[j] * k[j, i, lane]
            tolerance = atol + rtol * max(abs(y[i, lane]), abs(trial[i, lane]))
            error[lane] += (h[lane] * estimate / tolerance) ** 2
    for lane in range(LANES):
        error[lane] = math.sqrt(error[lane] / SIZE)


@inlined_kernel
def lane_accept(
    went: np.ndarray, y: np.ndarray, k: np.ndarray, trial: np.ndarray, size: np.ndarray
) -> None:
    """Make the ends of steps that count the states; ``size`` is the largest order parameter."""
    size[:] = 0.0
    for i in range(SIZE):
        for lane in range(LANES):
            y[i, lane] = trial[i, lane] if went[lane] > 0.0 else y[i, lane]
        for lane in range(LANES):
            k[0, i, lane] = k[6, i, lane] if went[lane] > 0.0 else k[0, i, lane]
    for i in range(ORDERS):
        for lane in range(LANES):
            size[lane] = max(size[lane], abs(y[i, lane]))


@inlined_kernel
def lane_next(error: np.ndarray, before: np.ndarray, factor: np.ndarray) -> None:
    """`controller.next_step` by roots: by which factor the steps that come next are longer.

    Every lane does all, and keeps what is its: without branches.
    """
    for lane in range(LANES):
        found = error[lane]
        low = max(found, LEAST_ERROR)
        quarter = math.sqrt(math.sqrt(before[lane] / (low * low)))
        longer = min(LONGEST, max(SHORTEST, SAFETY * math.sqrt(math.sqrt(quarter))))
        shorter = max(SHORTEST, SAFETY / math.sqrt(math.sqrt(found)))
        shorter = shorter if found < math.inf else SHORTEST
        factor[lane] = longer if found <= 1.0 else shorter
        before[lane] = low if found <= 1.0 else before[lane]


@lane_kernel
def lane_step(
    t: np.ndarray,
    h: np.ndarray,
    first: np.ndarray,
    ends: np.ndarray,
    y: np.ndarray,
    k: np.ndarray,
    trial: np.ndarray,
    error: np.ndarray,
    before: np.ndarray,
    scratch: np.ndarray,
    status: np.ndarray,
) -> int:
    """Accept or reject every lane's step and choose the next; how many are still on the way.

    Many loops of few arrays: what is written is compared with what is read before each becomes
    SIMD code, and with many arrays it becomes none. ``scratch`` is of shape (4, LANES), and ends in
    the sizes at which lanes count as diverged.
    """
    went, size, factor, huge = scratch[0], scratch[1], scratch[2], scratch[3]
    for lane in range(LANES):
        went[lane] = 1.0 if (status[lane] == RUNNING) & (error[lane] <= 1.0) else 0.0
    lane_accept(went, y, k, trial, size)
    lane_next(error, before, factor)
    for lane in range(LANES):
        t[lane] += h[lane] if went[lane] > 0.0 else 0.0
    for lane in range(LANES):
        h[lane] *= factor[lane]
    for lane in range(LANES):
        least = SMALLEST_STEP * max(t[lane], first[lane])
        size[lane] = math.inf if h[lane] < least else size[lane]
    for lane in range(LANES):
        arrived = (went[lane] > 0.0) & (t[lane] >= ends[lane] * (1.0 - 1e-15))
        factor[lane] = 1.0 if arrived else 0.0
    for lane in range(LANES):
        arrived = COMPLETE if factor[lane] > 0.0 else RUNNING
        ended = DIVERGED if size[lane] > huge[lane] else arrived
        status[lane] = ended if status[lane] == RUNNING else status[lane]
    for lane in range(LANES):
        left = min(h[lane], ends[lane] - t[lane])
        h[lane] = left if status[lane] == RUNNING else 0.0
    running = 0
    for lane in range(LANES):
        running += status[lane] == RUNNING
    return running


@lane_kernel
def lane_first_steps(
    y: np.ndarray, slopes: np.ndarray, rtol: float, atol: float, first: np.ndarray
) -> None:
    """`first_step` of every lane."""
    for lane in range(LANES):
        size = speed = 0.0
        for i in range(SIZE):
            tolerance = atol + rtol * abs(y[i, lane])
            size += (y[i, lane] / tolerance) ** 2
            speed += (slopes[i, lane] / tolerance) ** 2
        known = speed > 0.0 and size > 0.0
        first[lane] = 0.01 * math.sqrt(size / speed) if known else 1e-6


@lane_kernel
def begin_steps(
    t: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    table: np.ndarray,
    end: np.ndarray,
    rtol: float,
    atol: float,
    k: np.ndarray,
    h: np.ndarray,
    first_h: np.ndarray,
    huge: np.ndarray,
) -> None:
    """The first slopes and steps, and the size at which a lane counts as diverged."""
    rhs_lanes(t, y, p, table, k[0])
    lane_first_steps(y, k[0], rtol, atol, first_h)
    for lane in range(LANES):
        h[lane] = first_h[lane] = min(first_h[lane], end[lane] - t[lane])
        huge[lane] = beyond_measure(y[:, lane], ORDERS)


@lane_kernel
def flows_in_lanes(
    starts: np.ndarray,
    begun: np.ndarray,
    ends: np.ndarray,
    parameters: np.ndarray,
    table: np.ndarray,
    rtol: float,
    atol: float,
    max_steps: int,
    status: np.ndarray,
) -> None:
    """Integrate many flows to their ends; arguments as those of `flows`."""
    n, numbers = parameters.shape
    y, trial, k = np.empty((SIZE, LANES)), np.empty((SIZE, LANES)), np.empty((7, SIZE, LANES))
    p, t, h, end = np.empty((numbers, LANES)), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    error, before, later = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    first_h, state = np.empty(LANES), np.empty(LANES, dtype=np.int64)
    scratch = np.empty((4, LANES))
    for first in range(0, n, LANES):
        for lane in range(LANES):
            flow = min(first + lane, n - 1)  # the last lanes repeat the last flow
            for i in range(SIZE):
                y[i, lane] = starts[flow, i]
            for i in range(numbers):
                p[i, lane] = parameters[flow, i]
            t[lane], end[lane] = begun[flow], ends[flow]
            before[lane], state[lane] = FIRST_ERROR, RUNNING
        begin_steps(t, y, p, table, end, rtol, atol, k, h, first_h, scratch[3])
        for _ in range(max_steps):
            lane_stages(t, h, y, p, table, k, trial, later)
            lane_errors(h, y, k, trial, rtol, atol, error)
            if lane_step(t, h, first_h, end, y, k, trial, error, before, scratch, state) == 0:
                break
        for lane in range(min(LANES, n - first)):
            for i in range(SIZE):
                starts[first + lane, i] = y[i, lane]
            begun[first + lane] = t[lane]
            arrived = state[lane] != RUNNING
            status[first + lane] = state[lane] if arrived else TOO_MANY_STEPS
