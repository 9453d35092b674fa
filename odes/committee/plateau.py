"""The symmetric point of a committee, and how fast it is left.

All units are alike there: the plateau of soft committees (Saad and Solla, Phys. Rev. E 52, 4225,
1995). Of two of them, one has all units identical (*collapsed*); where units that are identical
repel each other, the other attracts, at a smaller cosine between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...results.errors import InputError
from .dynamics import CommitteeDynamics

Array = np.ndarray
#: In units of the effective rate: growth of differences perpendicular to the teachers above which
#: identical units repel, and the residual of a point.
REPELS, RESIDUAL = 1e-5, 1e-6
#: How long (in units of 1/eta_eff) a start relaxes before Newton's method goes on.
RELAXING = 60.0
#: Where it starts: gamma, cosine with the teachers' sum, and between units.
START = (0.6, 0.5, 0.3)


class Plateau(NamedTuple):
    """A symmetric point.

    Attributes
    ----------
    state
        Order parameters.
    escape
        Rate at which ``A_11 - A_12 - A_21 + A_22`` grows, in 1/time.
    perpendicular
        Rate at which differences between units perpendicular to the teachers grow, from identical
        units; None where units are not identical.
    collapsed
        Whether all units are identical.
    """

    state: Array
    escape: float
    perpendicular: float | None
    collapsed: bool


def exchangeable(flow: CommitteeDynamics) -> str:
    """Why a problem has no symmetric point; empty if it may have."""
    committee, problem = flow.problem.committee, flow.problem
    if problem.units < 2 or problem.teacher_units < 2:
        return "with one unit of student or teacher there is nothing to specialise"
    if problem.train_beta:
        return "shifts are trained, which is not built"
    if problem.scheme in ("ln", "rms"):
        return f"units that are alike have no spread, by which scheme={problem.scheme!r} divides"
    off = committee.T[~np.eye(problem.teacher_units, dtype=bool)]
    if np.ptp(np.diag(committee.T)) or np.ptp(off) or np.ptp(committee.a):
        return "units of the teacher, or of the second layer, differ"
    return ""


def plateau(flow: CommitteeDynamics) -> Plateau:
    """Find the symmetric point that attracts symmetric states.

    Parameters
    ----------
    flow
        The dynamics; of a normalised student without weight decay the point is that of small
        learning rates at length l0.

    Raises
    ------
    InputError
        If there is none to be found.
    """
    reason = exchangeable(flow)
    if reason:
        raise InputError("units", flow.problem.units, f"there is no symmetric point: {reason}")
    together = _rest(flow, collapsed=True)
    pushed = None if together is None else perpendicular_rate(flow, together)
    if together is not None and pushed is not None and not _repels(flow, together, pushed):
        return Plateau(together, escape_rate(flow, together), pushed, True)
    apart = _rest(flow, collapsed=False)
    if apart is None:
        raise InputError("units", flow.problem.units, "no symmetric point was found")
    return Plateau(apart, escape_rate(flow, apart), None, False)


def _repels(flow: CommitteeDynamics, y: Array, rate: float) -> bool:
    return rate > REPELS * flow.effective_rate(y)


def escape_rate(flow: CommitteeDynamics, y: Array) -> float:
    """The rate of ``A_11 - A_12 - A_21 + A_22`` at a symmetric state, in 1/time.

    Differences between units along differences between teachers are in no other order parameter,
    so that it is an eigenvalue. Of displacements that are not small, as a sampled flow needs them,
    the error of second order is taken off (Richardson).
    """
    step = flow.epsilon
    rate = _difference(flow, y, step)
    return rate if step < 1e-4 else (4.0 * _difference(flow, y, 0.5 * step) - rate) / 3.0


def _difference(flow: CommitteeDynamics, y: Array, epsilon: float) -> float:
    """`escape_rate` by a central difference: the vectors are moved, C follows in second order."""
    K, teacher = flow.problem.units, flow.problem.committee.T
    blocks = flow.blocks(y)
    gamma, A, C = blocks.get("gamma", np.ones(K)), blocks["A"], blocks["C"]
    u, w = np.zeros(K), np.zeros(len(teacher))
    u[:2] = w[:2] = 1.0, -1.0
    step = epsilon * np.sqrt(C[0, 0])
    moved = step**2 * (w @ teacher @ w) * np.outer(u, u)
    along = np.outer(u, w @ teacher)
    numbers = flow.first_order if flow.drifts else flow.numbers
    up, down = (
        flow.blocks(flow.rhs(flow.state(gamma, A + sign * step * along, C + moved), numbers))["A"]
        for sign in (1.0, -1.0)
    )
    return float(((up - down) * along).sum() / (2.0 * step * (along**2).sum()))


def perpendicular_rate(flow: CommitteeDynamics, y: Array) -> float:
    """The rate of the distance between units that are all but identical, in 1/time.

    Half that of its square ``C_11 - 2 C_12 + C_22``; the distance is perpendicular to the teachers.
    """
    gamma, A, _, C = flow.means(y)
    apart = min(0.1, flow.epsilon) * C
    numbers = flow.first_order if flow.drifts else flow.numbers
    speed = flow.means(flow.rhs(flow.alike(gamma, A, C - apart, C), numbers))
    return float(0.5 * (speed[3] - speed[2]) / apart)


def _rest(flow: CommitteeDynamics, collapsed: bool) -> Array | None:
    """Where a symmetric start comes to rest: it relaxes, then Newton's method goes on."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import root

    free = [name for name, is_free in enumerate(
        (flow.normalised, True, not collapsed, not flow.drifts)) if is_free]  # fmt: skip
    problem, numbers = flow.problem, flow.first_order if flow.drifts else flow.numbers
    length = problem.l0 if flow.normalised else START[0]
    teacher = flow.problem.committee.T
    together = np.sqrt(teacher.sum())
    z = np.array([START[0], START[1] * length * teacher[0].sum() / together, 0.0, length**2])
    z[2] = START[2] * z[3]

    def drift(x: Array) -> Array:
        z[free] = x
        if collapsed:
            z[2] = z[3]
        if z[3] <= 0.0:
            return np.full(len(free), np.nan)
        return flow.means(flow.rhs(flow.alike(*z), numbers))[free]

    rate = flow.eta * (START[0] ** 2 / length**2 if flow.normalised else 1.0)
    eased = solve_ivp(lambda _, x: drift(x), (0.0, RELAXING / rate), z[free].copy(), rtol=1e-5,
                      atol=1e-7, method="LSODA")  # fmt: skip
    if not eased.success or not np.isfinite(eased.y[:, -1]).all():
        return None
    eps = None if flow.epsilon < 1e-4 else flow.epsilon * 0.1
    found = root(drift, eased.y[:, -1], method="hybr", options={"xtol": 1e-12, "eps": eps})
    residual = np.abs(drift(found.x)).max()
    if not residual < max(RESIDUAL, 1e-2 * flow.epsilon) * rate:
        return None
    if not collapsed and z[2] > (1.0 - 1e-6) * z[3]:
        return None
    return flow.alike(*z)
