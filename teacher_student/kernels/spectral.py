"""Template: online SGD on fresh Gaussian examples whose covariance has blocks of eigenvalues.

As `online`, by an exact reduced chain or with real vectors (theory page 11). In block b the inputs
are ``N(0, lambda_b/N)``, the teacher has the length ``tau_b``, and the student's weights are
``along_b e1 + across_b e2`` with ``e1`` the teacher's direction there.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.inputs import fill_input

from .batch_gradient import batch_gradient
from .observables import test_error
from .online import HUGE, add_example, dot
from .system import TRAINS_BETA, drawn_label, field, label_draw, learning_rate


@kernel
def kept(gamma: float, beta: float, row: np.ndarray, blocks: int) -> bool:
    """Store the scalars of a row that has A and C; False once the run has diverged."""
    row[0], row[1] = gamma, beta
    square = 0.0
    for b in range(blocks):
        square += row[2 + blocks + b]
    return abs(gamma) < HUGE and abs(beta) < HUGE and square < HUGE * HUGE


@kernel
def moments_of_fields(
    along: np.ndarray, across: np.ndarray, tau: np.ndarray, values: np.ndarray, N: float
) -> tuple[float, float, float, float]:
    """``|w|^2``, q, ``r/q``, and the variance of v given a: a sum of squares, no difference."""
    n2 = q = r = rest = 0.0
    for b in range(values.size):
        size = along[b] * along[b] + across[b] * across[b]
        n2 += size
        q += values[b] * size
        r += values[b] * along[b] * tau[b]
    slope = r / q
    for b in range(values.size):
        aside = tau[b] - slope * along[b]
        rest += values[b] * (aside * aside + slope * slope * across[b] * across[b])
    return n2, q / N, slope, rest / N


@kernel
def advance_chain_blocks(
    scalars: np.ndarray,
    weights: np.ndarray,
    spectrum: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    M: int,
    sharing: tuple[int, np.ndarray],
    by_field: bool,
    rng: np.random.Generator,
    out: np.ndarray,
) -> int:
    """The exact reduced chain: O(M + P) a step for any N.

    The fields of an example are drawn from their covariance, which says ``c``. Of ``sum_k c_k
    x_k`` two components a block are drawn as if nothing was known of them, ``N(0, |c|^2
    lambda_b/N)``, and moved by what the drawn fields add to their sums; the rest of a block has
    squared length ``|c|^2 lambda_b chi^2_{N_b - 2} / N``. Arguments as `online.advance_chain`, and

    Parameters
    ----------
    scalars, weights
        ``gamma, beta``; along and across, shape (2, P); both updated.
    spectrum
        Eigenvalues, directions ``N_b`` and the teacher's lengths, shape (3, P).
    by_field
        Whether the norm in the scheme is that of the field.
    out
        Rows ``gamma, beta``, A and C of the stored steps.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    gamma, beta = scalars
    along, across = weights[0], weights[1]
    values, sizes, tau = spectrum[0], spectrum[1], spectrum[2]
    P = values.size
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    u, z, drawn = np.empty(M), np.empty(M), np.empty(M)
    s1, s2 = np.empty(P), np.empty(P)
    step = clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            n2, q, slope, rest = moments_of_fields(along, across, tau, values, N)
            spread, aside = math.sqrt(q), math.sqrt(rest)
            for k in range(M):
                u[k], z[k] = rng.standard_normal(), rng.standard_normal()
                drawn[k] = label_draw(noise, rng)
            for k in range(M):
                a[k] = spread * u[k]
                target[k] = drawn_label(slope * a[k] + aside * z[k], noise, drawn[k])
            size = q * N if by_field else n2
            by_n2, by_gamma, by_beta = batch_gradient(a, target, sharing, size, gamma, beta, N, c)
            square = sum_u = sum_z = 0.0
            for k in range(M):
                square += c[k] * c[k]
                sum_u += c[k] * u[k]
                sum_z += c[k] * z[k]
            # The sums over c of u and of z, minus those that the components below happen to have.
            by_u, by_z = sum_u * spread, sum_z * aside
            for b in range(P):
                scale = math.sqrt(square * values[b] / N)
                s1[b] = scale * rng.standard_normal()
                s2[b] = scale * rng.standard_normal()
                student = along[b] * s1[b] + across[b] * s2[b]
                by_u -= student
                by_z -= tau[b] * s1[b] - slope * student
            by_u /= q
            by_z = by_z / rest if rest > 0.0 else 0.0
            by_u -= slope * by_z
            for b in range(P):
                s1[b] += values[b] / N * (along[b] * by_u + tau[b] * by_z)
                s2[b] += values[b] / N * across[b] * by_u
                pull = 2.0 * eta * by_n2 * (values[b] if by_field else 1.0)
                keep = 1.0 + pull - eta * weight_decay / N
                chi = 2.0 * rng.standard_gamma(0.5 * (sizes[b] - 2.0))
                far = eta * eta * square * values[b] / N * chi
                along[b] = keep * along[b] + eta * s1[b]
                across[b] = math.sqrt((keep * across[b] + eta * s2[b]) ** 2 + far)
            gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
            if TRAINS_BETA:
                beta += eta * gamma_rate / N * by_beta
            step += 1
        row = out[stored]
        for b in range(P):
            row[2 + b] = along[b] * tau[b] / N
            row[2 + P + b] = (along[b] * along[b] + across[b] * across[b]) / N
        if not kept(gamma, beta, row, P):
            return stored
    scalars[0], scalars[1] = gamma, beta
    clock[0] = step
    return last


