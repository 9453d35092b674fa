"""Template: one inertial flow, stored at given times, by exponential Adams steps."""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .controller import (
    COMPLETE,
    DIVERGED,
    LEAST_ERROR,
    SAFETY,
    SHORTEST,
    TOO_MANY_STEPS,
    beyond_measure,
    time_left,
    vanishes,
)
from .exponential import HIGHEST_ORDER, RATES, differences, step_weights
from .led import led, rate_of, sources, state_of
from .system import LENGTH, ORDERS, SIZE, jacobian, learning_rate, observables

#: The longest step after another.
LONGER = 2.0


@kernel
def predict(
    h: float, kappa: float, nodes: np.ndarray, count: int, u: np.ndarray, table: np.ndarray,
    weights: np.ndarray, kept: np.ndarray, work: np.ndarray, trial: np.ndarray,
) -> None:  # fmt: skip
    """The end of a step from the polynomial through the last points; fills the weights."""
    for r in range(RATES):
        kept[r] = step_weights(h, r * kappa, nodes, count, weights[r], work[0], work[1])
    for i in range(SIZE):
        r = rate_of(i)
        trial[i] = kept[r] * u[i]
        for j in range(count):
            trial[i] += weights[r, j] * table[j, i]


@kernel
def correct(
    nodes: np.ndarray, count: int, u: np.ndarray, far: float, found: np.ndarray,
    table: np.ndarray, weights: np.ndarray, rtol: float, atol: float, trial: np.ndarray,
) -> float:  # fmt: skip
    """Put the new point into the polynomial; the error in units of tolerance.

    That is what the oldest point changed. Velocities count by where they lead.
    """
    worst = 0.0
    for i in range(SIZE):
        value, basis = 0.0, 1.0
        for j in range(count):
            value += basis * table[j, i]
            basis *= 1.0 - nodes[j]
        top = table[count, i] = (found[i] - value) / basis
        r = rate_of(i)
        trial[i] += weights[r, count] * top
        less = weights[r, count] - (1.0 - nodes[count - 1]) * weights[r, count - 1]
        error = top * less * (1.0 if r == 0 else min(1.0, far))
        worst += (error / (atol + rtol * max(abs(u[i]), abs(trial[i])))) ** 2
    return math.sqrt(worst / SIZE)


@kernel
def within(
    x: float, h: float, kappa: float, nodes: np.ndarray, count: int, u: np.ndarray,
    table: np.ndarray, work: np.ndarray, trial: np.ndarray,
) -> None:  # fmt: skip
    """The state led to at the fraction x of a step whose polynomial is complete."""
    for j in range(count + 1):
        work[3, j] = nodes[j] / x
    for r in range(RATES):
        kept = step_weights(x * h, r * kappa, work[3], count + 1, work[2], work[0], work[1])
        for i in range(SIZE):
            if rate_of(i) == r:
                trial[i], power = kept * u[i], 1.0
                for j in range(count + 1):
                    trial[i] += work[2, j] * power * table[j, i]
                    power *= x


@kernel
def attempt(
    t: float, h: float, count: int, u: np.ndarray, p: np.ndarray, bounds: tuple[float, float],
    past: tuple[np.ndarray, np.ndarray], polynomial: tuple[np.ndarray, ...],
    scratch: tuple[np.ndarray, ...], ends: tuple[np.ndarray, ...],
) -> float:  # fmt: skip
    """Try a step: predict, evaluate, correct, evaluate; its error in units of tolerance."""
    when, values = past
    nodes, table, weights, kept = polynomial
    work, dy = scratch
    trial, near, found = ends
    rtol, atol = bounds
    for j in range(count):
        nodes[j] = (when[j] - t) / h
    nodes[count] = 1.0
    differences(nodes, count, values, table)
    predict(h, p[p.size - 2], nodes, count, u, table, weights, kept, work, trial)
    sources(t + h, trial, p, near, dy, found)
    far = learning_rate(t + h, p[0]) / p[p.size - 2]
    error = correct(nodes, count, u, far, found, table, weights, rtol, atol, trial)
    if not error <= 1.0:
        return error
    sources(t + h, trial, p, near, dy, found)
    size = 0.0
    for i in range(SIZE):
        size += abs(found[i])
    return error if math.isfinite(size) else math.inf


