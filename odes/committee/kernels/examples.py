"""One sampled example's step, of fields with statistics of the units or none; and its error."""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .shape import CENTRED, STATISTICS, K, activation, field
from .state import N


@kernel
def add_example(
    z: np.ndarray,
    xi: float,
    B: np.ndarray,
    p: np.ndarray,
    L: np.ndarray,
    second: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    work: np.ndarray,
    sums: np.ndarray,
) -> None:
    """`add_batch` of one example, where no batch is looked at: statistics of the units, or none.

    ``z`` has shape (N,) and ``work`` (2 N + 7 K,); ``xi`` is 0 where noise is averaged over.
    """
    x, D = work[:N], work[N : N + K]
    slope, mean, along = work[N + K : N + 2 * K], 0.0, 0.0
    residual, mu, square = xi, 0.0, 0.0
    for i in range(N):
        total = 0.0
        for b in range(N):
            total += B[i, b] * z[b]
        x[i] = total
        if i >= K:
            residual += activation(total)[0]
        else:
            mu += total / K
    sigma = 1.0
    if STATISTICS == 2:
        if not CENTRED:
            mu = 0.0
        for i in range(K):
            square += (x[i] - mu) ** 2
        sigma = math.sqrt(square / K)
    for i in range(K):
        f, fa, fmu, fs, radial, by_gamma, by_beta = field(x[i], mu, sigma, L[i], gamma[i], beta[i])
        g, tilt = activation(f)
        residual -= second[i] * g
        push = second[i] * tilt
        mean += push * fmu / K
        along += push * fs / (K * sigma)
        D[i] = push * fa
        slope[i] = push * by_gamma
        work[N + 2 * K + i] = push * by_beta
        work[N + 3 * K + i] = push * radial
    at, power = 3 * K, residual * residual + p[3]
    for i in range(K):
        sums[i] += residual * slope[i]
        sums[K + i] += residual * work[N + 2 * K + i]
        sums[2 * K + i] += residual * work[N + 3 * K + i]
        if STATISTICS == 2:
            D[i] += along * (x[i] - mu) + (mean if CENTRED else 0.0)
        for m in range(N):
            sums[at] += residual * D[i] * x[m]
            at += 1
    for i in range(K):
        for other in range(i, K):
            sums[at] += power * D[i] * D[other]
            at += 1


@kernel
def example_error(
    z: np.ndarray,
    B: np.ndarray,
    L: np.ndarray,
    second: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    x: np.ndarray,
) -> float:
    """Half the squared residual of one example at statistics of the population, or of the units."""
    residual = mu = square = 0.0
    for i in range(N):
        total = 0.0
        for b in range(N):
            total += B[i, b] * z[b]
        x[i] = total
        if i >= K:
            residual += activation(total)[0]
        else:
            mu += total / K
    if not CENTRED or STATISTICS != 2:
        mu = 0.0
    for i in range(K):
        square += (x[i] - mu) ** 2
    for i in range(K):
        sigma = math.sqrt(square / K) if STATISTICS == 2 else L[i]
        residual -= second[i] * activation(field(x[i], mu, sigma, L[i], gamma[i], beta[i])[0])[0]
    return 0.5 * residual * residual
