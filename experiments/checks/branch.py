"""Whether the point that moves with eta holds below its largest stable rate, and not above.

Two flows start beside the point, just below and just above the learning rate that the Jacobian
gives: no derivative is taken, so that they can contradict it. Under momentum both are the flows of
fixed momentum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...odes.equilibria.dynamics import Dynamics
from ...odes.equilibria.fixed_points import all_points
from ...odes.equilibria.points import FixedPoint
from ...odes.equilibria.stability import best_limit, moves, stable_branch_end
from ...odes.flow.integrate import solve
from ...teacher_student.problem import Problem

#: How far below and above the flows are, and how far from the point they begin (Q relatively, R).
ASIDE, DISPLACED = 0.03, 0.02
#: The end, in units of the slowest return below; and how near a flow that holds is then.
RETURNS, HELD = 20.0, 0.005
#: A flow has left that ends farther from the point than this.
LEFT = 0.1


@dataclass(frozen=True)
class BranchCheck:
    """What flows do beside the largest stable learning rate of a moving point.

    Attributes
    ----------
    problem
        The setting; its own learning rate plays no part.
    largest_eta
        The rate in question.
    holds_below, leaves_above
        Whether the flow below returns to the point, and the one above does not stay near it.
    """

    problem: Problem
    largest_eta: float
    holds_below: bool
    leaves_above: bool

    @property
    def agree(self) -> bool:
        """Whether the flows do on either side what they should."""
        return self.holds_below and self.leaves_above

    def summary(self) -> str:
        """The check in words."""
        below, above = (factor * self.largest_eta for factor in (1 - ASIDE, 1 + ASIDE))
        said = f"from beside the point the flow {_does(self.holds_below)} at eta = {below:.5g} and "
        said += f"{_does(not self.leaves_above)} at {above:.5g}: "
        return f"largest stable eta of the moving point: {self.largest_eta:.6g}; {said}" + (
            "agree" if self.agree else "disagree"
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        names = ("largest_eta", "holds_below", "leaves_above", "agree")
        return {name: getattr(self, name) for name in names}


def _does(holds: bool) -> str:
    return "returns to it" if holds else "leaves it"


def check_branch(problem: Problem, largest_eta: float | None = None) -> BranchCheck | None:
    """Check the largest stable learning rate of the best end of training by two flows.

    Parameters
    ----------
    problem
        The setting.
    largest_eta
        The rate to check; that of `stable_branch_end` by default.

    Returns
    -------
    BranchCheck or None
        None where nothing moves the point, or there is no such rate.
    """
    flow = Dynamics(problem.replace(eta=1.0))
    limit = best_limit(flow)
    if limit is None or not moves(flow, limit):
        return None
    if largest_eta is None:
        end = stable_branch_end(flow, limit)
        if end is None:
            return None
        largest_eta = end * (1.0 - problem.momentum)
    below = problem.replace(eta=(1 - ASIDE) * largest_eta)
    point = _nearest_stable(below)
    if point is None:
        return BranchCheck(problem, largest_eta, False, True)
    start = _beside(below, point)
    above = start.replace(eta=(1 + ASIDE) * largest_eta)
    time = RETURNS / max(point.slow_rate, 1e-6)
    return BranchCheck(
        problem, largest_eta, _distance(start, point, time) < HELD,
        _distance(above, _nearest_stable(above, point) or point, time) > LEFT,
    )  # fmt: skip


def _nearest_stable(problem: Problem, to: FixedPoint | None = None) -> FixedPoint | None:
    """The stable point with the lowest error, or nearest to another one."""
    stable = [p for p in all_points(Dynamics(problem)) if p.stable and p.Q > 0]
    if to is None:
        return min(stable, key=lambda p: p.error, default=None)
    return min(stable, key=lambda p: _apart(p.Q, p.R, to), default=None)


def _beside(problem: Problem, point: FixedPoint) -> Problem:
    R = point.R - np.copysign(DISPLACED, point.R)
    at = problem.replace(q0=point.Q * (1 + DISPLACED), r0=float(R))
    return at if point.L is None else at.replace(l0=point.L)


def _apart(Q: float, R: float, point: FixedPoint) -> float:
    return max(abs(np.log(abs(Q) / point.Q)), abs(R - point.R))


def _distance(problem: Problem, point: FixedPoint, time: float) -> float:
    """How far from a point a flow ends; infinite where it diverges."""
    flow = solve(problem, time=time, points=2)
    if flow.status != "complete":
        return np.inf
    return _apart(flow.Q[-1], flow.R[-1], point)