@kernel
def next_length(h: float, error: float, order: float) -> float:
    """The length of the next step, after one whose error is of that order and counts up to 1."""
    if not error < 1e300:
        return h * SHORTEST
    wanted: float = SAFETY * max(error, LEAST_ERROR) ** (-1.0 / order)
    return h * min(LONGER, max(SHORTEST, wanted))


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
    """Integrate a flow and store it at given times; arguments and results as in `loop`."""
    u, ends = np.empty(SIZE), (np.empty(SIZE), np.empty(SIZE), np.empty(SIZE))
    past = np.empty(HIGHEST_ORDER), np.empty((HIGHEST_ORDER, SIZE))
    scratch = np.empty((4, HIGHEST_ORDER + 4)), np.empty(SIZE)
    nodes, table = np.empty(HIGHEST_ORDER + 1), np.empty((HIGHEST_ORDER + 1, SIZE))
    polynomial = nodes, table, np.empty((RATES, HIGHEST_ORDER + 2)), np.empty(RATES)
    led(t, y, p, u)
    sources(t, u, p, ends[1], scratch[1], past[1][0])
    past[0][0] = reached[0] = t
    h = first_length(u, past[1][0], p[p.size - 2], rtol, atol)
    first = min(h, time_left(t, times))
    huge = beyond_measure(y, ORDERS)
    count, steps, failures = 1, 0, 0
    stored = store_start(y, t, times, out)
    while stored < times.size:
        if steps >= max_steps:
            return TOO_MANY_STEPS, stored, steps
        steps += 1
        error = attempt(t, h, count, u, p, (rtol, atol), past, polynomial, scratch, ends)
        order = count + 1.0
        if error <= 1.0:
            while stored < times.size and times[stored] <= t + h:
                x = (times[stored] - t) / h
                within(x, h, p[p.size - 2], nodes, count, u, table, scratch[0], scratch[1])
                state_of(times[stored], scratch[1], p, out[stored])
                stored += 1
            t += h
            reached[0], failures = t, 0
            if accept(t, count, past, ends, u, y) > huge:
                return DIVERGED, stored, steps
            count = min(HIGHEST_ORDER, count + 1)
        else:
            failures += 1
            if failures > 1:  # what lies behind does not tell what comes
                count = max(1, count - 1)
        h = next_length(h, error, order)
        if vanishes(h, t, first):
            return DIVERGED, stored, steps
    return COMPLETE, stored, steps


@kernel
def store_start(y: np.ndarray, t: float, times: np.ndarray, out: np.ndarray) -> int:
    """Store the start at the times up to it; how many there are."""
    stored = 0
    while stored < times.size and times[stored] <= t:
        for i in range(SIZE):
            out[stored, i] = y[i]
        stored += 1
    return stored


@kernel
def accept(
    t: float, count: int, past: tuple[np.ndarray, np.ndarray], ends: tuple[np.ndarray, ...],
    u: np.ndarray, y: np.ndarray,
) -> float:  # fmt: skip
    """Make the end of a step the state, and the newest point; its largest order parameter."""
    when, values = past
    trial, near, found = ends
    for j in range(min(count, HIGHEST_ORDER - 1), 0, -1):
        when[j] = when[j - 1]
        for i in range(SIZE):
            values[j, i] = values[j - 1, i]
    when[0], size = t, 0.0
    for i in range(SIZE):
        values[0, i], u[i], y[i] = found[i], trial[i], near[i]
    for i in range(ORDERS):  # squared velocities may be far larger
        size = max(size, abs(y[i]))
    return size


@kernel
def first_length(u: np.ndarray, slope: np.ndarray, kappa: float, rtol: float, atol: float) -> float:
    """A first step, of order one: of the root of the tolerance in units of the fastest change."""
    size = speed = 0.0
    for i in range(LENGTH + 1):
        tolerance = atol + rtol * abs(u[i])
        size += (u[i] / tolerance) ** 2
        speed += (slope[i] / tolerance) ** 2
    own = math.sqrt(size / speed) if speed > 0.0 and size > 0.0 else 1.0
    return 0.1 * math.sqrt(rtol) * min(own, 1.0 / kappa + own * math.sqrt(rtol))


@kernel
def observe(states: np.ndarray, Q: np.ndarray, error: np.ndarray) -> None:
    """Q and generalisation error of stored states."""
    for i in range(states.shape[0]):
        shown = observables(states[i])
        Q[i], error[i] = shown[0], shown[1]


#: Kept in this module so that the generated one has it too, for the stiff solver.
symbolic_jacobian = jacobian
