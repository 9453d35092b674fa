"""Template: online SGD with momentum on fresh examples whose covariance has blocks of eigenvalues.

As `spectral`, with the push of `momentum`: in every block it has components along the teacher,
along the rest of the weights, and aside of both (theory pages 8 and 11).
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batch_gradient import batch_gradient
from .momentum import move_scalars, pushed, turn_frame
from .online import add_example, dot
from .spectral import draw_scaled, kept, moments_of_fields, scaled_square
from .system import drawn_label, label_draw, learning_rate


@kernel
def regress(
    components: np.ndarray, along: np.ndarray, across: np.ndarray, spectrum: np.ndarray,
    moments: tuple[float, float, float], sums: tuple[float, float], square: float, N: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Draw three components a block of ``sum_k c_k x_k``, given its products with both weights.

    They are drawn as if nothing was known, and moved by the linear regression on the two sums that
    the drawn fields say; the third, aside of both weights, knows nothing of them.

    Parameters
    ----------
    components
        Output, shape (3, P).
    along, across, spectrum
        As `spectral.advance_chain_blocks` has them.
    moments
        q, ``r/q`` and the variance of v given a.
    sums
        Sum over c of a, and of what v has beside ``r/q a``.
    square
        ``|c|^2``.
    """
    q, slope, rest = moments
    by_u, by_z = sums
    values, tau = spectrum[0], spectrum[2]
    for b in range(values.size):
        scale = math.sqrt(square * values[b] / N)
        for i in range(3):
            components[i, b] = scale * rng.standard_normal()
        student = along[b] * components[0, b] + across[b] * components[1, b]
        by_u -= student
        by_z -= tau[b] * components[0, b] - slope * student
    by_u /= q
    by_z = by_z / rest if rest > 0.0 else 0.0
    by_u -= slope * by_z
    for b in range(values.size):
        components[0, b] += values[b] / N * (along[b] * by_u + tau[b] * by_z)
        components[1, b] += values[b] / N * across[b] * by_u


@kernel
def advance_chain_blocks_momentum(
    scalars: np.ndarray,
    weights: np.ndarray,
    push: np.ndarray,
    spectrum: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    memory: tuple[float, bool, bool],
    M: int,
    sharing: tuple[int, np.ndarray],
    by_field: bool,
    rng: np.random.Generator,
    out: np.ndarray,
) -> int:
    """The exact reduced chain with momentum: O(M + P) a step for any N.

    Three components of ``sum_k c_k x_k`` a block are known (`regress`), and the rest of a block has
    squared length ``|c|^2 lambda_b chi^2_{N_b - 3} / N``. Arguments as
    `spectral.advance_chain_blocks` and `momentum.advance_chain_momentum`, with weights and push of
    shape (4, P).
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    momentum, nesterov, decoupled = memory
    along, across = weights[0], weights[1]
    values, sizes, tau = spectrum[0], spectrum[1], spectrum[2]
    P = values.size
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    u, z, drawn = np.empty(M), np.empty(M), np.empty(M)
    parts, own, moved = np.empty((3, P)), np.empty(4), np.empty(4)
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
            by_n2, by_gamma, by_beta = batch_gradient(
                a, target, sharing, size, scalars[0], scalars[1], N, c
            )
            square = sum_u = sum_z = 0.0
            for k in range(M):
                square += c[k] * c[k]
                sum_u += c[k] * u[k]
                sum_z += c[k] * z[k]
            sums = (sum_u * spread, sum_z * aside)
            regress(parts, along, across, spectrum, (q, slope, rest), sums, square, N, rng)
            fade = weight_decay / N
            keep = 1.0 - eta * fade if decoupled else 1.0
            for b in range(P):
                pull = 2.0 * by_n2 * (values[b] if by_field else 1.0)
                pull -= 0.0 if decoupled else fade
                for i in range(4):
                    own[i], moved[i] = push[i, b], weights[i, b]
                    far = 0.0
                    if i < 3:
                        far = parts[i, b]
                    elif sizes[b] > 3.0:
                        chi = 2.0 * rng.standard_gamma(0.5 * (sizes[b] - 3.0))
                        far = math.sqrt(square * values[b] / N * chi)
                    own[i], move = pushed(own[i], far + pull * moved[i], momentum, nesterov)
                    moved[i] = keep * moved[i] + eta * move
                turn_frame(moved, own)
                for i in range(4):
                    push[i, b], weights[i, b] = own[i], moved[i]
            by_gamma -= zeta * scalars[0]
            move_scalars(scalars, by_gamma, by_beta, eta * gamma_rate / N, momentum, nesterov)
            step += 1
        row = out[stored]
        for b in range(P):
            row[2 + b] = along[b] * tau[b] / N
            row[2 + P + b] = (along[b] * along[b] + across[b] * across[b]) / N
        if not kept(scalars[0], scalars[1], row, P):
            return stored
    clock[0] = step
    return last


@kernel
def advance_vectors_blocks_momentum(
    scalars: np.ndarray,
    w: np.ndarray,
    push: np.ndarray,
    descent: np.ndarray,
    teacher: np.ndarray,
    scales: np.ndarray,
    ends: np.ndarray,
    examples: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    memory: tuple[float, bool, bool],
    M: int,
    sharing: tuple[int, np.ndarray],
    by_field: bool,
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
    labels: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Real vectors; arguments as `spectral.advance_vectors_blocks`, with push and descent, (N,)."""
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    momentum, nesterov, decoupled = memory
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    P, step = ends.size, clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(M):
                a[k], v = draw_scaled(examples[k], w, teacher, scales, law, rng)
                target[k] = drawn_label(v, noise, label_draw(noise, labels))
            size = N * scaled_square(w, scales) if by_field else dot(w, w)
            by_n2, by_gamma, by_beta = batch_gradient(
                a, target, sharing, size, scalars[0], scalars[1], N, c
            )
            fade = weight_decay / N
            keep = 1.0 - eta * fade if decoupled else 1.0
            for i in range(w.size):
                pull = 2.0 * by_n2 * (N * scales[i] * scales[i] if by_field else 1.0)
                descent[i] = (pull - (0.0 if decoupled else fade)) * w[i]
            for k in range(M):
                add_example(descent, examples[k], c[k])
            for i in range(w.size):
                push[i], move = pushed(push[i], descent[i], momentum, nesterov)
                w[i] = keep * w[i] + eta * move
            by_gamma -= zeta * scalars[0]
            move_scalars(scalars, by_gamma, by_beta, eta * gamma_rate / N, momentum, nesterov)
            step += 1
        row, begin = out[stored], 0
        for b in range(P):
            row[2 + b] = dot(w[begin : ends[b]], teacher[begin : ends[b]]) / N
            row[2 + P + b] = dot(w[begin : ends[b]], w[begin : ends[b]]) / N
            begin = ends[b]
        if not kept(scalars[0], scalars[1], row, P):
            return stored
    clock[0] = step
    return last
