"""One sampled batch's step, of fields with statistics of the batch."""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .shape import K, activation, field
from .state import N

#: Sums over points: pushes of gamma, beta and length, ``d_i x_m``, ``d_i d_l``.
SUMS = 3 * K + K * N + K * (K + 1) // 2


@kernel
def add_batch(
    z: np.ndarray,
    xi: np.ndarray,
    B: np.ndarray,
    p: np.ndarray,
    L: np.ndarray,
    second: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mixed: bool,
    work: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add one batch's step to the sums, weighted if the points are a mixture.

    Parameters
    ----------
    z
        Normal deviates, shape (M, N).
    xi
        Label noise that is drawn, shape (M,): zeros where it is averaged over.
    B
        Factor of the fields' covariance.
    second, gamma, beta, L
        Of the units, shape (K,).
    mixed
        Whether the points are drawn from `odes.committee.points.tilted`.
    work
        Scratch, shape (N + 8 K + 1, M).
    sums
        Shape (SUMS,).
    """
    M = z.shape[0]
    noise, inverse = p[3], 1.0 / M
    X, D, E = work[:N], work[N : N + K], work[N + K : N + 2 * K]
    # fa, fmu, fs times second layer times slope: what the residual of an example is multiplied by.
    slope = work[N + 2 * K : N + 3 * K]
    by_a, by_mu = work[N + 3 * K : N + 4 * K], work[N + 4 * K : N + 5 * K]
    by_s = work[N + 5 * K : N + 6 * K]
    residual = work[N + 6 * K]
    for j in range(M):
        target = xi[j]
        for i in range(N):
            total = 0.0
            for b in range(N):
                total += B[i, b] * z[j, b]
            X[i, j] = total
            if i >= K:
                target += activation(total)[0]
        residual[j] = target
    weight = 0.5
    for i in range(K):
        mu = square = 0.0
        for j in range(M):
            mu += X[i, j]
        mu *= inverse
        for j in range(M):
            square += (X[i, j] - mu) ** 2
        sigma = math.sqrt(square * inverse)
        weight += 0.5 / K * (M - 3.0) * L[i] * L[i] / square
        for j in range(M):
            f, fa, fmu, fs, radial, by_gamma, by_beta = field(
                X[i, j], mu, sigma, L[i], gamma[i], beta[i]
            )
            g, tilt = activation(f)
            residual[j] -= second[i] * g
            slope[i, j] = second[i] * tilt
            by_a[i, j], by_mu[i, j], by_s[i, j] = fa, fmu, fs
            E[i, j] = (X[i, j] - mu) / sigma
            D[i, j] = by_gamma
            work[N + 6 * K + 1 + i, j] = by_beta
            work[N + 7 * K + 1 + i, j] = radial
    weight = 1.0 / weight if mixed else 1.0
    scale = weight * inverse
    for i in range(K):
        mean_mu = mean_s = of_gamma = of_beta = of_radial = 0.0
        for j in range(M):
            delta = slope[i, j] * residual[j]
            mean_mu += delta * by_mu[i, j]
            mean_s += delta * by_s[i, j]
            of_gamma += delta * D[i, j]
            of_beta += delta * work[N + 6 * K + 1 + i, j]
            of_radial += delta * work[N + 7 * K + 1 + i, j]
        sums[i] += scale * of_gamma
        sums[K + i] += scale * of_beta
        sums[2 * K + i] += scale * of_radial
        for j in range(M):
            delta = slope[i, j] * residual[j]
            D[i, j] = delta * by_a[i, j] + inverse * (mean_mu + mean_s * E[i, j])
    at = 3 * K
    for i in range(K):
        for m in range(N):
            total = 0.0
            for j in range(M):
                total += D[i, j] * X[m, j]
            sums[at] += scale * total
            at += 1
    for i in range(K):
        for other in range(i, K):
            total = across = 0.0
            for j in range(M):
                total += D[i, j] * D[other, j]
                across += E[i, j] * E[other, j]
            if noise > 0.0:
                across *= inverse
                made = 0.0
                for j in range(M):
                    own = by_a[i, j] * by_a[other, j]
                    own += inverse * by_a[i, j] * (by_mu[other, j] + by_s[other, j] * E[other, j])
                    own += inverse * by_a[other, j] * (by_mu[i, j] + by_s[i, j] * E[i, j])
                    own += inverse * (
                        by_mu[i, j] * by_mu[other, j] + by_s[i, j] * by_s[other, j] * across
                    )
                    made += slope[i, j] * slope[other, j] * own
                total += noise * made
            sums[at] += scale * total
            at += 1
