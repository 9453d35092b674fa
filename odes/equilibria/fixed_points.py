"""`fixed_points`: where training can end, whether it stays there, and how fast it arrives.

Propositions 1 and 2 of the paper (theory.md, section 3), for any scheme and activation, from
the derived flow and its Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ...results.base import Result
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from ...teacher_student.schedule import effective_rate
from ..flow.ensemble import OUTSIDE, flow_ends
from ..flow.trajectory import OUTSIDE_TABLES
from .dynamics import SAME, Array, Dynamics
from .stability import (
    eigenvalues,
    largest_learning_rate,
    length_exponent,
    return_matrix,
    stable_branch_end,
)

if TYPE_CHECKING:
    pass

FIXED_POINT, ATTRACTOR = "fixed-point", "attractor"
#: Rates (over eta) below this are those of a neutral direction.
NEUTRAL = 1e-7


@dataclass(frozen=True)
class FixedPoint:
    """One point at which training can end.

    Attributes
    ----------
    Q, R
        Scale and overlap.
    L
        Length; None if it is arbitrary, or keeps growing (``kind``).
    kind
        ``"fixed-point"``: all order parameters rest. ``"attractor"``: Q and R rest in the
        limit, while L keeps growing and the effective learning rate anneals itself.
    stable
        Whether small displacements shrink: at L = l0 where L is arbitrary; of an attractor, once
        ``eta_eff`` is small.
    eigenvalues
        Of the Jacobian, complex, slowest first; of an attractor, at L = l0 and without L.
    eta_eff
        Effective learning rate ``eta Q / L^2``, at L = l0 where ``L`` is None; of a plain
        student eta itself.
    eta_max
        The ``eta_eff`` from which on misaligned weights grow; None if there is none. Of a plain
        student the same as ``largest_eta``.
    largest_eta
        The learning rate eta up to which the point is stable: of the point that moves with eta,
        where noise or weight decay move it (`stable_branch_end`); at L = l0 where L is
        arbitrary or grows. None where there is no such rate.
    largest_eta_frozen
        The learning rate from which on misaligned weights would grow if the point stayed where
        it is at small learning rates; of a normalised student at the length of ``eta_eff``.
    residual
        The largest drift over eta that is left (of the first-order drift for an attractor).
    beta
        The trained shift; None if it is not trained.
    error
        Generalisation error.
    length_exponent
        ``L ~ t^length_exponent`` at an attractor, otherwise None.
    state
        The order parameters, in the problem's order; L = l0 where ``L`` is None.
    reached
        Whether the flow from the problem's start ends here.
    """

    Q: float
    R: float
    L: float | None
    kind: str
    stable: bool
    eigenvalues: tuple[complex, ...]
    eta_eff: float
    eta_max: float | None
    largest_eta: float | None
    residual: float
    beta: float | None
    error: float
    length_exponent: float | None
    state: tuple[float, ...]
    reached: bool = False
    largest_eta_frozen: float | None = None

    @property
    def slow_rate(self) -> float:
        """How fast the slowest displacement shrinks, in 1/time; negative if one grows."""
        return -max((v.real for v in self._moving()), default=0.0)

    @property
    def fast_rate(self) -> float:
        """How fast the fastest displacement shrinks, in 1/time."""
        return -min((v.real for v in self._moving()), default=0.0)

    def _moving(self) -> list[complex]:
        """The eigenvalues without that of an arbitrary L."""
        if self.L is not None or self.kind == ATTRACTOR:
            return list(self.eigenvalues)
        return sorted(self.eigenvalues, key=abs)[1:]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, keys as in ``interface.md``."""
        names = [
            "Q",
            "R",
            "L",
            "kind",
            "stable",
            "eta_eff",
            "eta_max",
            "largest_eta",
            "largest_eta_frozen",
            "residual",
            "beta",
            "error",
        ]
        row = {name: getattr(self, name) for name in names}
        row["eigenvalues"] = [[v.real, v.imag] for v in self.eigenvalues]
        row |= {"slow_rate": self.slow_rate, "fast_rate": self.fast_rate}
        return row | {"length_exponent": self.length_exponent, "reached": self.reached}


