"""Template: online SGD with momentum on fresh Gaussian examples, by reduced chain or by vectors.

``push`` is minus torch's buffer: every step does ``push = momentum push + descent``, with the
descent minus the gradient, and moves by eta times the push, or by Nesterov's ``descent +
momentum push``. Coupled weight decay and the decay of gamma are part of the descent.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .batch_gradient import batch_gradient
from .online import add_example, dot, draw_example, keep_running, record
from .system import TRAINS_BETA, drawn_label, label_draw, learning_rate


@kernel
def pushed(push: float, descent: float, momentum: float, nesterov: bool) -> tuple[float, float]:
    """The new push, and what the step moves by in units of the learning rate."""
    push = momentum * push + descent
    return push, descent + momentum * push if nesterov else push


@kernel
def move_scalars(
    scalars: np.ndarray, by_gamma: float, by_beta: float, rate: float, momentum: float,
    nesterov: bool,
) -> None:  # fmt: skip
    """One step of ``gamma, beta, push of gamma, push of beta``."""
    scalars[2], move = pushed(scalars[2], by_gamma, momentum, nesterov)
    scalars[0] += rate * move
    if TRAINS_BETA:
        scalars[3], move = pushed(scalars[3], by_beta, momentum, nesterov)
        scalars[1] += rate * move


@kernel
def turn_frame(w: np.ndarray, push: np.ndarray) -> None:
    """Write weights and push of four components in the frame of teacher, weights and push.

    The first component is along the teacher; of the others the weights are left with one and the
    push with two, whose second is the length of a vector product: no difference of squares.
    """
    across = math.sqrt(w[1] * w[1] + w[2] * w[2] + w[3] * w[3])
    along = aside = 0.0
    if across > 0.0:
        along = (push[1] * w[1] + push[2] * w[2] + push[3] * w[3]) / across
        c1 = push[2] * w[3] - push[3] * w[2]
        c2 = push[3] * w[1] - push[1] * w[3]
        c3 = push[1] * w[2] - push[2] * w[1]
        aside = math.sqrt(c1 * c1 + c2 * c2 + c3 * c3) / across
    else:  # any direction is that of the weights
        along = math.sqrt(push[1] * push[1] + push[2] * push[2] + push[3] * push[3])
    w[1], w[2], w[3] = across, 0.0, 0.0
    push[1], push[2], push[3] = along, aside, 0.0


@kernel
def advance_chain_momentum(
    scalars: np.ndarray,
    w: np.ndarray,
    push: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    memory: tuple[float, bool, bool],
    M: int,
    sharing: tuple[int, np.ndarray],
    rng: np.random.Generator,
    out: np.ndarray,
) -> int:
    """The exact reduced chain (theory page 5) with momentum: O(M) a step for any N.

    In the frame of teacher, weights and push every example has three components, and the rest of
    ``sum_k c_k x_k`` has squared length ``|c|^2 chi^2_{N-3} / N``. Arguments as `advance_chain`,
    and

    Parameters
    ----------
    scalars
        ``gamma, beta`` and their pushes; updated.
    w, push
        Of weights and push the components along the teacher, the weights' rest, the push's
        rest, and a fourth direction that is none between steps; updated.
    memory
        The momentum, whether it is Nesterov's, and whether weight decay is decoupled.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    momentum, nesterov, decoupled = memory
    a, target, c = np.empty(M), np.empty(M), np.empty(M)
    x, drawn, descent = np.empty((M, 3)), np.empty(M), np.empty(4)
    unit, root_n, shape = 1.0 / math.sqrt(N), math.sqrt(N), 0.5 * (N - 3.0)
    step = clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(M):
                for i in range(3):
                    x[k, i] = unit * rng.standard_normal()
                drawn[k] = label_draw(noise, rng)
            for k in range(M):
                a[k] = w[0] * x[k, 0] + w[1] * x[k, 1]
                target[k] = drawn_label(root_n * x[k, 0], noise, drawn[k])
            n2 = w[0] * w[0] + w[1] * w[1]
            by_n2, by_gamma, by_beta = batch_gradient(
                a, target, sharing, n2, scalars[0], scalars[1], N, c
            )
            fade = weight_decay / N
            pull = 2.0 * by_n2 - (0.0 if decoupled else fade)
            keep = 1.0 - eta * fade if decoupled else 1.0
            for i in range(4):
                descent[i] = pull * w[i]
            square = 0.0
            for k in range(M):
                for i in range(3):
                    descent[i] += c[k] * x[k, i]
                square += c[k] * c[k]
            if shape > 0.0:  # else the frame fills the space
                descent[3] = unit * math.sqrt(square * 2.0 * rng.standard_gamma(shape))
            for i in range(4):
                push[i], move = pushed(push[i], descent[i], momentum, nesterov)
                w[i] = keep * w[i] + eta * move
            turn_frame(w, push)
            by_gamma -= zeta * scalars[0]
            move_scalars(scalars, by_gamma, by_beta, eta * gamma_rate / N, momentum, nesterov)
            step += 1
        norm = math.sqrt(w[0] * w[0] + w[1] * w[1])
        if not record(scalars[0], scalars[1], w[0] / norm, norm * unit, out[stored]):
            return stored
        keep_running(sharing[1], out[stored])
    clock[0] = step
    return last


@kernel
def advance_vectors_momentum(
    scalars: np.ndarray,
    w: np.ndarray,
    push: np.ndarray,
    descent: np.ndarray,
    teacher: np.ndarray,
    examples: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    memory: tuple[float, bool, bool],
    M: int,
    sharing: tuple[int, np.ndarray],
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
    replay: np.random.Generator,
    labels: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Real N-dimensional vectors; arguments as `advance_vectors` and `advance_chain_momentum`, and

    Parameters
    ----------
    descent
        Scratch, shape (N,).
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    momentum, nesterov, decoupled = memory
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
            by_n2, by_gamma, by_beta = batch_gradient(
                a, target, sharing, n2, scalars[0], scalars[1], N, c
            )
            fade = weight_decay / N
            pull = 2.0 * by_n2 - (0.0 if decoupled else fade)
            keep = 1.0 - eta * fade if decoupled else 1.0
            for i in range(w.size):
                descent[i] = pull * w[i]
            for k in range(M):
                if not kept:
                    draw_example(examples[0], w, teacher, unit, law, replay)
                add_example(descent, examples[k if kept else 0], c[k])
            for i in range(w.size):
                push[i], move = pushed(push[i], descent[i], momentum, nesterov)
                w[i] = keep * w[i] + eta * move
            n2 = dot(w, w)
            by_gamma -= zeta * scalars[0]
            move_scalars(scalars, by_gamma, by_beta, eta * gamma_rate / N, momentum, nesterov)
            step += 1
        norm = math.sqrt(n2)
        R = dot(w, teacher) / (norm * teacher_norm)
        if not record(scalars[0], scalars[1], R, norm * unit, out[stored]):
            return stored
        keep_running(sharing[1], out[stored])
    clock[0] = step
    return last
