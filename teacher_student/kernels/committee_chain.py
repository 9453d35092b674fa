"""Template: the exact reduced chain of a committee (theory page 5): its cost knows no N.

The units' weights, in units of sqrt(N), are rows ``(along, across)``: coordinates along T
orthonormal directions of the teachers, and a lower triangle of coordinates along K directions of
their own. Inputs have T + K normal coordinates there. What a step adds beyond has the Gram matrix
``R (Q Q') R' (eta/(M N))^2``, with ``R R' = d' d`` and ``Q Q'`` of Wishart's law of ``N - K - T``
degrees of freedom: Q is Bartlett's triangle. The directions are then chosen anew.
"""

import numpy as np
from bntheory.codegen.jit import kernel

from .committee_gradient import COLUMNS, ROWS, committee_gradient
from .committee_wishart import PIVOT, beyond, semidefinite_root
from .system import TRAINS_BETA, activation, learning_rate

#: Beyond this size of a length or of gamma a run counts as diverged.
HUGE = 1e8


@kernel
def record_committee(
    gamma: np.ndarray, beta: np.ndarray, A: np.ndarray, C: np.ndarray, row: np.ndarray
) -> bool:
    """Store gamma, beta, A and C one after the other; False once the run has diverged."""
    K, T = A.shape
    finite, at = True, 0
    for k in range(K):
        row[k], row[K + k] = gamma[k], beta[k]
        finite = finite and abs(gamma[k]) < HUGE and abs(beta[k]) < HUGE and C[k, k] < HUGE * HUGE
    at = 2 * K
    for k in range(K):
        for n in range(T):
            row[at] = A[k, n]
            at += 1
    for k in range(K):
        for i in range(K):
            row[at] = C[k, i]
            at += 1
    return finite


@kernel
def draw_committee_batch(
    along: np.ndarray,
    across: np.ndarray,
    teacher_root: np.ndarray,
    noise: float,
    rng: np.random.Generator,
    z: np.ndarray,
    h: np.ndarray,
    target: np.ndarray,
) -> None:
    """Coordinates, products and labels of a batch."""
    K, T = along.shape
    for j in range(z.shape[0]):
        for i in range(T + K):
            z[j, i] = rng.standard_normal()
        y = 0.0
        for n in range(T):
            v = 0.0
            for i in range(n + 1):
                v += teacher_root[n, i] * z[j, i]
            y += activation(v)[0]
        if noise > 0.0:
            y += noise * rng.standard_normal()
        target[j] = y
        for k in range(K):
            product = 0.0
            for i in range(T):
                product += along[k, i] * z[j, i]
            for i in range(k + 1):
                product += across[k, i] * z[j, T + i]
            h[j, k] = product


@kernel
def move_frame(
    along: np.ndarray,
    across: np.ndarray,
    z: np.ndarray,
    d: np.ndarray,
    keep: np.ndarray,
    scale: float,
    nu: float,
    rng: np.random.Generator,
    work: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    own: np.ndarray,
) -> None:
    """Add a step to the weights' coordinates, and choose the units' own directions anew."""
    K, T = along.shape
    gram, least = work[0], work[3][0]
    columns = beyond(d, nu, rng, work)
    P = work[3]
    for k in range(K):
        for i in range(T + K):
            added = 0.0
            for j in range(z.shape[0]):
                added += d[j, k] * z[j, i]
            if i < T:
                along[k, i] = keep[k] * along[k, i] + scale * added
            else:
                own[k, i - T] = keep[k] * across[k, i - T] + scale * added
    for k in range(K):
        for i in range(k + 1):
            total, far = 0.0, 0.0
            for b in range(K):
                total += own[k, b] * own[i, b]
            for b in range(columns):
                far += P[k, b] * P[i, b]
            gram[k, i] = gram[i, k] = total + scale * scale * far
    for k in range(K):
        length = gram[k, k]
        for i in range(T):
            length += along[k, i] * along[k, i]
        least[k] = PIVOT * length
    semidefinite_root(gram, least, across)


@kernel
def products(
    along: np.ndarray, across: np.ndarray, teacher_root: np.ndarray, A: np.ndarray, C: np.ndarray
) -> None:
    """Fill A and C from coordinates."""
    K, T = along.shape
    for k in range(K):
        for n in range(T):
            A[k, n] = 0.0
            for i in range(n + 1):
                A[k, n] += along[k, i] * teacher_root[n, i]
        for i in range(k + 1):
            C[k, i] = 0.0
            for b in range(T):
                C[k, i] += along[k, b] * along[i, b]
            for b in range(i + 1):
                C[k, i] += across[k, b] * across[i, b]
            C[i, k] = C[k, i]


@kernel
def advance_committee_chain(
    scalars: np.ndarray,
    along: np.ndarray,
    across: np.ndarray,
    teacher_root: np.ndarray,
    a: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    M: int,
    m: int,
    rng: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Advance one run over the stored steps ``first .. last - 1``.

    Parameters
    ----------
    scalars
        gamma and beta of every unit, shape (2, K); updated.
    along, across
        The units' coordinates, shapes (K, T) and (K, K), lower; updated.
    teacher_root
        Cholesky's triangle of the teachers' products.
    a
        Second layer.
    clock, steps, first, last
        Steps done so far (updated), the stored steps, and which of them this call does.
    numbers
        ``N, eta, gamma_rate, zeta, noise standard deviation, weight decay``.
    M, m
        Examples a step, and how many of them share batch statistics.
    rng
        This run's generator.
    out
        Rows ``gamma, beta, A, C`` of the stored steps.

    Returns
    -------
    int
        How many stored steps have been recorded; fewer than ``last`` if the run diverged.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    K, T = along.shape
    gamma, beta = scalars[0], scalars[1]
    z, h, target, d = np.empty((M, T + K)), np.empty((M, K)), np.empty(M), np.empty((M, K))
    scratch, batch, pulls = np.empty((K, COLUMNS)), np.empty((ROWS, K)), np.empty((3, K))
    work = (np.empty((K, K)), np.empty((K, K)), np.empty((K, K)), np.empty((K, K)))
    own, keep, n2 = np.empty((K, K)), np.empty(K), np.empty(K)
    A, C = np.empty((K, T)), np.empty((K, K))
    units = (gamma, beta, a, n2)
    step = clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(K):
                n2[k] = 0.0
                for i in range(T):
                    n2[k] += along[k, i] * along[k, i]
                for i in range(k + 1):
                    n2[k] += across[k, i] * across[k, i]
                n2[k] *= N
            draw_committee_batch(along, across, teacher_root, noise, rng, z, h, target)
            committee_gradient(h, target, m, units, N, scratch, batch, d, pulls)
            for k in range(K):
                keep[k] = 1.0 + 2.0 * eta * pulls[0, k] - eta * weight_decay / N
                gamma[k] += eta * gamma_rate / N * (pulls[1, k] - zeta * gamma[k])
                if TRAINS_BETA:
                    beta[k] += eta * gamma_rate / N * pulls[2, k]
            move_frame(along, across, z, d, keep, eta / (M * N), N - K - T, rng, work, own)
            step += 1
        products(along, across, teacher_root, A, C)
        if not record_committee(gamma, beta, A, C, out[stored]):
            return stored
    clock[0] = step
    return last
