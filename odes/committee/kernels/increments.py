"""Moments of one step of a committee: N times the increments of its order parameters, as N grows.

Steps are drawn, with their label noise: whole groups of examples that share statistics, or single
examples where none are shared. The increment of a step is the mean over its groups, but for the
square of its weights, which has the whole batch in the denominator.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batches import SUMS, add_batch
from .examples import add_example
from .shape import SIZE, STATISTICS, TRAINS_BETA, TRAINS_GAMMA, K, T, learning_rate
from .state import A_AT, BETA_AT, C_AT, SECOND, N, factor, unpack

#: Of a chi-square's density to one of four degrees of freedom less: the power of 1/x.
POWER = 2


@kernel
def weight_of(X: np.ndarray, L: np.ndarray, share: float) -> float:
    """A group's weight where a share of groups is drawn with one unit's spread made small."""
    M = X.shape[1]
    n, total = M - 1.0, 1.0 - share
    for i in range(K):
        mu = square = 0.0
        for j in range(M):
            mu += X[i, j] / M
        for j in range(M):
            square += (X[i, j] - mu) ** 2
        x = square / (L[i] * L[i])
        total += share / K * (n - 2.0) * (n - 4.0) / (x * x)
    return 1.0 / total


@kernel
def increments(
    sums: np.ndarray, y: np.ndarray, p: np.ndarray, cov: np.ndarray, eta: float, psi: np.ndarray
) -> None:
    """Fill psi from one group's sums, as `sampled.rhs` puts means together."""
    for i in range(K):
        if TRAINS_GAMMA:
            psi[i] = eta * p[1] * (sums[i] - p[2] * y[i])
        if TRAINS_BETA:
            psi[BETA_AT + i] = eta * p[1] * sums[K + i]
    at, last = C_AT, 3 * K + K * N
    for i in range(K):
        own = sums[2 * K + i] - p[5]
        for n in range(T):
            pull = sums[3 * K + i * N + K + n] + own * cov[i, K + n]
            psi[A_AT + i * T + n] = eta * pull
        for j in range(i, K):
            other = sums[2 * K + j] - p[5]
            pull = sums[3 * K + i * N + j] + sums[3 * K + j * N + i] + (own + other) * cov[i, j]
            psi[at] = eta * pull + eta * eta / p[4] * sums[last]
            at += 1
            last += 1


@kernel
def directions(
    rows: np.ndarray, order: np.ndarray, B: np.ndarray, v: np.ndarray, known: np.ndarray
) -> int:
    """Coordinates v of what has the products ``rows`` with the variables; how many there are."""
    rank = 0
    for a in range(N):
        j = order[a]
        known[a] = 1.0 if B[j, a] > 0.0 else 0.0
        rank += int(known[a])
        for k in range(K):
            left = rows[k, j]
            for b in range(a):
                left -= B[j, b] * v[k, b]
            v[k, a] = left / B[j, a] if B[j, a] > 0.0 else 0.0
    return rank


@kernel
def step_moments(
    t: float,
    y: np.ndarray,
    p: np.ndarray,
    z: np.ndarray,
    xi: np.ndarray,
    share: float,
    mean: np.ndarray,
    square: np.ndarray,
    second: np.ndarray,
) -> None:
    """Moments over drawn groups, normalised by their weights.

    Parameters
    ----------
    t, y, p
        Time, state and numbers; of the label noise only what is drawn counts.
    z, xi
        Normal deviates, shape (groups, m, N), and label noise, shape (groups, m).
    share
        Of the groups, the last ones, that are drawn with a small spread of one unit, their first
        coordinate; unit after unit.
    mean, square
        Output: of psi, shape (SIZE,), and of its products, shape (SIZE, SIZE).
    second
        Output: ``f1`` of C, N times what the mean of psi lacks at finite N, shape (K, K).
    """
    eta, count, m = learning_rate(t, p[0]), z.shape[0], z.shape[1]
    groups = p[4] / m
    cov, B, order = np.empty((N, N)), np.empty((N, N)), np.empty(N, dtype=np.int64)
    work, flat = np.empty((N + 8 * K + 1, m)), np.empty(2 * N + 7 * K)
    units, sums, psi = np.empty((4, K)), np.empty(SUMS), np.empty(SIZE)
    rows, v, known = np.empty((K, N)), np.empty((K, N)), np.empty(N)
    whole, both = np.zeros((K, N)), np.zeros((K, K))
    quiet = p[: SECOND + K + T * T].copy()
    quiet[3] = 0.0  # the noise is drawn
    unpack(y, p, cov)
    for i in range(K):
        units[0, i] = math.sqrt(max(cov[i, i], 1e-300))
        units[1, i] = p[SECOND + i]
        units[2, i] = y[i] if TRAINS_GAMMA else 1.0
        units[3, i] = y[BETA_AT + i] if TRAINS_BETA else 0.0
    for i in range(SIZE):
        mean[i] = 0.0
        for j in range(SIZE):
            square[i, j] = 0.0
    plain = count - int(share * count)
    total = 0.0
    for first in range(-1, K):
        if first < 0:
            start, stop = 0, plain
        else:
            start = plain + first * (count - plain) // K
            stop = plain + (first + 1) * (count - plain) // K
        factor(cov, max(first, 0), order, B)
        for g in range(start, stop):
            for i in range(SUMS):
                sums[i] = 0.0
            weight = 1.0
            if STATISTICS == 1:
                add_batch(
                    z[g], xi[g], B, quiet, units[0], units[1], units[2], units[3], False, work,
                    sums,
                )  # fmt: skip
                if share > 0.0:
                    weight = weight_of(work[:K], units[0], share)
            else:
                add_example(
                    z[g, 0], xi[g, 0], B, quiet, units[0], units[1], units[2], units[3], flat, sums
                )
            total += weight
            increments(sums, y, p, cov, eta, psi)
            for i in range(SIZE):
                mean[i] += weight * psi[i]
                for j in range(i, SIZE):
                    square[i, j] += weight * psi[i] * psi[j]
            for k in range(K):
                for b in range(N):
                    rows[k, b] = sums[3 * K + k * N + b] + (sums[2 * K + k] - p[5]) * cov[k, b]
                    whole[k, b] += weight * rows[k, b]
            rank = directions(rows, order, B, v, known)
            last = 3 * K + K * N
            for k in range(K):
                for i in range(k, K):
                    product = -rank * sums[last] / m
                    last += 1
                    for b in range(N):
                        product += v[k, b] * v[i, b]
                    both[k, i] += weight * product
    for i in range(SIZE):
        mean[i] /= total
        for j in range(i, SIZE):
            square[i, j] = square[j, i] = square[i, j] / total
    for k in range(K):
        for b in range(N):
            whole[k, b] /= total
    factor(cov, 0, order, B)
    directions(whole, order, B, v, known)
    for k in range(K):
        for i in range(k, K):
            product = both[k, i] / (total * groups)
            for b in range(N):
                product += (1.0 - 1.0 / groups) * v[k, b] * v[i, b]
            second[k, i] = second[i, k] = eta * eta * product
