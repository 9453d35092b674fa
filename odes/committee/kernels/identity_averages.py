"""Closed Gaussian averages of the identity."""

import numpy as np
from bntheory.codegen.jit import kernel


@kernel
def overlap(a: float, b: float, c: float) -> float:
    """``I2 = E[x y]``."""
    return c


@kernel
def response(a: float, b: float, c: float) -> tuple[float, float]:
    """``E[z y] = alpha cov(x, z) + beta cov(y, z)``."""
    return 0.0, 1.0


@kernel
def slopes(a: float, b: float, c: float) -> float:
    """``E[g'(x) g'(y)]``."""
    return 1.0


@kernel
def prepare(G: np.ndarray, students: int, work: np.ndarray, four: np.ndarray) -> None:
    """Nothing is shared."""


@kernel
def square(
    G: np.ndarray, i: int, j: int, c: np.ndarray, work: np.ndarray, four: np.ndarray
) -> float:
    """``E[(sum_p c_p x_p)^2]``."""
    total = 0.0
    for p in range(c.size):
        for q in range(c.size):
            total += c[p] * c[q] * G[p, q]
    return total
