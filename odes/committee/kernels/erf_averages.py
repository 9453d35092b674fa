"""Closed Gaussian averages of erf(x/sqrt 2) (Saad and Solla, Phys. Rev. E 52, 4225, 1995)."""

import math

import numpy as np
from bntheory.codegen.jit import kernel


@kernel
def arcsine(x: float) -> float:
    """Of what may be beyond 1 by rounding."""
    return math.asin(min(1.0, max(-1.0, x)))


@kernel
def overlap(a: float, b: float, c: float) -> float:
    """``I2 = E[g(x) g(y)]`` at variances a, b and covariance c."""
    return 2.0 / math.pi * arcsine(c / math.sqrt((1.0 + a) * (1.0 + b)))


@kernel
def response(a: float, b: float, c: float) -> tuple[float, float]:
    """``I3 = E[g'(x) z g(y)] = alpha cov(x, z) + beta cov(y, z)``."""
    beta = 2.0 / (math.pi * math.sqrt((1.0 + a) * (1.0 + b) - c * c))
    return -beta * c / (1.0 + a), beta


@kernel
def slopes(a: float, b: float, c: float) -> float:
    """``E[g'(x) g'(y)]``."""
    return 2.0 / (math.pi * math.sqrt((1.0 + a) * (1.0 + b) - c * c))


@kernel
def prepare(G: np.ndarray, students: int, work: np.ndarray, four: np.ndarray) -> None:
    """Nothing is shared."""


@kernel
def square(
    G: np.ndarray, i: int, j: int, c: np.ndarray, work: np.ndarray, four: np.ndarray
) -> float:
    """``E[g'(x_i) g'(x_j) (sum_p c_p g(x_p))^2] = sum_pq c_p c_q I4(i, j, p, q)``."""
    n = c.size
    a, b, g = 1.0 + G[i, i], 1.0 + G[j, j], G[i, j]
    det = a * b - g * g
    for p in range(n):
        x, y = G[i, p], G[j, p]
        left = det * (1.0 + G[p, p]) - y * y * a - x * x * b + 2.0 * g * x * y
        work[0, p] = 1.0 / math.sqrt(left)
    total = 0.0
    for p in range(n):
        x, y = G[i, p], G[j, p]
        # Of x_q: what is left of its covariance with x_p given the two slopes.
        along, across = g * y - b * x, g * x - a * y
        for q in range(p + 1):
            left = det * G[p, q] + along * G[i, q] + across * G[j, q]
            term = c[p] * c[q] * arcsine(left * work[0, p] * work[0, q])
            total += term if p == q else 2.0 * term
    return 4.0 / (math.pi * math.pi * math.sqrt(det)) * total
