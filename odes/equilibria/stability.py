"""How quickly a flow returns to a point, and up to which learning rate (Proposition 2)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from ...teacher_student.problem import Problem
from ...teacher_student.schedule import effective_rate
from .dynamics import SAME, Array, Dynamics

#: Learning rates between which stability is looked for, in units of the batch size.
SMALLEST_RATE, LARGEST_RATE = 1e-6, 1e6
#: Learning rates between which a branch is followed, in units of the batch size; the factor of a
#: step, and how near to 1 it has come where the branch ends (without and with closed moments).
BRANCH_FROM, BRANCH_TO, BRANCH_STEP, BRANCH_END = 1e-3, 1e4, 2.0, (1e-7, 1e-11)
#: Points of neighbouring learning rates differ by less than this.
NEAR = 0.3


def eigenvalues(matrix: Array) -> Array:
    """Eigenvalues, slowest first; complex, shape (n,)."""
    values = np.linalg.eigvals(matrix).astype(complex)
    return values[np.lexsort((-values.imag, -values.real))]


def return_matrix(flow: Dynamics, y: Array, eta: float) -> Array:
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
        Over the order parameters that can rest (`Dynamics.quick`).
    """
    J = flow.jacobian(y, eta=eta)
    first = flow.drift(y, flow.kernels.FIRST_ORDER, eta)[flow.L] / y[flow.L]
    fluctuations = flow.growth(y, eta) - first
    J[flow.R, flow.R] += fluctuations
    J[flow.L, flow.L] += fluctuations
    if abs(y[flow.R]) > 1 - SAME:
        J[flow.R, : flow.R] = J[flow.R, flow.L] = 0.0
    return J[np.ix_(flow.quick, flow.quick)]


def largest_learning_rate(flow: Dynamics, y: Array) -> float | None:
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


def stable_branch_end(flow: Dynamics, limit: Array) -> float | None:
    """The learning rate up to which the point that moves with eta is there, and stable.

    Where noise or weight decay move the point, its own Jacobian decides, at every eta, and not
    that of one point: the branch is followed up from small learning rates, where it begins at
    ``limit``, until it loses its stability or ends in a fold.

    Parameters
    ----------
    flow
        The drift; its own learning rate plays no part.
    limit
        A root of the first-order drift.

    Returns
    -------
    float or None
        None where there is no stable point at small learning rates, or no end.
    """
    low = flow.problem.M * BRANCH_FROM
    if not moves(flow, limit):
        return largest_learning_rate(flow, limit)
    y = _branch_start(flow, limit, low)
    if y is None:
        return None
    factor, top = BRANCH_STEP, flow.problem.M * BRANCH_TO
    end = BRANCH_END[flow.kernels.HAS_JACOBIAN]
    while low < top:
        onward = _stable_rest(flow, y, low * factor)
        if onward is not None:
            low, y, factor = low * factor, onward, min(BRANCH_STEP, factor**1.5)
        elif factor - 1.0 > end:
            factor = factor**0.5
        else:  # it ends: on its own, or where the moments in the flow are no longer known
            return low * factor**0.5 if flow.is_known(1.1 * y) else None
    return None


def moves(flow: Dynamics, limit: Array) -> bool:
    """Whether a limit of small learning rates is no rest at larger ones: with noise or decay."""
    if flow.normalised:
        return flow.problem.weight_decay > 0.0
    eta = flow.problem.M * BRANCH_FROM
    return bool(np.abs(flow.drift(limit, eta=eta)).max() >= 1e-12 * eta)


def _branch_start(flow: Dynamics, limit: Array, eta: float) -> Array | None:
    """Where the branch of a limit is at a small learning rate, if it is stable there."""
    if not flow.normalised:
        return _stable_rest(flow, limit, eta)
    small = Dynamics(flow.problem.replace(eta=eta))  # L rests at a length of its own
    rests = [y for y in small.rests([limit]) if np.abs(y - limit)[: flow.L].max() < NEAR]
    return next((y for y in rests if _is_stable(flow, y, eta)), None)


def _stable_rest(flow: Dynamics, y: Array, eta: float) -> Array | None:
    """The stable point at a learning rate that is near a point of a neighbouring rate."""
    onward = flow.rest_near(y, eta)
    if onward is None or abs(onward - y)[flow.R] > NEAR:
        return None
    if abs(np.log(onward[flow.L] / y[flow.L])) > 1.0 or not _is_stable(flow, onward, eta):
        return None
    return onward


def _is_stable(flow: Dynamics, y: Array, eta: float) -> bool:
    return bool(eigenvalues(flow.jacobian(y, eta=eta))[0].real < -1e-11 * eta)


def best_limit(flow: Dynamics) -> Array | None:
    """The root of the first-order drift with the lowest error; of two mirror images, Q > 0."""
    return min(
        flow.limits(), key=lambda y: (flow.scale(y) < 0, round(flow.error(y), 9)), default=None
    )


def learning_rate_bound(problem: Problem) -> tuple[float, float] | None:
    """``eta_max`` and the same as a learning rate at L = l0, of the best stable end of training.

    A plain student has no length to be held at: its rate is that of the point that moves with eta.
    Under momentum ``eta_max`` is of ``eta / (1 - momentum)``, the learning rate is the user's.

    Returns
    -------
    eta_max, largest_eta
        None where no stable end has a bound.
    """
    own = problem if isinstance(problem.eta, float) else problem.replace(eta=1.0)
    if problem.spectrum_ is not None:
        from .spectral_edge import bound_with_spectrum  # stands on this module

        bounds = bound_with_spectrum(own.limit)
        return bounds and (bounds[0], bounds[1] * (1.0 - problem.momentum))
    flow = Dynamics(own)
    best = best_limit(flow)
    find = largest_learning_rate if flow.normalised else stable_branch_end
    largest = None if best is None else find(flow, best)
    if best is None or largest is None:
        return None
    rate = effective_rate(problem, largest, flow.scale(best), best[flow.L])
    return float(rate), largest * (1.0 - problem.momentum)


def length_exponent(flow: Dynamics, y: Array) -> float | None:
    """The power of time with which L grows at an attractor; None if it does not.

    ``dL/dt ~ L^-n`` gives ``L ~ t^(1/(n+1))``; n is measured where L is large.
    """
    far, farther = y.copy(), y.copy()
    far[flow.L], farther[flow.L] = 1e3, 2e3
    near_rate, far_rate = flow.drift(far)[flow.L], flow.drift(farther)[flow.L]
    if near_rate <= 0 or far_rate <= 0:
        return None
    return float(1 / (1 + np.log2(near_rate / far_rate)))
