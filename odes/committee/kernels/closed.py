"""The flow of a committee whose Gaussian averages are closed: `sgd`, `wn`, `pn`.

With residual ``e = sum_p c_p g(x_p) + noise`` (c = -a of the student's units, 1 of the teacher's)
and ``delta_i = a_i g'(f_i) e``, a step moves unit i by ``eta mean(d_i x)``, ``d_i = s_i delta_i``,
where ``s_i = df_i/dh_i``, and by ``eta e_i w_i / N``.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .averages import overlap, prepare, response, slopes, square
from .shape import NORMALISED, K, T, learning_rate
from .state import A_AT, C_AT, SECOND, N, unpack

#: Orthants of four units are looked up by the sum of 2^k.
SETS = 1 << N
LEAST = 1e-300


@kernel
def scaled(y: np.ndarray, cov: np.ndarray, s: np.ndarray, G: np.ndarray) -> None:
    """The units' slopes ``s = df/dh``, 1 for the teacher, and the covariance of (f, v)."""
    for i in range(N):
        s[i] = y[i] / math.sqrt(max(cov[i, i], LEAST)) if NORMALISED and i < K else 1.0
    for i in range(N):
        for j in range(N):
            G[i, j] = s[i] * s[j] * cov[i, j]


@kernel
def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of gamma, A and C."""
    eta = learning_rate(t, p[0])
    work = np.empty((5 * N + 4, N))
    four = np.empty(SETS)
    cov, G, s, c = work[3 * N : 4 * N], work[4 * N : 5 * N], work[5 * N], work[5 * N + 1]
    by, own = work[5 * N + 2], work[5 * N + 3]
    unpack(y, p, cov)
    scaled(y, cov, s, G)
    for i in range(N):
        c[i] = -p[SECOND + i] if i < K else 1.0
    for i in range(K):
        # E[delta_i z] = alone cov(f_i, z) + sum_p by_p cov(x_p, z)
        alone = 0.0
        for q in range(N):
            alpha, beta = response(G[i, i], G[q, q], G[i, q])
            alone += c[q] * alpha
            by[q] = p[SECOND + i] * c[q] * beta * s[q]
        by[i] += p[SECOND + i] * alone * s[i]
        for m in range(N):
            total = 0.0
            for q in range(N):
                total += by[q] * cov[q, m]
            work[i, m] = total
    for i in range(K):
        own[i] = -p[5]
        if NORMALISED:
            L = math.sqrt(max(cov[i, i], LEAST))
            dy[i] = eta * p[1] * (work[i, i] / L - p[2] * y[i])
            own[i] -= s[i] * work[i, i] / (L * L)
        for n in range(T):
            dy[A_AT + i * T + n] = eta * (s[i] * work[i, K + n] + own[i] * cov[i, K + n])
    at = C_AT
    for i in range(K):
        for j in range(i, K):
            pulled = s[i] * work[i, j] + s[j] * work[j, i] + (own[i] + own[j]) * cov[i, j]
            dy[at] = eta * pulled
            at += 1
    gain = eta * eta / p[4]
    if gain > 0.0:
        prepare(G, K, work, four)
        at = C_AT
        for i in range(K):
            for j in range(i, K):
                V = square(G, i, j, c, work, four)
                V += p[3] * slopes(G[i, i], G[j, j], G[i, j])
                dy[at] += gain * s[i] * s[j] * p[SECOND + i] * p[SECOND + j] * V
                at += 1


@kernel
def clean_error(y: np.ndarray, p: np.ndarray) -> float:
    """Half the mean squared distance of the outputs, at population statistics, without noise."""
    cov, G, s = np.empty((N, N)), np.empty((N, N)), np.empty(N)
    unpack(y, p, cov)
    scaled(y, cov, s, G)
    total = 0.0
    for i in range(N):
        for j in range(N):
            sign = 1.0
            if i < K:
                sign *= -p[SECOND + i]
            if j < K:
                sign *= -p[SECOND + j]
            total += sign * overlap(G[i, i], G[j, j], G[i, j])
    return 0.5 * total
