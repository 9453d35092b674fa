"""The flow of a committee by sampling: any activation, any field, with statistics or without.

The expectations of a step are means over fixed points, normal deviates of whole batches (of single
examples where no batch is looked at), which the state maps to fields: a smooth flow. Every unit's
field is ``field(h, mu, sigma, L, gamma, beta)`` with the statistics mu and sigma of the batch or
of the units. Label noise is averaged analytically: a step is linear in it. A finite set of
points is not invariant under permutations of units; the mean over the group of those that leave
the problem alone is.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batches import SUMS, add_batch
from .examples import add_example, example_error
from .shape import STATISTICS, TRAINS_BETA, TRAINS_GAMMA, K, T, learning_rate
from .state import A_AT, BETA_AT, C_AT, POINTS, SECOND, N, factor, unpack

#: Header of the points: batches, examples in each, plain batches, elements of the group, examples
#: for the error.
HEADER = 5


@kernel
def numbers(y: np.ndarray, p: np.ndarray, cov: np.ndarray, units: np.ndarray) -> None:
    """Covariance of the fields, and lengths, second layer, gamma and beta of the units."""
    unpack(y, p, cov)
    for i in range(K):
        units[0, i] = math.sqrt(max(cov[i, i], 1e-300))
        units[1, i] = p[SECOND + i]
        units[2, i] = y[i] if TRAINS_GAMMA else 1.0
        units[3, i] = y[BETA_AT + i] if TRAINS_BETA else 0.0


@kernel
def add_points(
    p: np.ndarray,
    cov: np.ndarray,
    units: np.ndarray,
    shuffle: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Add the steps of all points, the units being taken in another order, to the sums.

    ``shuffle[i]`` is the variable whose place variable i takes; the sums are those of the
    shuffled problem.
    """
    count, M, plain = int(p[POINTS]), int(p[POINTS + 1]), int(p[POINTS + 2])
    group = int(p[POINTS + 3])
    begin = POINTS + HEADER + group * N
    z = p[begin : begin + count * M * N].reshape((count, M, N))
    own, B, order = np.empty((N, N)), np.empty((N, N)), np.empty(N, dtype=np.int64)
    mine = np.empty((4, K))
    for i in range(N):
        for j in range(N):
            own[i, j] = cov[shuffle[i], shuffle[j]]
        if i < K:
            for k in range(4):
                mine[k, i] = units[k, shuffle[i]]
    work, flat = np.empty((N + 8 * K + 1, M)), np.empty(2 * N + 7 * K)
    quiet = np.zeros(M)  # label noise is averaged analytically
    mixed = plain < count
    # Half of a mixture is plain, the rest has one unit after the other as its first.
    for first in range(-1, K):
        if first < 0:
            start, stop = 0, plain
        else:
            start = plain + first * (count - plain) // K
            stop = plain + (first + 1) * (count - plain) // K
        if start == stop:
            continue
        factor(own, max(first, 0), order, B)
        for b in range(start, stop):
            if STATISTICS == 1:
                add_batch(z[b], quiet, B, p, mine[0], mine[1], mine[2], mine[3], mixed, work, sums)
            else:
                add_example(z[b, 0], 0.0, B, p, mine[0], mine[1], mine[2], mine[3], flat, sums)


@kernel
def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of gamma, beta, A and C."""
    eta, group = learning_rate(t, p[0]), int(p[POINTS + 3])
    cov, units = np.empty((N, N)), np.empty((4, K))
    numbers(y, p, cov, units)
    sums, shuffle = np.empty(SUMS), np.empty(N, dtype=np.int64)
    # Pushes of gamma, beta and length; d x; d d: of the units in their own order.
    means, square = np.zeros((K, 3 + N)), np.zeros((K, K))
    scale = 1.0 / (p[POINTS] * group)
    for k in range(group):
        at = POINTS + HEADER + k * N
        for i in range(N):
            shuffle[i] = int(p[at + i])
        for i in range(SUMS):
            sums[i] = 0.0
        add_points(p, cov, units, shuffle, sums)

        at, last = 3 * K, 3 * K + K * N
        for i in range(K):
            own = shuffle[i]
            for kind in range(3):
                means[own, kind] += scale * sums[kind * K + i]
            for m in range(N):
                means[own, 3 + shuffle[m]] += scale * sums[at]
                at += 1
            for other in range(i, K):
                value = scale * sums[last]
                last += 1
                square[own, shuffle[other]] += value
                if other != i:
                    square[shuffle[other], own] += value
    at = C_AT
    for i in range(K):
        if TRAINS_GAMMA:
            dy[i] = eta * p[1] * (means[i, 0] - p[2] * y[i])
        if TRAINS_BETA:
            dy[BETA_AT + i] = eta * p[1] * means[i, 1]
        for n in range(T):
            pull = means[i, 3 + K + n] + (means[i, 2] - p[5]) * cov[i, K + n]
            dy[A_AT + i * T + n] = eta * pull
        for j in range(i, K):
            pull = means[i, 3 + j] + means[j, 3 + i]
            pull += (means[i, 2] + means[j, 2] - 2.0 * p[5]) * cov[i, j]
            dy[at] = eta * pull + eta * eta / p[4] * square[i, j]
            at += 1


@kernel
def clean_error(y: np.ndarray, p: np.ndarray) -> float:
    """The generalisation error: of single examples, statistics being those of the population."""
    count, M, group = int(p[POINTS]), int(p[POINTS + 1]), int(p[POINTS + 3])
    examples = int(p[POINTS + 4])
    begin = POINTS + HEADER + group * N + count * M * N
    z = p[begin : begin + examples * N].reshape((examples, N))
    cov, units, x = np.empty((N, N)), np.empty((4, K)), np.empty(N)
    B, order = np.empty((N, N)), np.empty(N, dtype=np.int64)
    numbers(y, p, cov, units)
    factor(cov, 0, order, B)
    total = 0.0
    for j in range(examples):
        total += example_error(z[j], B, units[0], units[1], units[2], units[3], x)
    return total / examples
