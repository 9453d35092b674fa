"""The exact flow of two linear units with batch normalisation, whose averages are a series.

The batch mean drops out of a linear student's step. Given the units' normalised deviations, the
teacher is ``v = b u + z`` with z independent of them, so that a step's averages are moments of the
two spreads s_i and of the sample correlation r (`bivariate`).
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .bivariate import spread_moment
from .shape import T, learning_rate
from .state import A_AT, C_AT, SECOND, N, unpack


@kernel
def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of gamma, A and C."""
    eta, M, decay = learning_rate(t, p[0]), p[6], p[5]
    cov, work = np.empty((N, N)), np.empty((6, max(T, 2)))
    unpack(y, p, cov)
    L, ag, beta, slope, z = work[0], work[1], work[2], work[3], work[4]
    for i in range(2):
        L[i] = math.sqrt(cov[i, i])
        ag[i] = p[SECOND + i] * y[i]
        slope[i] = ag[i] / L[i]
    rho = min(0.9999, max(-0.9999, cov[0, 1] / (L[0] * L[1])))
    inside = 1.0 / (1.0 - rho * rho)
    # b[i, n] of unit i, its sum over n, and the residual's covariance with the teacher's sum.
    b = np.empty((2, T))
    for i in range(2):
        beta[i] = 0.0
        for n in range(T):
            R, other = cov[i, 2 + n] / L[i], cov[1 - i, 2 + n] / L[1 - i]
            b[i, n] = inside * (R - rho * other)
            beta[i] += b[i, n]
    left = p[3]
    for n in range(T):
        z[n] = -beta[0] * cov[0, 2 + n] / L[0] - beta[1] * cov[1, 2 + n] / L[1]
        for m in range(T):
            z[n] += cov[2 + n, 2 + m]
        left += z[n]
    one, r1 = spread_moment(M, rho, 1, 0, 0), spread_moment(M, rho, 0, 0, 1)
    s_r, inverse = spread_moment(M, rho, 1, 0, 1), spread_moment(M, rho, -1, 0, 0)
    over2 = spread_moment(M, rho, 0, -2, 0)
    # s_j^k (1 - r^2) / s_i^l as of_kl
    of21 = spread_moment(M, rho, 2, -1, 0) - spread_moment(M, rho, 2, -1, 2)
    of11 = spread_moment(M, rho, 1, -1, 0) - spread_moment(M, rho, 1, -1, 2)
    of22 = spread_moment(M, rho, 2, -2, 0) - spread_moment(M, rho, 2, -2, 2)
    of12 = spread_moment(M, rho, 1, -2, 0) - spread_moment(M, rho, 1, -2, 2)
    of02 = over2 - spread_moment(M, rho, 0, -2, 2)
    # r (1 - r^2) times 1, 1/s_1 (or 1/s_2), 1/(s_1 s_2)
    turn0 = r1 - spread_moment(M, rho, 0, 0, 3)
    turn1 = spread_moment(M, rho, -1, 0, 1) - spread_moment(M, rho, -1, 0, 3)
    turn2 = spread_moment(M, rho, -1, -1, 1) - spread_moment(M, rho, -1, -1, 3)
    both = spread_moment(M, rho, -1, -1, 0)
    ring = (M - 3.0) * both + spread_moment(M, rho, -1, -1, 2)
    gain = eta * eta / p[4]
    for i in range(2):
        j = 1 - i
        push = beta[i] * one + beta[j] * s_r - ag[i] - ag[j] * r1
        dy[i] = eta * p[1] * (p[SECOND + i] * push - p[2] * y[i])
        along = beta[j] * of21 - ag[j] * of11
        for n in range(T):
            pull = slope[i] * (b[j, n] * along + z[n] * (M - 2.0) / M * inverse)
            dy[A_AT + i * T + n] = eta * (pull - decay * cov[i, 2 + n])
        size = beta[j] * beta[j] * of22 - 2.0 * beta[j] * ag[j] * of12 + ag[j] * ag[j] * of02
        size += left * (M - 2.0) / M * over2
        dy[C_AT + 2 * i] = gain * slope[i] ** 2 * size - 2.0 * eta * decay * cov[i, i]
        work[5, i] = slope[i] * L[j] * along
    across = beta[0] * beta[1] * turn0 - (beta[0] * ag[1] + beta[1] * ag[0]) * turn1
    across += ag[0] * ag[1] * turn2
    square = slope[0] * slope[1] * (left * ring / M - across)
    pull = work[5, 0] + work[5, 1] - 2.0 * decay * cov[0, 1]
    dy[C_AT + 1] = eta * pull + gain * square


@kernel
def clean_error(y: np.ndarray, p: np.ndarray) -> float:
    """Half the mean squared distance of the outputs, at population statistics, without noise."""
    cov = np.empty((N, N))
    unpack(y, p, cov)
    total = 0.0
    for i in range(N):
        left = -p[SECOND + i] * y[i] / math.sqrt(cov[i, i]) if i < 2 else 1.0
        for j in range(N):
            right = -p[SECOND + j] * y[j] / math.sqrt(cov[j, j]) if j < 2 else 1.0
            total += left * right * cov[i, j]
    return 0.5 * total
