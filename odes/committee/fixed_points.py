"""Fixed points of committees: the plateau, the specialised point, and how the plateau is left."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...results.errors import InputError
from ...teacher_student.committee.order import cosines
from ...teacher_student.problem import Problem
from .committee_points import CommitteePoint, CommitteePoints
from .dynamics import CommitteeDynamics
from .integrate import read
from .packages import SAMPLING, route
from .plateau import Plateau, exchangeable, plateau
from .points import USUAL, Sampling
from .specialised import specialised_point

Array = np.ndarray
Progress = Callable[[int, int], None]
#: Growth of a squared length (over the square of the learning rate) that is none.
STEADY = 1e-10


def committee_fixed_points(
    problem: Problem, sampling: Sampling = USUAL, progress: Progress | None = None
) -> CommitteePoints:
    """Find the symmetric and the specialised point of a committee's flow.

    Parameters
    ----------
    problem
        The setting. A normalised student without weight decay finds no rest, since its lengths
        grow: its points are those of small learning rates, at length l0.
    sampling
        Where averages have no closed form: points are found at every scrambling, and their
        scatter is their error.
    progress
        Called with (scramblings done, scramblings in all).

    Raises
    ------
    InputError
        For a learning-rate schedule, or a problem without a flow.

    Examples
    --------
    >>> found = committee_fixed_points(Problem("erf", "wn", units=2, teacher_units=2, eta=0.01))
    >>> round(found.plateau.escape_rate / found.plateau.eta_eff, 5)
    0.06575
    """
    count = Sampling(*sampling).scramblings if route(problem) == SAMPLING else 1
    flow = CommitteeDynamics(problem, Sampling(*sampling))
    reason, points = exchangeable(flow), []
    if not reason:
        try:
            found = []
            for k in range(count):
                found.append(plateau(replace(flow, scrambling=k)))
                if progress:
                    progress(k + 1, count)
            points.append(_symmetric(flow, found))
        except InputError as error:
            reason = error.reason
    points += _specialised(flow)
    return CommitteePoints(problem, tuple(points), reason, count if count > 1 else 0)


def _symmetric(flow: CommitteeDynamics, found: list[Plateau]) -> CommitteePoint:
    """The mean over scramblings, with standard errors."""
    states = np.array([one.state for one in found])
    point = _point(flow, "symmetric", states.mean(axis=0))
    rates = np.array([one.escape for one in found])
    pushes = [one.perpendicular for one in found if one.perpendicular is not None]
    relative = [
        rate / flow.effective_rate(one.state) for rate, one in zip(rates, found, strict=True)
    ]
    errors: dict[str, float] = {}
    if len(found) > 1:
        rho = [flow.means(one.state)[2] / flow.means(one.state)[3] for one in found]
        numbers: dict[str, Any] = {"escape_rate": rates, "relative_rate": relative, "rho": rho}
        errors = {n: float(np.std(v, ddof=1)) / math.sqrt(len(found)) for n, v in numbers.items()}
    growth = _growth(flow, states.mean(axis=0))
    stretched = flow.drifts and growth > STEADY
    rate, relative_rate = float(rates.mean()), float(np.mean(relative))
    return replace(
        point,
        escape_rate=rate,
        relative_rate=relative_rate,
        escape=("stretched-exponential" if stretched else "exponential") if rate > 0.0 else "none",
        stretch=_stretch(flow, states.mean(axis=0), relative_rate, growth) if stretched else None,
        perpendicular_rate=float(np.mean(pushes)) if len(pushes) == len(found) else None,
        stable=point.stable and rate < 0.0,
        std_error=errors,
    )


def _growth(flow: CommitteeDynamics, y: Array) -> float:
    """``d L^2/dt`` over ``eta^2`` of the first unit, from the term of second order."""
    both = flow.rhs(y) - flow.rhs(y, flow.first_order)
    return float(flow.blocks(both)["C"][0, 0]) / flow.eta**2


def _stretch(flow: CommitteeDynamics, y: Array, relative: float, growth: float) -> float:
    """How fast the logarithm of an asymmetry grows with the square root of time.

    With ``L^4 = L_0^4 + 2 g eta^2 t``, ``g = L^2 growth``, the effective rate ``eta gamma^2/L^2``
    falls as ``t^(-1/2)``, and its integral grows as ``t^(1/2)``.
    """
    blocks = flow.blocks(y)
    gamma, square = float(blocks["gamma"][0]), float(blocks["C"][0, 0])
    return relative * gamma**2 * math.sqrt(2.0 / (growth * square))


def _specialised(flow: CommitteeDynamics) -> list[CommitteePoint]:
    y = specialised_point(flow)
    return [] if y is None else [_point(flow, "specialised", y)]


def _point(flow: CommitteeDynamics, name: str, y: Array) -> CommitteePoint:
    blocks, problem = flow.blocks(y), flow.problem
    numbers = flow.first_order if flow.drifts else flow.numbers
    R = cosines(blocks["A"], blocks["C"], problem.committee.T)
    rates = _eigenvalues(flow, y, numbers)
    grows = flow.drifts and _growth(flow, y) > STEADY
    rest = flow.rhs(y, numbers)
    error = read(problem, y[None], flow.numbers)["error"]
    return CommitteePoint(
        name=name,
        kind="attractor" if grows else "fixed-point",
        gamma=blocks.get("gamma"),
        A=blocks["A"],
        C=blocks["C"],
        R=R,
        L=None if flow.drifts else float(np.sqrt(blocks["C"][0, 0])),
        error=float(error[0]),
        eta_eff=flow.effective_rate(y),
        stable=not rates or bool(max(value.real for value in rates) < 1e-6 * flow.eta),
        eigenvalues=rates,
        residual=float(np.abs(rest).max()) / flow.eta,
    )


def _eigenvalues(flow: CommitteeDynamics, y: Array, numbers: Array) -> tuple[complex, ...]:
    """Of the Jacobian by central differences, slowest first; of lengths that drift, without them.

    None of a sampled flow, whose states are those of vectors: they cannot be displaced one number
    at a time.
    """
    if route(flow.problem) == SAMPLING:
        return ()
    step, free = 1e-6, np.arange(len(y))
    if flow.drifts:
        labels = flow.problem.committee.state_space.labels
        lengths = [f"C_{k}{k}" for k in range(flow.problem.units)]
        free = np.array([k for k, label in enumerate(labels) if label not in lengths])
    J = np.empty((len(free), len(free)))
    for column, at in enumerate(free):
        e = np.zeros_like(y)
        e[at] = step * (1.0 + abs(y[at]))
        J[:, column] = (flow.rhs(y + e, numbers) - flow.rhs(y - e, numbers))[free] / (2.0 * e[at])
    values = np.linalg.eigvals(J)
    return tuple(complex(v) for v in values[np.argsort(-values.real)])
