"""Template: online SGD on fresh Gaussian examples, by reduced chain or with real vectors.

Both advance one run over the stored steps ``first .. last - 1``; the state and the generators
carry on from call to call, so that a run can be interrupted between calls.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.inputs import fill_input

from .batch_gradient import batch_gradient
from .system import TRAINS_BETA, drawn_label, label_draw, learning_rate

#: Beyond this size of a length or of gamma a run counts as diverged.
HUGE = 1e8


@kernel
def record(gamma: float, beta: float, R: float, L: float, row: np.ndarray) -> bool:
    """Store the order parameters; False once the run has diverged."""
    row[0], row[1], row[2], row[3] = gamma, beta, R, L
    return abs(gamma) < HUGE and abs(beta) < HUGE and L < HUGE


@kernel
def keep_running(running: np.ndarray, row: np.ndarray) -> None:
    """Store the running mean and variance beside the order parameters."""
    row[4], row[5] = running[0], running[1]


@kernel
def advance_chain(
    state: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    M: int,
    sharing: tuple[int, np.ndarray],
    rng: np.random.Generator,
    out: np.ndarray,
) -> int:
    """The exact reduced chain (theory page 5): O(M) a step for any N.

    The weights are ``w = along e1 + across e2`` with ``e1`` the teacher's direction; the rest
    of a step has squared length ``|c|^2 chi^2_{N-2} / N``.

    Parameters
    ----------
    state
        ``gamma, beta, along, across``; updated.
    clock
        One number, the steps done so far; updated.
    steps, first, last
        The stored steps, and which of them this call does.
    numbers
        ``N, eta, gamma_rate, zeta, noise standard deviation, weight decay``.
    M, sharing
        Examples a step; how many of them share batch statistics, and the running statistics,
        updated (`batch_gradient`).
    rng
        This run's generator.
    out
        Rows ``gamma, beta, R, L`` of the stored steps, and the running mean and variance.

    Returns
    -------
    int
        How many stored steps have been recorded; fewer than ``last`` if the run diverged.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
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
            keep = 1.0 + 2.0 * eta * by_n2 - eta * weight_decay / N
            add1 = add2 = square = 0.0
            for k in range(M):
                add1 += c[k] * x1[k]
                add2 += c[k] * x2[k]
                square += c[k] * c[k]
            rest = eta * eta * square * unit * unit * 2.0 * rng.standard_gamma(shape)
            along = keep * along + eta * add1
            across = math.sqrt((keep * across + eta * add2) ** 2 + rest)
            gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
            if TRAINS_BETA:
                beta += eta * gamma_rate / N * by_beta
            step += 1
        norm = math.sqrt(along * along + across * across)
        if not record(gamma, beta, along / norm, norm * unit, out[stored]):
            return stored
        keep_running(sharing[1], out[stored])
    state[0], state[1], state[2], state[3] = gamma, beta, along, across
    clock[0] = step
    return last


@kernel
def draw_example(
    x: np.ndarray,
    w: np.ndarray,
    teacher: np.ndarray,
    unit: float,
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Fill one example and return its products with student and teacher."""
    fill_input(x, law[0], law[1], law[2], rng)
    a = v = 0.0
    for i in range(x.size):
        z = unit * x[i]
        x[i] = z
        a += z * w[i]
        v += z * teacher[i]
    return a, v


@kernel
def add_example(w: np.ndarray, x: np.ndarray, weight: float) -> None:
    """w += weight x."""
    for i in range(w.size):
        w[i] += weight * x[i]


@kernel
def dot(x: np.ndarray, y: np.ndarray) -> float:
    """x . y in four partial sums: one would wait for the adder at every term."""
    s0 = s1 = s2 = s3 = 0.0
    whole = x.size - x.size % 4
    for i in range(0, whole, 4):
        s0 += x[i] * y[i]
        s1 += x[i + 1] * y[i + 1]
        s2 += x[i + 2] * y[i + 2]
        s3 += x[i + 3] * y[i + 3]
    for i in range(whole, x.size):
        s0 += x[i] * y[i]
    return s0 + s1 + s2 + s3


@kernel
def advance_vectors(
    scalars: np.ndarray,
    w: np.ndarray,
    teacher: np.ndarray,
    examples: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    M: int,
    sharing: tuple[int, np.ndarray],
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
    replay: np.random.Generator,
    labels: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Real N-dimensional vectors; arguments as `advance_chain`, and

    Parameters
    ----------
    scalars, w
        ``gamma, beta`` and the student's weights; updated.
    teacher
        The teacher's weights.
    examples
        Scratch: M rows of N, or a single row. With a single row the batch is not kept but
        drawn a second time for the update, from ``replay``, the twin of ``rng``.
    law
        The law of the inputs (`inputs.Inputs.kernel_arguments`).
    labels
        The generator of the label noise.
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
            keep = 1.0 + 2.0 * eta * by_n2 - eta * weight_decay / N
            if keep != 1.0:
                w *= keep
            for k in range(M):
                if not kept:
                    draw_example(examples[0], w, teacher, unit, law, replay)
                add_example(w, examples[k if kept else 0], eta * c[k])
            n2 = dot(w, w)
            gamma += eta * gamma_rate / N * (by_gamma - zeta * gamma)
            if TRAINS_BETA:
                beta += eta * gamma_rate / N * by_beta
            step += 1
        norm = math.sqrt(n2)
        if not record(
            gamma, beta, dot(w, teacher) / (norm * teacher_norm), norm * unit, out[stored]
        ):
            return stored
        keep_running(sharing[1], out[stored])
    scalars[0], scalars[1] = gamma, beta
    clock[0] = step
    return last
