"""Template: the gradient of one batch's loss, for any scheme (theory.md, sections 1 and 4).

The gradient with respect to the weights is ``-sum_k c_k x_k - shrink w``, with

    c_k = (1/M) (delta_k df/da + mean_j(delta_j df_j/dmu)
                 + mean_j(delta_j df_j/dsigma) (a_k - mu) / sigma),

which is the chain rule through the batch's mean and standard deviation. Schemes that look at
one example only have the first term alone. Where only m of the M examples share statistics, mu,
sigma and the means are those of the example's own group.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import USES_BATCH, activation, field, signal


@kernel
def field_pulls(
    a: np.ndarray,
    target: np.ndarray,
    mu: float,
    sigma: float,
    n2: float,
    gamma: float,
    beta: float,
    N: float,
    c: np.ndarray,
) -> tuple[float, float, float, float, float]:
    """Fill ``c`` with the first term above at the given statistics; return the other pulls.

    Returns
    -------
    by_mu, by_sigma, by_n2, by_gamma, by_beta
        Batch means of delta times the field's derivative.
    """
    M = a.size
    by_mu = by_sigma = by_n2 = by_gamma = by_beta = 0.0
    for k in range(M):
        f, f_a, f_mu, f_sigma, f_n2, f_gamma, f_beta = field(a[k], mu, sigma, n2, gamma, beta, N)
        g, slope = activation(f)
        delta = signal(target[k], g, slope, f_a) / M
        c[k] = delta * f_a
        by_mu += delta * f_mu
        by_sigma += delta * f_sigma
        by_n2 += delta * f_n2
        by_gamma += delta * f_gamma
        by_beta += delta * f_beta
    return by_mu, by_sigma, by_n2, by_gamma, by_beta


@kernel
def group_gradient(
    a: np.ndarray,
    target: np.ndarray,
    n2: float,
    gamma: float,
    beta: float,
    N: float,
    c: np.ndarray,
) -> tuple[float, float, float]:
    """`batch_gradient` of examples that all share their statistics."""
    m = a.size
    mu, sigma = 0.0, 1.0
    if USES_BATCH:
        mu = a.mean()
        square = 0.0
        for k in range(m):
            square += (a[k] - mu) ** 2
        sigma = math.sqrt(square / m)
    by_mu, by_sigma, by_n2, by_gamma, by_beta = field_pulls(
        a, target, mu, sigma, n2, gamma, beta, N, c
    )
    if USES_BATCH:
        for k in range(m):
            c[k] += (by_mu + by_sigma * (a[k] - mu) / sigma) / m
    return by_n2, by_gamma, by_beta


@kernel
def batch_gradient(
    a: np.ndarray,
    target: np.ndarray,
    m: int,
    n2: float,
    gamma: float,
    beta: float,
    N: float,
    c: np.ndarray,
) -> tuple[float, float, float]:
    """Fill ``c`` and return the pulls on the squared norm, on gamma and on beta.

    Groups of m examples share their statistics; the gradient is the mean of theirs.

    Parameters
    ----------
    a, target
        Pre-activations and labels of the batch, shape (M,).
    m
        Size of a group, a divisor of M.
    n2, gamma, beta, N
        ``|w|^2``, the trained scalars, the input dimension.
    c
        Output, shape (M,): how much of each example enters the weights.

    Returns
    -------
    by_n2, by_gamma, by_beta
        Batch means of delta times the field's derivative; ``by_n2`` acts on ``2 w``.
    """
    M = a.size
    share = m / M
    by_n2 = by_gamma = by_beta = 0.0
    for first in range(0, M, m):
        end = first + m
        pull, own_gamma, own_beta = group_gradient(
            a[first:end], target[first:end], n2, gamma, beta, N, c[first:end]
        )
        by_n2 += share * pull
        by_gamma += share * own_gamma
        by_beta += share * own_beta
    if m < M:
        for k in range(M):
            c[k] *= share
    return by_n2, by_gamma, by_beta
