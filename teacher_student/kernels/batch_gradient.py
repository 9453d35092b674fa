"""Template: the gradient of one batch's loss, for any scheme (theory pages 1 and 4).

The gradient with respect to the weights is ``-sum_k c_k x_k - shrink w``, with

    c_k = (1/M) (delta_k df/da + mean_j(delta_j df_j/dmu)
                 + mean_j(delta_j df_j/dsigma) (a_k - mu) / sigma),

which is the chain rule through the batch's mean and standard deviation. Schemes that look at
one example only have the first term alone, and so have fields of running statistics. Where only m
of the M examples share statistics, mu, sigma and the means are those of the example's own group.

Running statistics are ``mean, variance, rho, r_max, d_max`` in an array: those of the batches
before, or an empty array where nobody wants them. Where a field has them, every group's is made
with what the groups before have left there.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel, part_kernel

from .system import CORRECTED, RUNNING, USES_BATCH, activation, field, signal


@part_kernel
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
def follow(running: np.ndarray, mean: float, variance: float) -> None:
    """Replace a part rho of the running statistics by those of a batch."""
    running[0] += running[2] * (mean - running[0])
    running[1] += running[2] * (variance - running[1])


@kernel
def correction(running: np.ndarray, mu: float, sigma: float) -> tuple[float, float]:
    """The r and d of batch renormalisation (Ioffe 2017), clipped.

    ``r (a - mu) / sigma + d`` is the field that the running statistics give, where neither is
    clipped. The gradient takes both for constants.
    """
    spread, r_max, d_max = math.sqrt(running[1]), running[3], running[4]
    r = min(r_max, max(1.0 / r_max, sigma / spread))
    return r, min(d_max, max(-d_max, (mu - running[0]) / spread))


@part_kernel
def group_gradient(
    a: np.ndarray,
    target: np.ndarray,
    running: np.ndarray,
    n2: float,
    gamma: float,
    beta: float,
    N: float,
    c: np.ndarray,
) -> tuple[float, float, float]:
    """`batch_gradient` of examples that all share their statistics."""
    m = a.size
    mu, sigma, square, r, d = 0.0, 1.0, 0.0, 1.0, 0.0
    if USES_BATCH:
        mu = a.mean()
        for k in range(m):
            square += (a[k] - mu) ** 2
        sigma = math.sqrt(square / m)
    at_mu, at_sigma = mu, sigma
    if RUNNING:
        at_mu, at_sigma = running[0], math.sqrt(running[1])
    if CORRECTED:  # r (a - mu)/sigma + d, written as a field of other statistics
        r, d = correction(running, mu, sigma)
        at_mu, at_sigma = mu - d * sigma / r, sigma / r
    by_mu, by_sigma, by_n2, by_gamma, by_beta = field_pulls(
        a, target, at_mu, at_sigma, n2, gamma, beta, N, c
    )
    if USES_BATCH and not RUNNING:
        by_sigma = (by_sigma - d * by_mu) / r
        for k in range(m):
            c[k] += (by_mu + by_sigma * (a[k] - mu) / sigma) / m
    if USES_BATCH and running.size > 0:
        follow(running, mu, square / (m - 1))
    return by_n2, by_gamma, by_beta


@part_kernel
def batch_gradient(
    a: np.ndarray,
    target: np.ndarray,
    sharing: tuple[int, np.ndarray],
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
    sharing
        Size m of a group, a divisor of M; and the running statistics, which every group of a
        scheme with batch statistics updates.
    n2, gamma, beta, N
        ``|w|^2``, the trained scalars, the input dimension.
    c
        Output, shape (M,): how much of each example enters the weights.

    Returns
    -------
    by_n2, by_gamma, by_beta
        Batch means of delta times the field's derivative; ``by_n2`` acts on ``2 w``.
    """
    m, running = sharing
    M = a.size
    if m == M:  # as the loop below, without its slices
        return group_gradient(a, target, running, n2, gamma, beta, N, c)
    share = m / M
    by_n2 = by_gamma = by_beta = 0.0
    for first in range(0, M, m):
        end = first + m
        pull, own_gamma, own_beta = group_gradient(
            a[first:end], target[first:end], running, n2, gamma, beta, N, c[first:end]
        )
        by_n2 += share * pull
        by_gamma += share * own_gamma
        by_beta += share * own_beta
    if m < M:
        for k in range(M):
            c[k] *= share
    return by_n2, by_gamma, by_beta
