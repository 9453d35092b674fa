"""Template: one pass of SGD with momentum over a fixed training set (theory, section 8).

As `training`, with the pushes of `momentum`: minus torch's buffers.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batch_gradient import batch_gradient, field_pulls
from .momentum import move_scalars, pushed
from .training import accumulate, add_rows, take_rows


@kernel
def move_weights(
    w: np.ndarray,
    push: np.ndarray,
    descent: np.ndarray,
    eta: float,
    weight_decay: float,
    memory: tuple[float, bool, bool],
) -> None:
    """One step of the weights, whose descent has no weight decay yet; all are (N,)."""
    momentum, nesterov, decoupled = memory
    fade = weight_decay / w.size
    coupled, keep = (0.0, 1.0 - eta * fade) if decoupled else (fade, 1.0)
    for i in range(w.size):
        push[i], move = pushed(push[i], descent[i] - coupled * w[i], momentum, nesterov)
        w[i] = keep * w[i] + eta * move


@kernel
def train_epoch_momentum(
    X: np.ndarray,
    y: np.ndarray,
    order: np.ndarray,
    rates: np.ndarray,
    numbers: tuple[float, float, float],
    memory: tuple[float, bool, bool],
    sharing: tuple[int, np.ndarray],
    w: np.ndarray,
    push: np.ndarray,
    descent: np.ndarray,
    scalars: np.ndarray,
    unit_length: bool,
    mean_w: np.ndarray,
    mean_scalars: np.ndarray,
) -> None:
    """Do one step for every row of ``order``; arguments as `train_epoch`, and

    Parameters
    ----------
    memory
        The momentum, whether it is Nesterov's, and whether weight decay is decoupled.
    push, descent
        Minus torch's buffer of the weights, updated; scratch; both (N,).
    scalars
        ``gamma, beta`` and their pushes; updated.
    """
    gamma_rate, zeta, weight_decay = numbers
    N, M = float(w.size), order.shape[1]
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    for step in range(order.shape[0]):
        rows, eta = order[step], rates[step]
        take_rows(X, y, rows, w, a, target)
        by_n2, by_gamma, by_beta = batch_gradient(
            a, target, sharing, np.dot(w, w), scalars[0], scalars[1], N, c
        )
        for i in range(w.size):
            descent[i] = 2.0 * by_n2 * w[i]
        add_rows(descent, X, rows, c, 1.0)
        by_gamma -= zeta * scalars[0]
        move_weights(w, push, descent, eta, weight_decay, memory)
        move_scalars(scalars, by_gamma, by_beta, eta * gamma_rate / N, memory[0], memory[1])
        accumulate(w, scalars[0], scalars[1], unit_length, mean_w, mean_scalars)


@kernel
def train_epoch_population_momentum(
    X: np.ndarray,
    y: np.ndarray,
    order: np.ndarray,
    rates: np.ndarray,
    numbers: tuple[float, float, float],
    memory: tuple[float, bool, bool],
    w: np.ndarray,
    push: np.ndarray,
    descent: np.ndarray,
    scalars: np.ndarray,
    center: np.ndarray,
    covariance: np.ndarray,
    mean_w: np.ndarray,
    mean_scalars: np.ndarray,
) -> None:
    """As `train_epoch_momentum`, for the field of `train_epoch_population`."""
    gamma_rate, zeta, weight_decay = numbers
    N, M = float(w.size), order.shape[1]
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    for step in range(order.shape[0]):
        rows, eta = order[step], rates[step]
        take_rows(X, y, rows, w, a, target)
        Cw = np.dot(covariance, w)
        mu, sigma, n2 = np.dot(center, w), math.sqrt(np.dot(w, Cw)), np.dot(w, w)
        by_mu, by_sigma, by_n2, by_gamma, by_beta = field_pulls(
            a, target, mu, sigma, n2, scalars[0], scalars[1], N, c
        )
        for i in range(w.size):
            descent[i] = 2.0 * by_n2 * w[i] + by_mu * center[i] + by_sigma / sigma * Cw[i]
        add_rows(descent, X, rows, c, 1.0)
        by_gamma -= zeta * scalars[0]
        move_weights(w, push, descent, eta, weight_decay, memory)
        move_scalars(scalars, by_gamma, by_beta, eta * gamma_rate / N, memory[0], memory[1])
        accumulate(w, scalars[0], scalars[1], True, mean_w, mean_scalars)
