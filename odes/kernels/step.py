"""Template: one step of the Runge-Kutta pair, and the state within it.

The dense output is Tsitouras' free interpolant of order 4.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import ORDERS, SIZE, rhs
from .tableau import ESTIMATE, NODES, STAGES


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
def accept(y: np.ndarray, k: np.ndarray, trial: np.ndarray) -> float:
    """Make the end of a step the state; its largest order parameter."""
    size = 0.0
    for i in range(SIZE):
        y[i] = trial[i]
        k[0, i] = k[6, i]
    for i in range(ORDERS):
        size = max(size, abs(trial[i]))
    return size


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
