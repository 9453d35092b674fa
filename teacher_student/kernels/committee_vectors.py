"""Template: a committee with real N-dimensional vectors, on examples of any law of inputs."""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.inputs import fill_input

from .committee_chain import record_committee
from .committee_gradient import COLUMNS, ROWS, committee_gradient
from .online import add_example, dot
from .system import TRAINS_BETA, activation, learning_rate


@kernel
def draw_committee_example(
    x: np.ndarray, unit: float, law: tuple[int, float, np.ndarray], rng: np.random.Generator
) -> None:
    """Fill one input, of length about 1."""
    fill_input(x, law[0], law[1], law[2], rng)
    for i in range(x.size):
        x[i] *= unit


@kernel
def vector_products(w: np.ndarray, teacher: np.ndarray, A: np.ndarray, C: np.ndarray) -> None:
    """Fill A and C from vectors."""
    K, N = w.shape
    for k in range(K):
        for n in range(teacher.shape[0]):
            A[k, n] = dot(w[k], teacher[n]) / N
        for i in range(k + 1):
            C[k, i] = C[i, k] = dot(w[k], w[i]) / N


@kernel
def advance_committee_vectors(
    scalars: np.ndarray,
    w: np.ndarray,
    teacher: np.ndarray,
    examples: np.ndarray,
    a: np.ndarray,
    clock: np.ndarray,
    steps: np.ndarray,
    first: int,
    last: int,
    numbers: tuple[float, float, float, float, float, float],
    M: int,
    m: int,
    law: tuple[int, float, np.ndarray],
    rng: np.random.Generator,
    replay: np.random.Generator,
    labels: np.random.Generator,
    out: np.ndarray,
) -> int:
    """Arguments as `committee_chain.advance_committee_chain`, and

    Parameters
    ----------
    w, teacher
        Weights of the units, shapes (K, N) and (T, N); those of the student are updated.
    examples
        Scratch: M rows of N, or a single row. With a single row the batch is not kept but
        drawn a second time for the update, from ``replay``, the twin of ``rng``.
    law
        The law of the inputs (`inputs.Inputs.kernel_arguments`).
    labels
        The generator of the label noise.
    """
    N, eta0, gamma_rate, zeta, noise, weight_decay = numbers
    K, T = w.shape[0], teacher.shape[0]
    gamma, beta = scalars[0], scalars[1]
    h, target, d = np.empty((M, K)), np.empty(M), np.empty((M, K))
    scratch, batch, pulls = np.empty((K, COLUMNS)), np.empty((ROWS, K)), np.empty((3, K))
    A, C, n2 = np.empty((K, T)), np.empty((K, K)), np.empty(K)
    units = (gamma, beta, a, n2)
    unit, kept = 1.0 / math.sqrt(N), examples.shape[0] == M
    step = clock[0]
    for stored in range(first, last):
        while step < steps[stored]:
            eta = learning_rate(step / N, eta0)
            for k in range(K):
                n2[k] = dot(w[k], w[k])
            for j in range(M):
                x = examples[j if kept else 0]
                draw_committee_example(x, unit, law, rng)
                target[j] = noise * labels.standard_normal() if noise > 0.0 else 0.0
                for n in range(T):
                    target[j] += activation(dot(x, teacher[n]))[0]
                for k in range(K):
                    h[j, k] = dot(x, w[k])
            committee_gradient(h, target, m, units, N, scratch, batch, d, pulls)
            for k in range(K):
                keep = 1.0 + 2.0 * eta * pulls[0, k] - eta * weight_decay / N
                for i in range(w.shape[1]):
                    w[k, i] *= keep
                gamma[k] += eta * gamma_rate / N * (pulls[1, k] - zeta * gamma[k])
                if TRAINS_BETA:
                    beta[k] += eta * gamma_rate / N * pulls[2, k]
            for j in range(M):
                x = examples[j if kept else 0]
                if not kept:
                    draw_committee_example(x, unit, law, replay)
                for k in range(K):
                    add_example(w[k], x, eta / M * d[j, k])
            step += 1
        vector_products(w, teacher, A, C)
        if not record_committee(gamma, beta, A, C, out[stored]):
            return stored
    clock[0] = step
    return last
