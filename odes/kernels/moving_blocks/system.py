"""Template: the inertial flow of a student of inputs with a spectrum (theory pages 8 and 11).

A state is that of a flow without inertia, the trained scalars, ``r = sum lambda A``, ``q = sum
lambda C`` and ``A_b, C_b``; then velocities: of the scalars, and in every block ``E_b = w.P/N, F_b
= w*.P/N, D_b = |P|^2/(N kappa)``, with P the velocity of the weights in units of the learning rate.
The numbers of a flow end with eigenvalues, fractions and powers, ROOM of each, whether the norm in
the scheme is that of the field, kappa, and the weight decay that is outside of the momentum.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .averages import ROOM, SCALARS, averages, field_of, learning_rate, observed

#: Where A and C begin in a state, and the last number that is no velocity.
FIRST_A, FIRST_C, LENGTH = SCALARS + 2, SCALARS + 2 + ROOM, SCALARS + 1 + 2 * ROOM
#: Where velocities begin: of scalars, and E, F and D of the blocks; and how many numbers there are.
VELOCITY, PUSH = LENGTH + 1, LENGTH + 1 + SCALARS
ORDERS, FIRST_F, FIRST_D, SIZE = VELOCITY, PUSH + ROOM, PUSH + 2 * ROOM, PUSH + 3 * ROOM
#: How many numbers of a flow stand behind those of the blocks, and where these begin, from the end.
BEHIND, BLOCKS = 3, 3 + 3 * ROOM
#: Below, ``1 - R^2`` is rounding, and what is divided by it vanishes with it.
LEAST_ACROSS = 1e-11
#: What a variance and a learning rate are at least, so that none is no division by zero.
TINY = 1e-300


@kernel
def fields(y: np.ndarray) -> np.ndarray:
    """The state that averages are functions of: scalars, overlap, spread of the field, norm."""
    small = np.empty(SCALARS + 3)
    for i in range(SCALARS):
        small[i] = y[i]
    square = 0.0
    for b in range(ROOM):
        square += y[FIRST_C + b]
    spread = math.sqrt(max(y[SCALARS + 1], TINY))
    small[SCALARS] = y[SCALARS] / spread
    small[SCALARS + 1] = spread
    small[SCALARS + 2] = math.sqrt(max(square, TINY))
    return small


@kernel
def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of scalars, r, q, A, C, and of all velocities."""
    small = fields(y)
    by_gamma, by_beta, along, across, pull, noise, decay = averages(t, small, p)
    eta = learning_rate(t, p[0])
    kappa, outside = p[p.size - 2], p[p.size - 1]
    per = 1.0 / max(eta, TINY)
    for i in range(SCALARS):
        aim = by_gamma if i == 0 else by_beta
        dy[i] = eta * y[VELOCITY + i]
        dy[VELOCITY + i] = kappa * (aim * per - y[VELOCITY + i])
    R, spread = small[SCALARS], small[SCALARS + 1]
    by_teacher = across * per / max(1.0 - R * R, LEAST_ACROSS)
    by_student = (along * per - by_teacher * R) / spread
    first, by_field = p.size - BLOCKS, p[p.size - BEHIND] > 0.0
    dr = dq = 0.0
    for b in range(ROOM):
        value, fraction, power = p[first + b], p[first + ROOM + b], p[first + 2 * ROOM + b]
        A, C = y[FIRST_A + b], y[FIRST_C + b]
        E, F, D = y[PUSH + b], y[FIRST_F + b], y[FIRST_D + b]
        own = (pull * (value if by_field else 1.0) - decay) * per
        student = value * (by_student * C + by_teacher * A) + own * C
        teacher = value * (by_student * A + by_teacher * power) + own * A
        pushed = value * (by_student * E + by_teacher * F) + own * E
        square = noise * per * per * value * fraction
        dA, dC = eta * (F - outside * A), 2.0 * eta * (E - outside * C)
        dy[FIRST_A + b], dy[FIRST_C + b] = dA, dC
        dy[PUSH + b] = kappa * (student - E + eta * D) - eta * outside * E
        dy[FIRST_F + b] = kappa * (teacher - F)
        dy[FIRST_D + b] = kappa * (square - 2.0 * D) + 2.0 * pushed
        dr += value * dA
        dq += value * dC
    dy[SCALARS], dy[SCALARS + 1] = dr, dq


@kernel
def observables(y: np.ndarray) -> tuple[float, float]:
    """The field's scale Q and the generalisation error."""
    return observed(fields(y))


@kernel
def field(y: np.ndarray) -> tuple[float, float]:
    """Scale (its size) and shift of the student's field."""
    return field_of(fields(y))


@kernel
def jacobian(t: float, y: np.ndarray, p: np.ndarray, J: np.ndarray) -> None:
    """Not available."""
    for i in range(SIZE):
        for j in range(SIZE):
            J[i, j] = math.nan
