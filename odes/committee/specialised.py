"""The point at which every unit of the student has a unit of the teacher of its own."""

from __future__ import annotations

import numpy as np

from .dynamics import CommitteeDynamics
from .plateau import exchangeable

Array = np.ndarray
#: In units of eta: what may be left of the drift.
RESIDUAL = 1e-8
#: Where Newton's method begins: cosines with the own teacher.
BEGIN = (0.99, 0.9, 0.7)


def specialised_point(flow: CommitteeDynamics) -> Array | None:
    """Find it, as a state; None where there is none, or K is not T, or units differ.

    Parameters
    ----------
    flow
        The dynamics; of a normalised student without weight decay at length l0 and small learning
        rates.
    """
    problem = flow.problem
    if exchangeable(flow) or problem.units != problem.teacher_units:
        return None
    numbers = flow.first_order if flow.drifts else flow.numbers
    length = problem.l0 if flow.normalised else 1.0
    T = problem.committee.T
    size, off = np.sqrt(T[0, 0]), T[0, 1] / T[0, 0]
    perfect = np.array([size if flow.normalised else 0.0, off * length * size, off * length**2,
                        length**2, length * size])  # fmt: skip
    if not flow.normalised:
        perfect[1:] *= np.array([size, size**2, size**2, size])
    y = flow.alike(*perfect)
    if np.abs(flow.rhs(y, numbers)).max() < RESIDUAL * flow.eta:
        return y
    return _by_newton(flow, numbers, perfect)


def _by_newton(flow: CommitteeDynamics, numbers: Array, perfect: Array) -> Array | None:
    from scipy.optimize import root

    free = np.array([flow.normalised, True, True, not flow.drifts, True])
    rough = flow.epsilon > 1e-4

    def drift(x: Array) -> Array:
        z = perfect.copy()
        z[free] = x
        if z[3] <= 0.0:
            return np.full(int(free.sum()), 1.0)
        return flow.means(flow.rhs(flow.alike(*z), numbers), own=True)[free]

    for cosine in BEGIN:
        begin = perfect * np.array([cosine, 1.0, 1.0, 1.0, cosine])
        eps = 0.01 * flow.epsilon if rough else None
        found = root(drift, begin[free], method="hybr", options={"eps": eps})
        z = perfect.copy()
        z[free] = found.x
        near = z[4] > 0.6 * np.sqrt(z[3]) and np.abs(z[1]) < 0.5 * z[4]
        limit = 1e-3 if rough else RESIDUAL
        if near and np.abs(drift(found.x)).max() < limit * flow.eta:
            return flow.alike(*z)
    return None
