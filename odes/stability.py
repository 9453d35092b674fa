"""How quickly a flow returns to a point, and up to which learning rate (Proposition 2)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from ..teacher_student.problem import Problem
from .stationary import SAME, Array, Stationary

#: Learning rates between which stability is looked for, in units of the batch size.
SMALLEST_RATE, LARGEST_RATE = 1e-6, 1e6


def eigenvalues(matrix: Array) -> Array:
    """Eigenvalues, slowest first; complex, shape (n,)."""
    values = np.linalg.eigvals(matrix).astype(complex)
    return values[np.lexsort((-values.imag, -values.real))]


def return_matrix(flow: Stationary, y: Array, eta: float) -> Array:
    """How small displacements from an attractor change, at the length that y has.

    At a finite learning rate an attractor with ``I1 > 0`` is a root of the drift only to first
    order in eta: fluctuations drive ``dlog L/dt`` and, through it, ``dR/dt = -R dlog L/dt``.
    What is asked is whether *misaligned weights* shrink, so the matrix is that of the weights'
    squared components, ``L^2 (1 - R^2)`` at a given effective rate, in place of R: this adds
    the fluctuations' ``dlog L/dt`` to the diagonal (for L^2 in place of L as well). At |R| = 1
    a displacement of gamma alone misaligns nothing.

    Parameters
    ----------
    flow
        The drift.
    y
        A root of its first-order part, shape (size,).
    eta
        Learning rate.

    Returns
    -------
    array
        Over the order parameters that can rest (`Stationary.quick`).
    """
    J = flow.jacobian(y, eta=eta)
    first = flow.drift(y, flow.kernels.FIRST_ORDER, eta)[flow.L] / y[flow.L]
    fluctuations = flow.growth(y, eta) - first
    J[flow.R, flow.R] += fluctuations
    J[flow.L, flow.L] += fluctuations
    if abs(y[flow.R]) > 1 - SAME:
        J[flow.R, : flow.R] = J[flow.R, flow.L] = 0.0
    return J[np.ix_(flow.quick, flow.quick)]


def largest_learning_rate(flow: Stationary, y: Array) -> float | None:
    """The learning rate eta from which on misaligned weights grow at a point.

    Parameters
    ----------
    flow
        The drift; its own learning rate plays no part.
    y
        A root of its first-order part; a normalised student has the length that y has.

    Returns
    -------
    float or None
        None where the point is unstable, or stable, at every learning rate.
    """

    def growth(eta: float) -> float:
        return float(eigenvalues(return_matrix(flow, y, eta))[0].real / eta)

    # A drift of second order in eta makes this linear at |R| = 1: brentq is there at once.
    rates = flow.problem.M * np.geomspace(SMALLEST_RATE, LARGEST_RATE, 13)
    if growth(rates[0]) >= 0:
        return None
    for low, high in pairwise(rates):
        if growth(high) > 0:
            return float(brentq(growth, low, high, xtol=1e-13 * low, rtol=1e-14))
    return None


def best_limit(flow: Stationary) -> Array | None:
    """The root of the first-order drift with the lowest error; of two mirror images, Q > 0."""
    return min(
        flow.limits(), key=lambda y: (flow.scale(y) < 0, round(flow.error(y), 9)), default=None
    )


def learning_rate_bound(problem: Problem) -> tuple[float, float] | None:
    """``eta_max`` and the same as a learning rate at L = l0, of the best stable end of training.

    Returns
    -------
    eta_max, largest_eta
        None where no stable end has a bound.
    """
    flow = Stationary(problem if isinstance(problem.eta, float) else problem.replace(eta=1.0))
    best = best_limit(flow)
    largest = None if best is None else largest_learning_rate(flow, best)
    if best is None or largest is None:
        return None
    return largest * abs(flow.scale(best)) / float(best[flow.L]) ** 2, largest


def length_exponent(flow: Stationary, y: Array) -> float | None:
    """The power of time with which L grows at an attractor; None if it does not.

    ``dL/dt ~ L^-n`` gives ``L ~ t^(1/(n+1))``; n is measured where L is large.
    """
    far, farther = y.copy(), y.copy()
    far[flow.L], farther[flow.L] = 1e3, 2e3
    near_rate, far_rate = flow.drift(far)[flow.L], flow.drift(farther)[flow.L]
    if near_rate <= 0 or far_rate <= 0:
        return None
    return float(1 / (1 + np.log2(near_rate / far_rate)))
