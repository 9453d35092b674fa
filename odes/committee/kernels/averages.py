"""What the closed averages of one activation look like to the flow; never called.

In a generated package `erf_averages`, `relu_averages` or `identity_averages` stands in this place.
Everything is a function of the covariance G of Gaussian fields of mean zero.
"""

import numpy as np


def overlap(a: float, b: float, c: float) -> float:
    """``I2 = E[g(x) g(y)]`` at variances a, b and covariance c."""
    raise AssertionError(a, b, c)


def response(a: float, b: float, c: float) -> tuple[float, float]:
    """``E[g'(x) z g(y)] = alpha cov(x, z) + beta cov(y, z)`` for every z."""
    raise AssertionError(a, b, c)


def slopes(a: float, b: float, c: float) -> float:
    """``E[g'(x) g'(y)]``."""
    raise AssertionError(a, b, c)


def prepare(G: np.ndarray, students: int, work: np.ndarray, four: np.ndarray) -> None:
    """What all squares of a right-hand side share."""
    raise AssertionError(G, students, work, four)


def square(
    G: np.ndarray, i: int, j: int, c: np.ndarray, work: np.ndarray, four: np.ndarray
) -> float:
    """``E[g'(x_i) g'(x_j) (sum_p c_p g(x_p))^2]``."""
    raise AssertionError(G, i, j, c, work, four)
