"""Up to which learning rate a student of inputs with a spectrum stays aligned (theory page 11).

An aligned student, ``w`` along ``w*``, is a rest of the first-order drift. The matrix of the flow
around it is ``eta J_1 + eta^2 J_2`` with the noise in the second, so that one pair of matrices says
at which eta misaligned weights begin to grow.
"""

from __future__ import annotations

import numpy as np

from ...teacher_student.problem import Problem
from ..flow.rows import COLUMNS
from .spectral_linear import Linear, linear

Array = np.ndarray
#: Learning rates tried, in units of the batch size over the mean eigenvalue; halvings.
SMALLEST, LARGEST, HALVINGS = 1e-4, 1e4, 60
#: Beyond, a scale is on its way to infinity, and what drives it below rounding.
LARGEST_SCALE = 1e3


def bound_with_spectrum(problem: Problem) -> tuple[float, float] | None:
    """``eta_max`` and the same as a learning rate at L = l0; None without an aligned limit."""
    flow = linear(problem)
    limit = aligned_limit(flow)
    edge = None if limit is None else learning_rate_edge(flow, limit)
    if limit is None or edge is None:
        return None
    return flow.rate(flow.state(limit), edge), edge


def aligned_limit(flow: Linear) -> Array | None:
    """The aligned rest of the first-order drift: at L = l0, where the length is arbitrary."""
    from scipy.optimize import root

    problem, n = flow.problem, flow.scalars
    lengths = np.sqrt(flow.powers.sum())
    normalised = "gamma" in problem.trained_scalars
    start = [1.0 if name == "gamma" else 0.0 for name in problem.trained_scalars]
    eta = 1.0

    def force(x: Array) -> Array:
        z = flow.aligned(x[:n], problem.l0 / lengths if normalised else x[n])
        dz = undecayed(flow).drift(z, eta, silent=True)
        return dz[:n] if normalised else np.append(dz[:n], dz[n : n + flow.taught].sum())

    found = root(force, np.array(start if normalised else [*start, 1.0]), tol=1e-13)
    if not np.abs(force(found.x)).max(initial=0.0) < 1e-9:
        return None
    scale = problem.l0 / lengths if normalised else found.x[n]
    limit = flow.aligned(found.x[:n], float(scale))
    return limit if abs(flow.scale(limit)) < LARGEST_SCALE else None  # what grows for ever


def undecayed(flow: Linear) -> Linear:
    p = flow.p.copy()
    p[COLUMNS["weight_decay"]] = 0.0
    return Linear(flow.problem, flow.spectrum, p)


def learning_rate_edge(flow: Linear, limit: Array) -> float | None:
    """The learning rate from which on a misalignment of an aligned student grows.

    Misalignments ``D_b`` lose at rates ``eta lambda_b`` and gain by the noise that all of them
    make: their matrix has no negative entries off its diagonal, and is stable where ``-M x = 1``
    has a positive solution. That is a question of signs, however slow the slowest block is.
    None where they grow at all rates, or at none that is tried.
    """
    plain = undecayed(flow)
    one, two = misalignment(plain, limit, 1.0), misalignment(plain, limit, 2.0)
    noisy = (two - 2.0 * one) / 2.0
    quiet = one - noisy
    unit = flow.problem.M / flow.spectrum.mean

    def grows(eta: float) -> bool:
        matrix = quiet + eta * noisy
        if np.linalg.matrix_rank(matrix) < len(matrix):
            return True
        return bool(np.linalg.solve(matrix, -np.ones(len(matrix))).min() < 0.0)

    low, high = SMALLEST * unit, LARGEST * unit
    if grows(low) or not grows(high):
        return None
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if grows(middle) else (middle, high)
    return float(low)


def misalignment(flow: Linear, z: Array, eta: float) -> Array:
    """The matrix of the misalignments, whose rows are divided by eigenvalues.

    Each comes at the expense of the aligned part: the field's spread and the effective rate stay.
    """
    border, rows = flow.scalars + flow.taught, []
    q, Q = flow.state(z)[flow.scalars + 1], flow.scale(z)

    def turned(b: int, square: float) -> Array:
        """The student with a share of its field's variance in a misalignment of block b."""
        x = z.copy()
        x[border + b] += square * q / flow.values[b]
        x[flow.scalars : border] *= np.sqrt(1.0 - square)
        if "gamma" in flow.problem.trained_scalars:
            x[0] *= Q / flow.scale(x)
        return x

    for b in range(flow.spectrum.blocks):
        slope = flow.by_square(lambda h, b=b: flow.drift(turned(b, h * h), eta))  # type: ignore[misc]
        rows.append(slope[border:] * flow.values[b] / q)
    matrix: Array = np.array(rows).T / flow.values[:, None]
    return matrix
