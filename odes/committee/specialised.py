"""The point at which every unit of the student has a unit of the teacher of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .dynamics import CommitteeDynamics
from .plateau import exchangeable

Array = np.ndarray
#: In units of eta: what may be left of the drift; and of a sampled flow, whose slope jumps.
RESIDUAL, ROUGH = 1e-8, 1e-3
#: Where Newton's method begins: scale and cosine with the own teacher in units of a perfect
#: student's.
BEGIN = ((1.0, 1.0), (0.9, 0.95), (0.7, 0.9), (0.6, 0.9))


def specialised_point(flow: CommitteeDynamics) -> Array | None:
    """Find it, as a state; None where there is none, or K is not T, or units differ.

    Parameters
    ----------
    flow
        The dynamics; of a normalised student without weight decay at length l0 and small learning
        rates, where units end within the span of the teachers.
    """
    problem = flow.problem
    if exchangeable(flow) or problem.units != problem.teacher_units:
        return None
    return _within_teachers(flow) if flow.drifts else _anywhere(flow)


def _within_teachers(flow: CommitteeDynamics) -> Array | None:
    """Unit k is ``alpha t_k + beta (other t)``, of length l0; gamma and beta are to be found."""
    T, K = flow.problem.committee.T, flow.problem.units
    size = np.sqrt(T[0, 0])

    def state(gamma: float, beta: float) -> Array:
        lean = np.full((K, K), beta) + (1.0 - beta) * np.eye(K)
        lean *= flow.problem.l0 / np.sqrt(lean[0] @ T @ lean[0])
        return flow.state(np.full(K, gamma), lean @ T, lean @ T @ lean.T)

    def drift(x: Array) -> Array:
        y = state(*x)
        speed = flow.means(flow.rhs(y, flow.first_order), own=True)
        own, other = flow.means(y, own=True)[[4, 1]]
        return np.array([speed[0], own * speed[1] - other * speed[4]])  # the cosines' ratio rests

    for scale, _ in BEGIN:
        found = _newton(flow, drift, np.array([scale * size, 0.0]))
        if found is not None and abs(found[1]) < 0.6:
            return state(*found)
    return None


def _anywhere(flow: CommitteeDynamics) -> Array | None:
    """A true fixed point: gamma, lengths, overlaps with the own teacher and all others."""
    T = flow.problem.committee.T
    size, off = np.sqrt(T[0, 0]), T[0, 1] / T[0, 0]
    square = 1.0 if flow.normalised else T[0, 0]
    perfect = np.array([size if flow.normalised else 0.0, off * np.sqrt(square) * size,
                        off * square, square, np.sqrt(square) * size])  # fmt: skip
    free = np.array([flow.normalised, True, True, True, True])

    def filled(x: Array) -> Array:
        z = perfect.copy()
        z[free] = x
        return z

    def drift(x: Array) -> Array:
        z = filled(x)
        if z[3] <= 0.0:
            return np.full(len(x), 1.0)
        return flow.means(flow.rhs(flow.alike(*z)), own=True)[free]

    for scale, cosine in BEGIN:
        begin = perfect * np.array([scale, 1.0, 1.0, 1.0, cosine])
        for shorter in (1.0, 0.2):  # weight decay against small learning rates
            short = np.array([1.0, shorter, shorter**2, shorter**2, shorter])
            found = _newton(flow, drift, (begin * (short if flow.normalised else 1.0))[free])
            if found is not None and _exists(flow, filled(found)):
                return flow.alike(*filled(found))
    return None


def _exists(flow: CommitteeDynamics, z: Array) -> bool:
    """Whether there are vectors with these products, of which the own teacher's is the largest."""
    blocks, T = flow.blocks(flow.alike(*z)), flow.problem.committee.T
    gram = np.block([[T, blocks["A"].T], [blocks["A"], blocks["C"]]])
    return bool(np.linalg.eigvalsh(gram)[0] > -1e-7 and z[4] > 2.0 * abs(z[1]))


def _newton(flow: CommitteeDynamics, drift: Callable[[Array], Array], begin: Array) -> Array | None:
    """Where a drift vanishes, if it does."""
    from scipy.optimize import root

    if np.abs(drift(begin)).max() < RESIDUAL * flow.eta:
        return begin
    rough = flow.epsilon > 1e-4
    found = root(
        drift, begin, method="hybr", options={"eps": 0.01 * flow.epsilon if rough else None}
    )
    left = np.abs(drift(found.x)).max() / flow.eta
    return found.x if left < (ROUGH if rough else RESIDUAL) else None
