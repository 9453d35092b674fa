"""What a step of a committee adds beyond the known directions (theory page 5, (5.6))."""

import math

import numpy as np
from bntheory.codegen.jit import kernel

#: A unit with less of its squared length outside of those before it lies among them.
PIVOT = 1e-13


@kernel
def semidefinite_root(gram: np.ndarray, least: np.ndarray, root: np.ndarray) -> None:
    """Cholesky's lower triangle; a column is 0 where the pivot is not above ``least``."""
    n = gram.shape[0]
    for k in range(n):
        pivot = gram[k, k]
        for b in range(k):
            pivot -= root[k, b] * root[k, b]
        root[k, k] = math.sqrt(pivot) if pivot > least[k] else 0.0
        for i in range(k + 1, n):
            rest = gram[i, k]
            for b in range(k):
                rest -= root[i, b] * root[k, b]
            root[i, k] = rest / root[k, k] if root[k, k] > 0.0 else 0.0
            root[k, i] = 0.0


@kernel
def bartlett(n: int, nu: float, rng: np.random.Generator, Q: np.ndarray) -> None:
    """The leading n x n triangle Q such that ``Q Q'`` has Wishart's law of nu degrees."""
    for i in range(n):
        Q[i, i] = math.sqrt(2.0 * rng.standard_gamma(0.5 * (nu - i)))
        for b in range(i):
            Q[i, b] = rng.standard_normal()


@kernel
def beyond(
    d: np.ndarray,
    nu: float,
    rng: np.random.Generator,
    work: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> int:
    """Fill ``work[3]`` with ``R Q``, K rows; return how many columns it has."""
    M, K = d.shape
    gram, R, Q, P = work
    n = min(M, K)
    if M > K:
        for k in range(K):
            for i in range(k + 1):
                total = 0.0
                for j in range(M):
                    total += d[j, k] * d[j, i]
                gram[k, i] = gram[i, k] = total
        least = P[0]
        for k in range(K):
            least[k] = PIVOT * gram[k, k]
        semidefinite_root(gram, least, R)
    else:
        for k in range(K):
            for j in range(M):
                R[k, j] = d[j, k]
    bartlett(n, nu, rng, Q)
    for k in range(K):
        for c in range(n):
            total = 0.0
            for b in range(c, n):
                total += R[k, b] * Q[b, c]
            P[k, c] = total
    return n
