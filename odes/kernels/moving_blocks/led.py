"""Template: a state with velocities in blocks, and where its velocities lead it.

As `odes.kernels.led`, block by block: ``w + eta P / kappa`` moves by the drift alone. ``r`` and
``q`` are sums over the blocks of what is led to, and are made anew from them.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .averages import ROOM, SCALARS, learning_rate
from .system import (
    BLOCKS,
    FIRST_A,
    FIRST_C,
    FIRST_D,
    FIRST_F,
    LENGTH,
    PUSH,
    VELOCITY,
    rhs,
)

#: The step in time that a schedule's slope is taken over.
SHORT_TIME = 1e-6


@kernel
def led(t: float, y: np.ndarray, p: np.ndarray, u: np.ndarray) -> None:
    """From a state to where its velocities lead: scalars, A, C, velocities, E + eta D, F, D."""
    eta, kappa = learning_rate(t, p[0]), p[p.size - 2]
    far = eta / kappa
    for i in range(SCALARS):
        u[i], u[VELOCITY + i] = y[i] + far * y[VELOCITY + i], y[VELOCITY + i]
    u[SCALARS] = u[SCALARS + 1] = 0.0
    for b in range(ROOM):
        E, F, D = y[PUSH + b], y[FIRST_F + b], y[FIRST_D + b]
        u[FIRST_A + b] = y[FIRST_A + b] + far * F
        u[FIRST_C + b] = y[FIRST_C + b] + 2.0 * far * E + far * eta * D
        u[PUSH + b], u[FIRST_F + b], u[FIRST_D + b] = E + eta * D, F, D


@kernel
def state_of(t: float, u: np.ndarray, p: np.ndarray, y: np.ndarray) -> None:
    """The inverse of `led`."""
    eta, kappa = learning_rate(t, p[0]), p[p.size - 2]
    far, first = eta / kappa, p.size - BLOCKS
    for i in range(SCALARS):
        y[i], y[VELOCITY + i] = u[i] - far * u[VELOCITY + i], u[VELOCITY + i]
    r = q = 0.0
    for b in range(ROOM):
        F, D = u[FIRST_F + b], u[FIRST_D + b]
        E = u[PUSH + b] - eta * D
        y[PUSH + b], y[FIRST_F + b], y[FIRST_D + b] = E, F, D
        y[FIRST_A + b] = u[FIRST_A + b] - far * F
        y[FIRST_C + b] = u[FIRST_C + b] - 2.0 * far * E - far * eta * D
        r += p[first + b] * y[FIRST_A + b]
        q += p[first + b] * y[FIRST_C + b]
    y[SCALARS], y[SCALARS + 1] = r, q if q > 0.0 else math.nan


@kernel
def sources(
    t: float, u: np.ndarray, p: np.ndarray, y: np.ndarray, dy: np.ndarray, out: np.ndarray
) -> None:
    """What drives `led` beside its relaxation; fills the state y as well."""
    state_of(t, u, p, y)
    rhs(t, y, p, dy)
    eta, kappa = learning_rate(t, p[0]), p[p.size - 2]
    before = max(t - SHORT_TIME, 0.0)
    span = t + SHORT_TIME - before
    turn = (learning_rate(t + SHORT_TIME, p[0]) - learning_rate(before, p[0])) / span
    far, farther = eta / kappa, turn / kappa
    for i in range(SCALARS):
        v = VELOCITY + i
        out[i] = dy[i] + far * dy[v] + farther * y[v]
        out[v] = dy[v] + kappa * y[v]
    out[SCALARS] = out[SCALARS + 1] = 0.0
    for b in range(ROOM):
        e, f, d = PUSH + b, FIRST_F + b, FIRST_D + b
        out[FIRST_A + b] = dy[FIRST_A + b] + far * dy[f] + farther * y[f]
        square = dy[FIRST_C + b] + 2.0 * far * dy[e] + 2.0 * farther * y[e]
        out[FIRST_C + b] = square + 2.0 * far * turn * y[d] + far * eta * dy[d]
        out[e] = dy[e] + eta * dy[d] + turn * y[d] + kappa * u[e]
        out[f] = dy[f] + kappa * y[f]
        out[d] = dy[d] + 2.0 * kappa * y[d]


@kernel
def rate_of(i: int) -> int:
    """By how many times kappa an entry relaxes."""
    return 0 if i <= LENGTH else 2 if i >= FIRST_D else 1