@kernel
def draw_scaled(
    x: np.ndarray,
    w: np.ndarray,
    teacher: np.ndarray,
    scales: np.ndarray,
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Fill one example, of its own scale in every direction; its products with the weights."""
    fill_input(x, law[0], law[1], law[2], rng)
    a = v = 0.0
    for i in range(x.size):
        x[i] *= scales[i]
        a += x[i] * w[i]
        v += x[i] * teacher[i]
    return a, v


@kernel
def scaled_square(w: np.ndarray, scales: np.ndarray) -> float:
    """``w.Lambda w / N``."""
    total = 0.0
    for i in range(w.size):
        total += (scales[i] * w[i]) ** 2
    return total


@kernel
def advance_vectors_blocks(
    scalars: np.ndarray,
    w: np.ndarray,
    teacher: np.ndarray,
    scales: np.ndarray,
    ends: np.ndarray,
    examples: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    M: int,
    sharing: tuple[int, np.ndarray],
    by_field: bool,
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
    labels: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Real vectors; arguments as `online.advance_vectors` and `advance_chain_blocks`, and

    Parameters
    ----------
    scales
        ``sqrt(lambda/N)`` of every direction; those of a block stand together.
    ends
        Where the blocks end, shape (P,).
    examples
        Scratch, M rows of N.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    gamma, beta = scalars
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    P, step = ends.size, clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(M):
                a[k], v = draw_scaled(examples[k], w, teacher, scales, law, rng)
                target[k] = drawn_label(v, noise, label_draw(noise, labels))
            size = N * scaled_square(w, scales) if by_field else dot(w, w)
            by_n2, by_gamma, by_beta = batch_gradient(a, target, sharing, size, gamma, beta, N, c)
            fade, pull = 1.0 - eta * weight_decay / N, 2.0 * eta * by_n2
            for i in range(w.size):
                w[i] *= fade + pull * (N * scales[i] * scales[i] if by_field else 1.0)
            for k in range(M):
                add_example(w, examples[k], eta * c[k])
            gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
            if TRAINS_BETA:
                beta += eta * gamma_rate / N * by_beta
            step += 1
        row, begin = out[stored], 0
        for b in range(P):
            row[2 + b] = dot(w[begin : ends[b]], teacher[begin : ends[b]]) / N
            row[2 + P + b] = dot(w[begin : ends[b]], w[begin : ends[b]]) / N
            begin = ends[b]
        if not kept(gamma, beta, row, P):
            return stored
    scalars[0], scalars[1] = gamma, beta
    clock[0] = step
    return last


@kernel
def observe_fields(rows: np.ndarray, Q: np.ndarray, error: np.ndarray) -> None:
    """Q and test error of rows ``gamma, beta, R``, the field's spread, ``|w|/sqrt(N)``."""
    large = 1e12  # terms of order 1/N in a user's field are below rounding
    for i in range(rows.shape[0]):
        gamma, beta, R, spread, norm = rows[i]
        n2 = large * norm * norm
        shift = field(0.0, 0.0, spread, n2, gamma, beta, large)[0]
        Q[i] = field(spread, 0.0, spread, n2, gamma, beta, large)[0] - shift
        error[i] = test_error(shift, Q[i], min(1.0, max(-1.0, R)))
