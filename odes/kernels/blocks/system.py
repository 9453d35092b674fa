"""Template: the flow of a student of inputs with a spectrum (theory page 11).

A state is the trained scalars, ``r = sum lambda A`` and ``q = sum lambda C``, which say what the
fields are, and ``A_b, C_b``, for as many blocks as there is room for; blocks beyond the last are
zero and stay so. The numbers of a flow end with eigenvalues, fractions and powers, ROOM of each,
and with whether the norm in the scheme is that of the field.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .averages import ROOM, SCALARS, SIZE, TRAINS_BETA, averages, field_of, observed

#: All of a state are order parameters.
ORDERS = SIZE
#: Where A and C begin in a state.
FIRST_A, FIRST_C = SCALARS + 2, SCALARS + 2 + ROOM
#: Below, ``1 - R^2`` is rounding, and what is divided by it vanishes with it.
LEAST_ACROSS = 1e-11
#: What a variance is at least, so that a state without one is no division by zero.
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
    """Time derivative of scalars, r, q, and of A and C in every block."""
    small = fields(y)
    by_gamma, by_beta, along, across, pull, noise, decay = averages(t, small, p)
    if SCALARS > 0:
        dy[0] = by_gamma
    if TRAINS_BETA:
        dy[SCALARS - 1] = by_beta
    R, spread = small[SCALARS], small[SCALARS + 1]
    by_teacher = across / max(1.0 - R * R, LEAST_ACROSS)
    by_student = (along - by_teacher * R) / spread
    first = p.size - 1 - 3 * ROOM
    by_field = p[p.size - 1] > 0.0
    dr = dq = 0.0
    for b in range(ROOM):
        value, fraction, power = p[first + b], p[first + ROOM + b], p[first + 2 * ROOM + b]
        A, C = y[FIRST_A + b], y[FIRST_C + b]
        own = pull * (value if by_field else 1.0) - decay
        dA = value * (by_student * A + by_teacher * power) + own * A
        dC = 2.0 * value * (by_student * C + by_teacher * A) + 2.0 * own * C
        dC += noise * value * fraction
        dy[FIRST_A + b], dy[FIRST_C + b] = dA, dC
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
