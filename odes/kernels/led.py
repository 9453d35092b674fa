"""Template: a state with velocities, and where its velocities lead it.

Weights and trained scalars are replaced by where their velocities take them,
``w + eta P / kappa``: those move by the drift alone, ``eta d``, at no rate of kappa, while E, F, D
and the velocities of scalars relax at kappa and 2 kappa, once ``E + eta D`` stands for E.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import LENGTH, OVERLAP, PUSH, learning_rate, rhs

#: Where velocities stand in a state: those of the scalars from `VELOCITY` on.
VELOCITY, E, F, D = LENGTH + 1, PUSH, PUSH + 1, PUSH + 2
#: The step in time that a schedule's slope is taken over.
SHORT_TIME = 1e-6


@kernel
def led(t: float, y: np.ndarray, p: np.ndarray, u: np.ndarray) -> None:
    """From a state to where its velocities lead: scalars, L R, L^2, velocities, E + eta D, F, D."""
    eta, kappa = learning_rate(t, p[0]), p[p.size - 2]
    far = eta / kappa
    for i in range(OVERLAP):
        u[i], u[VELOCITY + i] = y[i] + far * y[VELOCITY + i], y[VELOCITY + i]
    u[OVERLAP] = y[LENGTH] * y[OVERLAP] + far * y[F]
    u[LENGTH] = y[LENGTH] ** 2 + 2.0 * far * y[E] + far * eta * y[D]
    u[E], u[F], u[D] = y[E] + eta * y[D], y[F], y[D]


@kernel
def state_of(t: float, u: np.ndarray, p: np.ndarray, y: np.ndarray) -> None:
    """The inverse of `led`."""
    eta, kappa = learning_rate(t, p[0]), p[p.size - 2]
    far = eta / kappa
    for i in range(OVERLAP):
        y[i], y[VELOCITY + i] = u[i] - far * u[VELOCITY + i], u[VELOCITY + i]
    y[E], y[F], y[D] = u[E] - eta * u[D], u[F], u[D]
    square = u[LENGTH] - 2.0 * far * y[E] - far * eta * y[D]
    y[LENGTH] = math.sqrt(square) if square > 0.0 else math.nan
    y[OVERLAP] = (u[OVERLAP] - far * y[F]) / y[LENGTH]


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
    for i in range(OVERLAP):
        v = VELOCITY + i
        out[i] = dy[i] + far * dy[v] + farther * y[v]
        out[v] = dy[v] + kappa * y[v]
    R, L = y[OVERLAP], y[LENGTH]
    out[OVERLAP] = L * dy[OVERLAP] + R * dy[LENGTH] + far * dy[F] + farther * y[F]
    square = 2.0 * L * dy[LENGTH] + 2.0 * far * dy[E] + 2.0 * farther * y[E]
    out[LENGTH] = square + 2.0 * far * turn * y[D] + far * eta * dy[D]
    out[E] = dy[E] + eta * dy[D] + turn * y[D] + kappa * u[E]
    out[F] = dy[F] + kappa * y[F]
    out[D] = dy[D] + 2.0 * kappa * y[D]


@kernel
def rate_of(i: int) -> int:
    """By how many times kappa an entry relaxes."""
    return 0 if i <= LENGTH else 2 if i == D else 1
