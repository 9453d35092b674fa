"""Template: online training by optimisers beside SGD, by reduced chain or with real vectors.

The gradient is that of the loss alone: weight decay and gamma's own step stay beside the optimiser.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batch_gradient import batch_gradient
from .online import add_example, dot, draw_example, keep_running, record
from .system import TRAINS_BETA, drawn_label, label_draw, learning_rate

#: What becomes of a gradient.
CLIPPED, NORMALISED, SIGN, ADAGRAD_NORM = 0, 1, 2, 3


@kernel
def gain(way: int, threshold: float, square: float, N: float, b2: np.ndarray) -> float:
    """By what a gradient of this squared length is multiplied; AdaGrad-norm's sum takes it up."""
    if way == ADAGRAD_NORM:
        b2[0] += square / N
        return 1.0 / math.sqrt(b2[0])
    if square == 0.0:
        return 0.0
    length = math.sqrt(square)
    return min(1.0, threshold / length) if way == CLIPPED else 1.0 / length


@kernel
def advance_chain_optimised(
    state: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    stepping: tuple[int, float, np.ndarray],
    M: int,
    sharing: tuple[int, np.ndarray],
    rng: np.random.Generator,
    out: np.ndarray,
) -> int:
    """The exact reduced chain (theory page 5); arguments as `advance_chain`, and

    Parameters
    ----------
    stepping
        What becomes of a gradient, the threshold of clipping, and AdaGrad-norm's sum, updated. The
        signs of a gradient's entries have no chain.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    way, threshold, b2 = stepping
    gamma, beta, along, across = state
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    x1, x2, drawn = np.empty(M), np.empty(M), np.empty(M)
    unit, root_n, shape = 1.0 / math.sqrt(N), math.sqrt(N), 0.5 * (N - 2.0)
    step = clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(M):
                x1[k] = unit * rng.standard_normal()
                x2[k] = unit * rng.standard_normal()
                drawn[k] = label_draw(noise, rng)
            for k in range(M):
                a[k] = along * x1[k] + across * x2[k]
                target[k] = drawn_label(root_n * x1[k], noise, drawn[k])
            n2 = along * along + across * across
            by_n2, by_gamma, by_beta = batch_gradient(a, target, sharing, n2, gamma, beta, N, c)
            add1, add2, square = 2.0 * by_n2 * along, 2.0 * by_n2 * across, 0.0
            for k in range(M):
                add1 += c[k] * x1[k]
                add2 += c[k] * x2[k]
                square += c[k] * c[k]
            rest = square * unit * unit * 2.0 * rng.standard_gamma(shape)
            move = eta * gain(way, threshold, add1 * add1 + add2 * add2 + rest, N, b2)
            keep = 1.0 - eta * weight_decay / N
            along = keep * along + move * add1
            across = math.sqrt((keep * across + move * add2) ** 2 + move * move * rest)
            gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
            if TRAINS_BETA:
                beta += eta * gamma_rate / N * by_beta
            step += 1
        norm = math.sqrt(along * along + across * across)
        out[stored, 6] = b2[0]
        if not record(gamma, beta, along / norm, norm * unit, out[stored]):
            return stored
        keep_running(sharing[1], out[stored])
    state[0], state[1], state[2], state[3] = gamma, beta, along, across
    clock[0] = step
    return last


@kernel
def move_weights(
    w: np.ndarray, gradient: np.ndarray, eta: float, keep: float,
    stepping: tuple[int, float, np.ndarray],
) -> None:  # fmt: skip
    """One step of the weights, along minus a gradient."""
    way, threshold, b2 = stepping
    N = float(w.size)
    if way == SIGN:
        move = eta / math.sqrt(N)
        for i in range(w.size):
            w[i] = keep * w[i] + (move if gradient[i] > 0.0 else -move)
        return
    move = eta * gain(way, threshold, dot(gradient, gradient), N, b2)
    for i in range(w.size):
        w[i] = keep * w[i] + move * gradient[i]


@kernel
def advance_vectors_optimised(
    scalars: np.ndarray,
    w: np.ndarray,
    descent: np.ndarray,
    teacher: np.ndarray,
    examples: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    stepping: tuple[int, float, np.ndarray],
    M: int,
    sharing: tuple[int, np.ndarray],
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
    replay: np.random.Generator,
    labels: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Real N-dimensional vectors; arguments as `advance_vectors` and `advance_chain_optimised`, and

    Parameters
    ----------
    descent
        Scratch, shape (N,).
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    gamma, beta = scalars
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    unit = 1.0 / math.sqrt(N)
    kept = examples.shape[0] == M
    teacher_norm = math.sqrt(dot(teacher, teacher))
    n2 = dot(w, w)
    step = clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(M):
                a[k], v = draw_example(examples[k if kept else 0], w, teacher, unit, law, rng)
                target[k] = drawn_label(v, noise, label_draw(noise, labels))
            by_n2, by_gamma, by_beta = batch_gradient(a, target, sharing, n2, gamma, beta, N, c)
            for i in range(w.size):
                descent[i] = 2.0 * by_n2 * w[i]
            for k in range(M):
                if not kept:
                    draw_example(examples[0], w, teacher, unit, law, replay)
                add_example(descent, examples[k if kept else 0], c[k])
            move_weights(w, descent, eta, 1.0 - eta * weight_decay / N, stepping)
            n2 = dot(w, w)
            gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
            if TRAINS_BETA:
                beta += eta * gamma_rate / N * by_beta
            step += 1
        norm = math.sqrt(n2)
        R = dot(w, teacher) / (norm * teacher_norm)
        out[stored, 6] = stepping[2][0]
        if not record(gamma, beta, R, norm * unit, out[stored]):
            return stored
        keep_running(sharing[1], out[stored])
    scalars[0], scalars[1] = gamma, beta
    clock[0] = step
    return last
