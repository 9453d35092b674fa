"""Template: what is read off the order parameters: the field's scale Q and the test error.

Both come from their definitions, by quadrature over student and teacher field, so that the
simulator's error curve shares no formula with the flows' closed forms.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import (
    COARSE,
    fill_rule,
    rule_size,
    scaled_cuts,
    student_rule,
)

from .system import KINKS, REACH, activation, field

SIZE = rule_size(KINKS.size, COARSE, REACH)


@kernel
def population_field(gamma: float, beta: float, L: float) -> tuple[float, float]:
    """Shift and scale of the field with population statistics: ``f = shift + Q u``."""
    large = 1e12  # terms of order 1/N in a user's field are below rounding
    shift = field(0.0, 0.0, L, large * L * L, gamma, beta, large)[0]
    return shift, field(L, 0.0, L, large * L * L, gamma, beta, large)[0] - shift


@kernel
def test_error(shift: float, Q: float, R: float) -> float:
    """``E (g(v) - g(f))^2 / 2`` for ``f = shift + Q u``, ``corr(u, v) = R``."""
    cuts = np.empty(KINKS.size)
    z, weight_z = np.empty(SIZE), np.empty(SIZE)
    across = math.sqrt(max(0.0, 1.0 - R * R))
    u, weight_u = student_rule(KINKS, shift, Q, COARSE, REACH)
    inner = fill_rule(cuts[:0], COARSE, z, weight_z, REACH)
    total = 0.0
    for i in range(u.size):
        g_student = activation(shift + Q * u[i])[0]
        if KINKS.size > 0:
            scaled_cuts(KINKS, R * u[i], across, cuts)
            inner = fill_rule(cuts, COARSE, z, weight_z, REACH)
        part = 0.0
        for j in range(inner):
            part += weight_z[j] * (activation(R * u[i] + across * z[j])[0] - g_student) ** 2
        total += weight_u[i] * part
    return 0.5 * total


@kernel
def deployed_field(
    gamma: float, beta: float, L: float, mean: float, variance: float
) -> tuple[float, float]:
    """Shift and scale of the field with a running mean and variance: ``f = shift + Q u``."""
    large, std = 1e12, math.sqrt(variance)
    shift = field(0.0, mean, std, large * L * L, gamma, beta, large)[0]
    return shift, field(L, mean, std, large * L * L, gamma, beta, large)[0] - shift


@kernel
def observe_deployed(rows: np.ndarray, error: np.ndarray) -> None:
    """Error with running statistics of rows ``gamma, beta, R, L, mean, variance``."""
    for i in range(rows.shape[0]):
        gamma, beta, R, L, mean, variance = rows[i]
        shift, Q = deployed_field(gamma, beta, L, mean, variance)
        error[i] = test_error(shift, Q, min(1.0, max(-1.0, R)))


@kernel
def observe(rows: np.ndarray, Q: np.ndarray, error: np.ndarray) -> None:
    """Q and test error of rows ``gamma, beta, R, L``."""
    for i in range(rows.shape[0]):
        shift, Q[i] = population_field(rows[i, 0], rows[i, 1], rows[i, 3])
        error[i] = test_error(shift, Q[i], min(1.0, max(-1.0, rows[i, 2])))
