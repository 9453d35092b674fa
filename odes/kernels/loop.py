"""Template: an adaptive Runge-Kutta pair of order 5(4) with dense output, for one flow.

A method is data, a tableau, and a loop. The tableau is Tsitouras' (Computers & Mathematics with
Applications 62, 770-775, 2011), the last stage of a step the first of the next; the dense
output is his free interpolant of order 4.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import SIZE, jacobian, observables, rhs

NODES = (0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0)
STAGES = np.array(
    [
        [0.161, 0.0, 0.0, 0.0, 0.0, 0.0],
        [-0.008480655492356989, 0.335480655492357, 0.0, 0.0, 0.0, 0.0],
        [2.8971530571054935, -6.359448489975075, 4.3622954328695815, 0.0, 0.0, 0.0],
        [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525, 0, 0],
        [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401,
         -0.028269050394068383, 0.0],
        [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742,
         -3.290069515436081, 2.324710524099774],
    ]
)  # fmt: skip
#: Weights of the embedded error estimate (order 5 minus order 4).
ESTIMATE = (
    -0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
    0.5823571654525552, -0.45808210592918697, 0.015151515151515152,
)  # fmt: skip

COMPLETE, DIVERGED, TOO_MANY_STEPS = 0, 1, 2
#: Beyond this an order parameter counts as diverged; and so does a step this small, relative to
#: the time and to the first step.
HUGE, SMALLEST_STEP = 1e8, 1e-14


@kernel
def interpolate(x: float, h: float, y: np.ndarray, k: np.ndarray, row: np.ndarray) -> None:
    """The state at the fraction x of a step of length h that began at y."""
    x2 = x * x
    b0 = -1.0530884977290216 * x * (x - 1.3299890189751412)
    b0 *= x2 - 1.4364028541716351 * x + 0.7139816917074209
    b1 = 0.1017 * x2 * (x2 - 2.1966568338249754 * x + 1.2949852507374631)
    b2 = 2.490627285651252793 * x2 * (x2 - 2.38535645472061657 * x + 1.57803468208092486)
    b3 = -16.54810288924490272 * (x - 1.21712927295533244) * (x - 0.61620406037800089) * x2
    b4 = 47.37952196281928122 * (x - 1.203071208372362603) * (x - 0.658047292653547382) * x2
    b5 = -34.87065786149660974 * (x - 1.2) * (x - 0.666666666666666667) * x2
    b6 = 2.5 * (x - 1.0) * (x - 0.6) * x2
    for i in range(SIZE):
        slope = b0 * k[0, i] + b1 * k[1, i] + b2 * k[2, i] + b3 * k[3, i]
        row[i] = y[i] + h * (slope + b4 * k[4, i] + b5 * k[5, i] + b6 * k[6, i])


@kernel
def take_step(
    t: float,
    h: float,
    y: np.ndarray,
    p: np.ndarray,
    rtol: float,
    atol: float,
    k: np.ndarray,
    trial: np.ndarray,
) -> float:
    """One trial step from ``y`` with first stage ``k[0]``; its error in units of tolerance."""
    for stage in range(6):
        for i in range(SIZE):
            slope = 0.0
            for j in range(stage + 1):
                slope += STAGES[stage, j] * k[j, i]
            trial[i] = y[i] + h * slope
        rhs(t + NODES[stage] * h, trial, p, k[stage + 1])
    worst = 0.0
    for i in range(SIZE):
        error = 0.0
        for j in range(7):
            error += ESTIMATE[j] * k[j, i]
        tolerance = atol + rtol * max(abs(y[i]), abs(trial[i]))
        worst += (h * error / tolerance) ** 2
    return math.sqrt(worst / SIZE)


@kernel
def first_step(
    t: float, y: np.ndarray, p: np.ndarray, rtol: float, atol: float, k: np.ndarray
) -> float:
    """A starting step: a hundredth of the time in which the state changes by itself."""
    size = speed = 0.0
    for i in range(SIZE):
        tolerance = atol + rtol * abs(y[i])
        size += (y[i] / tolerance) ** 2
        speed += (k[0, i] / tolerance) ** 2
    return 0.01 * math.sqrt(size / speed) if speed > 0.0 and size > 0.0 else 1e-6


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
    h = first = first_step(t, y, p, rtol, atol, k)
    before = 1e-4  # error of the step before, for the proportional-integral controller
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
        if not math.isfinite(error):
            h *= 0.2
        elif error > 1.0:
            h *= max(0.2, 0.9 * error**-0.2)
        else:
            while stored < times.size and times[stored] <= t + h:
                interpolate((times[stored] - t) / h, h, y, k, out[stored])
                stored += 1
            t += h
            size = 0.0
            for i in range(SIZE):
                y[i] = trial[i]
                k[0, i] = k[6, i]
                size = max(size, abs(trial[i]))
            error = max(error, 1e-10)
            h *= min(5.0, max(0.2, 0.9 * error**-0.14 * before**0.08))
            before = error
            if size > HUGE:
                status = DIVERGED
                break
        if h < SMALLEST_STEP * max(t, first):
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
