"""Where a committee's numbers stand, and the covariance of its raw fields."""

import numpy as np
from bntheory.codegen.jit import kernel

from .shape import TRAINS_BETA, TRAINS_GAMMA, K, T

N = K + T
BETA_AT = K if TRAINS_GAMMA else 0
A_AT = BETA_AT + (K if TRAINS_BETA else 0)
C_AT = A_AT + K * T
#: Where the second layer and the teacher's overlaps stand among the parameters, and what follows.
SECOND, TEACHER = 7, 7 + K
POINTS = TEACHER + T * T


@kernel
def unpack(y: np.ndarray, p: np.ndarray, cov: np.ndarray) -> None:
    """The covariance of the raw fields (h, v), students first; shape (N, N)."""
    at = C_AT
    for i in range(K):
        for n in range(T):
            cov[i, K + n] = cov[K + n, i] = y[A_AT + i * T + n]
        for j in range(i, K):
            cov[i, j] = cov[j, i] = y[at]
            at += 1
    for n in range(T):
        for m in range(T):
            cov[K + n, K + m] = p[TEACHER + n * T + m]


@kernel
def factor(cov: np.ndarray, first: int, order: np.ndarray, B: np.ndarray) -> None:
    """Cholesky's factor of a semidefinite covariance, one variable taken first.

    Parameters
    ----------
    cov
        Shape (N, N).
    first
        The variable that is the first coordinate alone, up to its size.
    order
        Output: the variables in the order in which they are taken.
    B
        Output: row i is variable i in the coordinates, shape (N, N).
    """
    order[0] = first
    at = 1
    for i in range(N):
        if i != first:
            order[at] = i
            at += 1
    for a in range(N):
        i = order[a]
        for b in range(N):
            B[i, b] = 0.0
        for b in range(a + 1):
            j = order[b]
            left = cov[i, j]
            for c in range(b):
                left -= B[i, c] * B[j, c]
            if a == b:
                B[i, b] = np.sqrt(left) if left > 1e-13 * cov[i, i] else 0.0
            else:
                B[i, b] = left / B[j, b] if B[j, b] > 0.0 else 0.0
