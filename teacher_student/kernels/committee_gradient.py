"""Template: the gradient of one batch's loss for a student of K units (theory page 10).

The output is ``sum_k a_k g(f_k)``. The gradient with respect to the weights of unit k is
``-(1/M) sum_j d_jk x_j - shrink_k w_k``. Whatever shares its statistics, a batch or the units of
one example, adds to ``d_jk`` what acts through them: the chain rule with numbers, of the field's
own derivatives, and no formula of a scheme.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import ACROSS_UNITS, CENTRED, USES_BATCH, activation, field

#: The columns of the scratch of one example: what pass two needs of every unit.
SLOPE, BY_A, BY_MU, BY_SIGMA, BY_N2, BY_GAMMA, BY_BETA, COLUMNS = range(8)
#: The rows of the scratch of a batch: statistics of every unit, and the pulls on them.
MU, SIGMA, PULL_MU, PULL_SIGMA, ROWS = range(5)


@kernel
def batch_statistics(h: np.ndarray, first: int, last: int, batch: np.ndarray) -> None:
    """Mean and spread (1/m) of every unit over examples ``first .. last - 1``."""
    m = last - first
    for k in range(h.shape[1]):
        mu, square = 0.0, 0.0
        for j in range(first, last):
            mu += h[j, k]
        mu /= m
        for j in range(first, last):
            square += (h[j, k] - mu) ** 2
        batch[MU, k], batch[SIGMA, k] = mu, math.sqrt(square / m)


@kernel
def unit_statistics(h: np.ndarray, j: int) -> tuple[float, float]:
    """Mean and spread (1/K) of one example across its units; or 0 and its root mean square."""
    K = h.shape[1]
    mu, square = 0.0, 0.0
    if CENTRED:
        for k in range(K):
            mu += h[j, k]
        mu /= K
    for k in range(K):
        square += (h[j, k] - mu) ** 2
    return mu, math.sqrt(square / K)


@kernel
def example_pulls(
    h: np.ndarray,
    j: int,
    y: float,
    units: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    N: float,
    share: float,
    scratch: np.ndarray,
    batch: np.ndarray,
    d: np.ndarray,
    pulls: np.ndarray,
) -> None:
    """Fill row j of ``d``, and add to the pulls, of one example with its statistics given."""
    gamma, beta, a, n2 = units
    K = h.shape[1]
    mu, sigma = 0.0, 1.0
    if ACROSS_UNITS:
        mu, sigma = unit_statistics(h, j)
    left = y
    for k in range(K):
        if USES_BATCH:
            mu, sigma = batch[MU, k], batch[SIGMA, k]
        f, f_a, f_mu, f_sigma, f_n2, f_gamma, f_beta = field(
            h[j, k], mu, sigma, n2[k], gamma[k], beta[k], N
        )
        g, slope = activation(f)
        left -= a[k] * g
        scratch[k, SLOPE], scratch[k, BY_A], scratch[k, BY_MU] = slope, f_a, f_mu
        scratch[k, BY_SIGMA], scratch[k, BY_N2] = f_sigma, f_n2
        scratch[k, BY_GAMMA], scratch[k, BY_BETA] = f_gamma, f_beta
    by_mu = by_sigma = 0.0
    for k in range(K):
        delta = a[k] * scratch[k, SLOPE] * left
        d[j, k] = delta * scratch[k, BY_A]
        pulls[0, k] += share * delta * scratch[k, BY_N2]
        pulls[1, k] += share * delta * scratch[k, BY_GAMMA]
        pulls[2, k] += share * delta * scratch[k, BY_BETA]
        if USES_BATCH:
            batch[PULL_MU, k] += delta * scratch[k, BY_MU]
            batch[PULL_SIGMA, k] += delta * scratch[k, BY_SIGMA]
        if ACROSS_UNITS:
            by_mu += delta * scratch[k, BY_MU]
            by_sigma += delta * scratch[k, BY_SIGMA]
    if ACROSS_UNITS:
        for k in range(K):
            d[j, k] += (by_mu + by_sigma * (h[j, k] - mu) / sigma) / K


@kernel
def committee_gradient(
    h: np.ndarray,
    target: np.ndarray,
    m: int,
    units: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    N: float,
    scratch: np.ndarray,
    batch: np.ndarray,
    d: np.ndarray,
    pulls: np.ndarray,
) -> None:
    """Fill ``d`` and the pulls of one batch.

    Parameters
    ----------
    h, target
        Products ``w_k . x_j``, shape (M, K), and labels, shape (M,).
    m
        Examples that share batch statistics, a divisor of M.
    units
        ``gamma, beta, a, |w|^2`` of every unit.
    N
        Input dimension.
    scratch, batch
        Of shapes (K, COLUMNS) and (ROWS, K).
    d
        Output, shape (M, K): how much of an example enters the weights, times M.
    pulls
        Output, shape (3, K): batch means of delta times the field's derivatives by ``|w|^2``
        (which acts on ``2 w``), gamma and beta.
    """
    M, K = h.shape
    for k in range(K):
        pulls[0, k] = pulls[1, k] = pulls[2, k] = 0.0
    for first in range(0, M, m):
        last = first + m
        if USES_BATCH:
            batch_statistics(h, first, last, batch)
            for k in range(K):
                batch[PULL_MU, k] = batch[PULL_SIGMA, k] = 0.0
        for j in range(first, last):
            example_pulls(h, j, target[j], units, N, 1.0 / M, scratch, batch, d, pulls)
        if USES_BATCH:
            for j in range(first, last):
                for k in range(K):
                    u = (h[j, k] - batch[MU, k]) / batch[SIGMA, k]
                    d[j, k] += (batch[PULL_MU, k] + batch[PULL_SIGMA, k] * u) / m