@dataclass(frozen=True)
class FixedPoints(Result):
    """All fixed points and attractors of one problem.

    Attributes
    ----------
    problem
        The setting.
    points
        Largest Q first. A student with gamma appears twice, as (Q, R) and (-Q, -R).
    ending
        ``"complete"``, ``"diverged"`` or ``"outside-tables"``: what the flow from the problem's
        start does.
    """

    _drawn_by: ClassVar[str] = "fixed_points.draw_fixed_points"
    _dimension: ClassVar[str] = "point"

    problem: Problem
    points: tuple[FixedPoint, ...]
    ending: str = "complete"

    @property
    def reached(self) -> FixedPoint | None:
        """The point at which the flow from the problem's start ends."""
        return next((point for point in self.points if point.reached), None)

    def summary(self) -> str:
        """Where training ends, how fast, and from which learning rate on it does not."""
        from .words import summary

        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, keys as in ``interface.md``."""
        return {
            "problem": self.problem.to_dict(),
            "zeta": decay(self.problem),
            "points": [point.to_dict() for point in self.points],
            "ending": self.ending,
            "summary": self.summary(),
        }

    def columns(self) -> Mapping[str, list[Any]]:
        """The CSV form, one row a point."""
        rows = [point.to_dict() for point in self.points]
        names = [name for name in FixedPoint.__dataclass_fields__ if name != "state"]
        return {
            name: [str(row[name]) if name == "eigenvalues" else row[name] for row in rows]
            for name in [*names, "slow_rate", "fast_rate"]
        }

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "summary": self.summary()}


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
    >>> found = bn.fixed_points(bn.Problem(scheme="pn", zeta=0.5, batch_size=1))
    >>> point = found.reached
    >>> round(point.Q, 6), point.R, point.kind, round(point.eta_max, 6)
    (0.5, 1.0, 'attractor', 4.0)
    """
    flow = Dynamics(problem)
    return _mark_reached(flow, all_points(flow))


def all_points(flow: Dynamics) -> list[FixedPoint]:
    """All fixed points and attractors, without saying which of them is reached."""
    limits = flow.limits()
    bounds = _for_each(flow, limits, _bounds)
    if flow.normalised and not flow.problem.weight_decay:
        return [_limit(flow, y, bound) for y, bound in zip(limits, bounds, strict=True)]
    points = []
    for y in flow.rests(limits):
        nearest = min(range(len(limits)), key=lambda k: _distance(flow, y, limits[k]))
        points.append(_rest(flow, y, limits[nearest], bounds[nearest]))
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


def _mark_reached(flow: Dynamics, points: list[FixedPoint]) -> FixedPoints:
    """Follow the flow from the problem's start, for some of the slowest stable time."""
    rates = [point.slow_rate for point in points if point.stable and point.slow_rate > 0]
    end = np.clip(20.0 / min(rates, default=0.02), 10.0, 1e5)
    start, k = np.array([flow.problem.start]), flow.kernels
    budget = 20_000 if k.HAS_JACOBIAN else 100
    ends = flow_ends(flow.problem, start, flow.p[None], np.array([end]), rtol=1e-6, atol=1e-9,
                     max_steps=budget, workers=1)  # fmt: skip
    y, status = ends.states[0], ends.status[0]
    if status in (k.DIVERGED, OUTSIDE):
        ending = "diverged" if status == k.DIVERGED else OUTSIDE_TABLES
        return FixedPoints(flow.problem, tuple(points), ending)
    away = [_away(flow, y, point) for point in points]
    nearest = int(np.argmin(away)) if away else -1
    marked = [
        replace(p, reached=k == nearest and away[k] < 0.1 and (p.stable or p.L is None))
        for k, p in enumerate(points)
    ]
    return FixedPoints(flow.problem, tuple(marked))


def _away(flow: Dynamics, y: Array, point: FixedPoint) -> float:
    return max(abs(flow.scale(y) - point.Q), abs(y[flow.R] - point.R))
