"""Template: one pass of SGD over a fixed training set (theory page 7).

No random numbers are drawn here: the batches come in as indices, so that the inner loop does
nothing but stream rows of ``X`` past the weights, twice a row while it is still in cache.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batch_gradient import batch_gradient, field_pulls
from .system import TRAINS_BETA, activation, field


@kernel
def clean_labels(fields: np.ndarray, labels: np.ndarray) -> None:
    """labels = g(fields)."""
    for k in range(fields.size):
        labels[k] = activation(fields[k])[0]


@kernel
def affine_student(
    mu: float, sigma: float, n2: float, gamma: float, beta: float, N: float
) -> tuple[float, float]:
    """Shift and scale of the field ``shift + scale (w.x)`` at fixed statistics."""
    shift = field(0.0, mu, sigma, n2, gamma, beta, N)[0]
    return shift, field(1.0, mu, sigma, n2, gamma, beta, N)[0] - shift


@kernel
def take_rows(
    X: np.ndarray, y: np.ndarray, rows: np.ndarray, w: np.ndarray, a: np.ndarray, target: np.ndarray
) -> None:
    """Fields ``a_k = X[rows_k].w`` and labels of a batch."""
    for k in range(rows.size):
        a[k] = np.dot(X[rows[k]], w)
        target[k] = y[rows[k]]


@kernel
def add_rows(
    w: np.ndarray, X: np.ndarray, rows: np.ndarray, weights: np.ndarray, factor: float
) -> None:
    """w += factor * sum_k weights_k X[rows_k]."""
    for k in range(rows.size):
        row, weight = X[rows[k]], factor * weights[k]
        for i in range(w.size):
            w[i] += weight * row[i]


@kernel
def accumulate(
    w: np.ndarray,
    gamma: float,
    beta: float,
    unit_length: bool,
    mean_w: np.ndarray,
    mean_scalars: np.ndarray,
) -> None:
    """Add an iterate to the sums of the last iterates: its direction where it is normalised."""
    weight = 1.0
    if unit_length:
        weight = 1.0 / math.sqrt(np.dot(w, w))
    for i in range(w.size):
        mean_w[i] += weight * w[i]
    mean_scalars[0] += gamma
    mean_scalars[1] += beta


@kernel
def train_epoch(
    X: np.ndarray,
    y: np.ndarray,
    order: np.ndarray,
    rates: np.ndarray,
    numbers: tuple[float, float, float],
    sharing: tuple[int, np.ndarray],
    w: np.ndarray,
    scalars: np.ndarray,
    unit_length: bool,
    mean_w: np.ndarray,
    mean_scalars: np.ndarray,
) -> None:
    """Do one step for every row of ``order``.

    Parameters
    ----------
    X, y
        Training set, shapes (P, N) and (P,).
    order, rates
        Examples of every batch, shape (steps, M); learning rate of every step, shape (steps,).
    numbers
        ``gamma_rate, zeta, weight_decay``.
    sharing
        How many examples of a batch share statistics, and running ones (`batch_gradient`).
    w, scalars
        Weights (N,) and ``gamma, beta``; updated.
    unit_length
        Whether directions, not vectors, are averaged.
    mean_w, mean_scalars
        Sums over the iterates; updated.
    """
    gamma_rate, zeta, weight_decay = numbers
    gamma, beta = scalars
    N, M = float(w.size), order.shape[1]
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    for step in range(order.shape[0]):
        rows, eta = order[step], rates[step]
        take_rows(X, y, rows, w, a, target)
        by_n2, by_gamma, by_beta = batch_gradient(
            a, target, sharing, np.dot(w, w), gamma, beta, N, c
        )
        keep = 1.0 + 2.0 * eta * by_n2 - eta * weight_decay / N
        if keep != 1.0:
            w *= keep
        add_rows(w, X, rows, c, eta)
        gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
        if TRAINS_BETA:
            beta += eta * gamma_rate / N * by_beta
        accumulate(w, gamma, beta, unit_length, mean_w, mean_scalars)
    scalars[0], scalars[1] = gamma, beta


@kernel
def train_epoch_population(
    X: np.ndarray,
    y: np.ndarray,
    order: np.ndarray,
    rates: np.ndarray,
    numbers: tuple[float, float, float],
    w: np.ndarray,
    scalars: np.ndarray,
    center: np.ndarray,
    covariance: np.ndarray,
    mean_w: np.ndarray,
    mean_scalars: np.ndarray,
) -> None:
    """As `train_epoch`, for a field normalised by the statistics of the whole training set.

    ``mu_P = center.w`` and ``sigma_P^2 = w.C w``; the gradient flows through both, which costs
    one product with the (N, N) ``covariance`` a step.
    """
    gamma_rate, zeta, weight_decay = numbers
    gamma, beta = scalars
    N, M = float(w.size), order.shape[1]
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    for step in range(order.shape[0]):
        rows, eta = order[step], rates[step]
        take_rows(X, y, rows, w, a, target)
        Cw = np.dot(covariance, w)
        mu, sigma, n2 = np.dot(center, w), math.sqrt(np.dot(w, Cw)), np.dot(w, w)
        by_mu, by_sigma, by_n2, by_gamma, by_beta = field_pulls(
            a, target, mu, sigma, n2, gamma, beta, N, c
        )
        keep = 1.0 + 2.0 * eta * by_n2 - eta * weight_decay / N
        for i in range(w.size):
            w[i] = keep * w[i] + eta * (by_mu * center[i] + by_sigma / sigma * Cw[i])
        add_rows(w, X, rows, c, eta)
        gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
        if TRAINS_BETA:
            beta += eta * gamma_rate / N * by_beta
        accumulate(w, gamma, beta, True, mean_w, mean_scalars)
    scalars[0], scalars[1] = gamma, beta
