"""`fixed_points`: where training can end, whether it stays there, and how fast it arrives.

Propositions 1 and 2 of the paper (theory page 3), for any scheme and activation, from
the derived flow and its Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ...teacher_student.schedule import effective_rate
from ..flow.records import AtEnd
from ..flow.rows import OUTSIDE
from ..flow.solver import solve_flows
from ..flow.trajectory import OUTSIDE_TABLES
from .arrival import time_to_equilibrium
from .dynamics import SAME, Array, Dynamics
from .lines import RestLine, come_to, off_lines, rest_lines
from .points import ATTRACTOR, FIXED_POINT, FixedPoint, FixedPoints, in_rates_of
from .spectral_points import spectral_fixed_points
from .stability import (
    eigenvalues,
    largest_learning_rate,
    length_exponent,
    return_matrix,
    stable_branch_end,
)
from .unbounded import creeps, growth_without_end

#: Rates (over eta) below this are those of a neutral direction.
NEUTRAL = 1e-7


def fixed_points(problem: Problem) -> FixedPoints:
    """Find all fixed points and attractors of a problem's flow.

    Parameters
    ----------
    problem
        The setting; its start decides which point is ``reached``.

    Returns
    -------
    FixedPoints

    Raises
    ------
    ValueError
        For a learning-rate schedule.

    Examples
    --------
    >>> import bntheory as bn  # Proposition 1: Q0 = 1 / (1 + 2 zeta)
    >>> point = bn.fixed_points(bn.Problem(scheme="pn", zeta=0.5, batch_size=1)).reached
    >>> round(point.Q, 6), point.R, point.kind, round(point.eta_max, 6)
    (0.5, 1.0, 'attractor', 4.0)
    """
    check_problem(problem)
    if problem.spectrum_ is not None:
        found = spectral_fixed_points(problem.limit)
        return replace(found, problem=problem, points=in_rates_of(problem, found.points))
    flow = Dynamics(problem)
    lines = rest_lines(flow)
    found = _mark_reached(flow, off_lines(all_points(flow), lines), lines)
    arrived, points = _arrival(flow, found.reached), in_rates_of(problem, found.points)
    nowhere = found.ending == "complete" and not (found.reached or found.lines)
    endless = nowhere and not problem.squares  # a flow to t = 1e5 may take minutes
    growth = growth_without_end(flow.problem) if endless else None
    return replace(found, problem=problem, points=points, time_to_equilibrium=arrived,
                   largest_scale=flow.largest_scale, growth=growth)  # fmt: skip


def _arrival(flow: Dynamics, reached: FixedPoint | None) -> float | None:
    """When the flow is near its end for good, where decay lets the length rest there."""
    rests = reached is not None and reached.L is not None and reached.stable
    if reached is None or not rests or not (flow.normalised and flow.problem.weight_decay):
        return None
    return time_to_equilibrium(flow.problem, reached)


def all_points(flow: Dynamics) -> list[FixedPoint]:
    """All fixed points and attractors, without saying which of them is reached."""
    limits = flow.limits()
    bounds = _for_each(flow, limits, _bounds)
    if flow.normalised and not flow.problem.weight_decay:
        return [_limit(flow, y, bound) for y, bound in zip(limits, bounds, strict=True)]
    points = []
    for y in flow.rests(limits):
        if creeps(flow, y):
            continue
        near = sorted(range(len(limits)), key=lambda k: _distance(flow, y, limits[k]))
        # A line of limits, as that of gamma L = frozen_std, is not found; its rests are.
        limit, bound = (limits[near[0]], bounds[near[0]]) if near else (y, Bounds(None, None))
        points.append(_rest(flow, y, limit, bound))
    return _arbitrary_lengths(points)


class Bounds(NamedTuple):
    """Learning rates up to which a point is stable: where it is in the limit, and as it moves."""

    frozen: float | None
    moving: float | None


def _bounds(flow: Dynamics, limit: Array) -> Bounds:
    frozen = largest_learning_rate(flow, limit)
    rests = not flow.normalised or flow.problem.weight_decay > 0.0
    return Bounds(frozen, stable_branch_end(flow, limit) if rests else frozen)


def _for_each(
    flow: Dynamics, limits: list[Array], find: Callable[[Dynamics, Array], Bounds]
) -> list[Bounds]:
    """What is found for every limit; a mirror image has that of its original."""
    found: list[Bounds] = []
    for k, y in enumerate(limits):
        twins = [j for j in range(k) if _distance(flow, flow.mirror(y), limits[j]) < SAME]
        found.append(found[twins[0]] if twins else find(flow, y))
    return found


def _distance(flow: Dynamics, x: Array, y: Array) -> float:
    return float(np.abs(x - y)[: flow.L].max())


def _limit(flow: Dynamics, y: Array, bound: Bounds) -> FixedPoint:
    """A point of a normalised student without weight decay."""
    grows = flow.growth(y) > NEUTRAL * flow.eta * 1e-3
    if not grows:
        values = eigenvalues(flow.jacobian(y))
        quick = eigenvalues(flow.jacobian(y)[:-1, :-1])
        return _point(flow, y, None, FIXED_POINT, values, bool(quick[0].real < 0), bound, y)
    slow = eigenvalues(flow.jacobian(y, flow.kernels.FIRST_ORDER)[:-1, :-1])
    values = eigenvalues(return_matrix(flow, y, flow.eta))
    stable = bool(slow[0].real < -NEUTRAL * flow.eta)
    return _point(flow, y, None, ATTRACTOR, values, stable, bound, y)


def _rest(flow: Dynamics, y: Array, limit: Array, bound: Bounds) -> FixedPoint:
    """A point at which L rests as well."""
    values = eigenvalues(flow.jacobian(y))
    stable = bool(values[0].real < -NEUTRAL * flow.eta * 1e-3)
    return _point(flow, y, float(y[flow.L]), FIXED_POINT, values, stable, bound, limit)


def _point(
    flow: Dynamics,
    y: Array,
    L: float | None,
    kind: str,
    values: Array,
    stable: bool,
    bound: Bounds,
    limit: Array,
) -> FixedPoint:
    Q, attractor = flow.scale(y), kind == ATTRACTOR
    eta_eff = _rate(flow, y, flow.eta)
    frozen, moving = bound
    if flow.normalised:
        # What bounds eta at the limit's length bounds eta Q / L^2 at any.
        eta_max = None if frozen is None else _rate(flow, limit, frozen)
        frozen = None if not eta_max or not eta_eff else flow.eta * eta_max / eta_eff
        moving = moving if flow.problem.weight_decay else frozen
    else:
        eta_max = None if moving is None else _rate(flow, limit, moving)
    scalars = flow.problem.trained_scalars
    return FixedPoint(
        Q=Q,
        R=float(y[flow.R]) + 0.0,  # no negative zero
        L=L,
        kind=kind,
        stable=stable,
        eigenvalues=tuple(complex(v) for v in values),
        eta_eff=eta_eff,
        eta_max=eta_max,
        largest_eta=moving,
        largest_eta_frozen=frozen,
        residual=flow.residual(
            y, *((flow.quick, flow.kernels.FIRST_ORDER) if attractor else (flow.everything,))
        ),
        beta=float(y[scalars.index("beta")]) if "beta" in scalars else None,
        error=flow.error(y),
        length_exponent=length_exponent(flow, y) if attractor else None,
        state=tuple(float(value) + 0.0 for value in y),
    )


def _rate(flow: Dynamics, y: Array, eta: float) -> float:
    return float(effective_rate(flow.problem, eta, flow.scale(y), y[flow.L]))


def _arbitrary_lengths(points: list[FixedPoint]) -> list[FixedPoint]:
    """Points that differ in L alone (a user's scheme may have them) are one line."""
    kept: list[FixedPoint] = []
    for point in points:
        twin = next((k for k, other in enumerate(kept) if _same_function(point, other)), None)
        if twin is None:
            kept.append(point)
        elif kept[twin].L != point.L:
            others = sorted(point.eigenvalues, key=abs)[1:]
            stable = all(value.real < 0 for value in others)
            kept[twin] = replace(kept[twin], L=None, stable=stable)
    return kept


def _same_function(x: FixedPoint, y: FixedPoint) -> bool:
    shifts = abs((x.beta or 0.0) - (y.beta or 0.0))
    return max(abs(x.Q - y.Q), abs(x.R - y.R), shifts) < 10 * SAME


def _mark_reached(
    flow: Dynamics, points: list[FixedPoint], lines: tuple[RestLine, ...] = ()
) -> FixedPoints:
    """Follow the flow from the problem's start, for some of the slowest stable time."""
    rates = [point.slow_rate for point in points if point.stable and point.slow_rate > 0]
    end = np.clip(20.0 / min(rates, default=0.02), 10.0, 1e5)
    k = flow.kernels
    # Without closed moments a step may cost a second; those of a batch scheme are in tables.
    budget = 20_000 if k.HAS_JACOBIAN or flow.problem.uses_batch else 100
    ends = solve_flows(flow.problem, {}, AtEnd(np.array([end])), rtol=1e-6, atol=1e-9,
                       max_steps=budget, workers=1)  # fmt: skip
    y, status = ends.states[0], ends.status[0]
    if status in (k.DIVERGED, OUTSIDE):
        ending = "diverged" if status == k.DIVERGED else OUTSIDE_TABLES
        return FixedPoints(flow.problem, tuple(points), ending, lines=lines)
    away = [_away(flow, y, point) for point in points]
    nearest = int(np.argmin(away)) if away else -1
    marked = [
        replace(p, reached=k == nearest and away[k] < 0.1 and (p.stable or p.L is None))
        for k, p in enumerate(points)
    ]
    if not any(point.reached for point in marked):
        lines = come_to(flow, y, lines)
    return FixedPoints(flow.problem, tuple(marked), lines=lines)


def _away(flow: Dynamics, y: Array, point: FixedPoint) -> float:
    return max(abs(flow.scale(y) - point.Q), abs(y[flow.R] - point.R))
