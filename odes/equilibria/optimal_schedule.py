"""The learning-rate schedule that is locally optimal at each time, for one-pass learning.

The drift is ``eta F + eta^2 G``, so the error falls at the rate ``-(eta a - eta^2 b)`` with
``a = -grad error . F`` and ``b = grad error . G``; the fastest fall is at ``eta = a / (2 b)``.
Greedy in time: nothing is given up now to gain later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.integrate import solve_ivp

from ...results.base import Result
from ...results.checks import integer, number
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ...teacher_student.schedule import effective_rate
from ..flow.trajectory import FlowError
from .dynamics import Array, Dynamics

#: The largest effective rate eta Q / L^2 of a schedule, in units of M / Q, where the error
#: alone would set none.
LARGEST = 100.0


@dataclass(frozen=True)
class Schedule(Result):
    """A locally optimal schedule, and what it gains.

    Attributes
    ----------
    problem
        The setting; its own learning rate plays no part.
    t
        Times, steps / N, shape (times,).
    values
        ``eta eta_eff Q R L error``, each of shape (times,).
    best_eta, best_error
        The best constant learning rate for the same end, and its error there; None if they
        were not asked for.
    """

    _drawn_by: ClassVar[str] = "trajectories.draw_schedule"
    _dimension: ClassVar[str] = "t"

    problem: Problem
    t: Array
    values: dict[str, Array]
    best_eta: float | None = None
    best_error: float | None = None

    @property
    def gain(self) -> float | None:
        """Error of the best constant rate over that of the schedule, at the end."""
        return None if self.best_error is None else float(self.best_error / self.error[-1])

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        best = {"best_eta": self.best_eta, "best_error": self.best_error, "gain": self.gain}
        return {"problem": self.problem.to_dict(), "t": self.t, **self.values, **best}

    def columns(self) -> dict[str, Array]:
        """The CSV form."""
        return {"t": self.t, **self.values}

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json()}


def optimal_schedule(
    problem: Problem, *, time: float = 20.0, points: int = 201, rtol: float = 1e-6
) -> Schedule:
    """The locally optimal learning-rate schedule of a problem.

    Parameters
    ----------
    problem
        The setting; its own learning rate plays no part.
    time, points
        End of the run in steps / N, and how many times are stored.
    rtol
        Relative error of a step.

    Returns
    -------
    Schedule

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    FlowError
        If the integration failed.

    Examples
    --------
    >>> import bntheory as bn  # without noise eta_eff tends to half its largest stable value
    >>> schedule = bn.optimal_schedule(bn.Problem("identity", "wn"), time=8)
    >>> round(float(schedule.eta_eff[-1]), 2)
    1.0
    """
    check_problem(problem)
    end = number("time", time, above=0.0)
    t = np.linspace(0.0, end, integer("points", points, 2))
    flow = Dynamics(problem.replace(eta=1.0))

    def rhs(_: float, y: Array) -> Array:
        return flow.drift(y, eta=best_rate(flow, y))

    start = np.array(flow.problem.initial_state)
    solution = solve_ivp(rhs, (0.0, end), start, "LSODA", t, rtol=rtol, atol=1e-12)
    if not solution.success:
        raise FlowError(f"the schedule's flow failed: {solution.message}")
    states = solution.y.T.copy()
    states[:, flow.R] = np.clip(states[:, flow.R], -1.0, 1.0)  # rounding
    eta = np.array([best_rate(flow, y) for y in states])
    Q, error = np.empty((2, len(t)))
    flow.kernels.observe(states, Q, error)
    R, L = states[:, flow.R], states[:, flow.L]
    effective = effective_rate(problem, eta, Q, L)
    values = {"eta": eta * (1.0 - problem.momentum), "eta_eff": effective, "Q": Q, "R": R, "L": L}
    return Schedule(problem.replace(eta=1.0), t, values | {"error": error})


def best_rate(flow: Dynamics, y: Array) -> float:
    """The learning rate at which the error falls fastest; 0 if it only rises."""
    one, two = flow.drift(y, eta=1.0), flow.drift(y, eta=2.0)
    first, second = 2 * one - two / 2, two / 2 - one
    slope = error_gradient(flow, y)
    fall, rise = -float(slope @ first), float(slope @ second)
    if fall <= 0:
        return 0.0
    Q = max(abs(flow.scale(y)), 1e-6)
    cap = LARGEST * flow.problem.M * float(y[flow.L]) ** 2 / Q**2
    return min(cap, fall / (2 * rise)) if rise > 0 else cap


def error_gradient(flow: Dynamics, y: Array) -> Array:
    """Derivatives of the generalisation error by central differences, inside |R| <= 1."""
    gradient = np.empty(flow.size)
    for i in range(flow.size):
        h = 1e-5 * max(1e-2, abs(y[i]))
        up, down = y.copy(), y.copy()
        up[i] += h
        down[i] -= h
        if i == flow.R:
            h = min(h, 1e-2 * max(1e-9, 1 - abs(y[i])))
            up[i], down[i] = min(1.0, y[i] + h), max(-1.0, y[i] - h)
        gradient[i] = (flow.error(up) - flow.error(down)) / (up[i] - down[i])
    return gradient
