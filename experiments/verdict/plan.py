"""How large a simulation must be to detect a given error of the theory: `plan`.

If a drift is wrong by a small factor, the mean of the runs deviates from the theory by the linear
response to that factor, and the chi-square of `bntheory.experiments.verdict.chi_square` becomes a
noncentral one. Its noncentrality is proportional to N times the number of runs, and so is the
cost: what remains to choose is an N at which the terms that the theory leaves out do not matter.
Under momentum the largest deviation by the runs' own scatter takes its place
(`experiments.verdict.detection_by_scatter`).
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...odes.fluctuations.covariance import fluctuations
from ...results.base import Result
from ...results.checks import integer, number
from ...results.errors import InputError
from ...teacher_student.online.simulate import simulated
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from .compare import FEWEST_RUNS
from .detection import Signal, required, response, signal_of
from .detection_by_scatter import LargestDeviation, largest_deviation

if TYPE_CHECKING:
    from collections.abc import Sequence


Array = np.ndarray
DIMENSIONS = (200, 500, 1000, 2000, 5000, 10_000, 20_000)
#: Times on which the response is found: its error falls with the square of their distance.
POINTS = 201
#: What the theory leaves out may reach this share of the deviation to be detected.
MOST_REMAINDER = 0.25


@dataclass(frozen=True)
class Plan(Result):
    """Simulations that detect a relative error of a drift.

    Attributes
    ----------
    problem
        The setting.
    error, power, alpha, time
        The relative error of one drift, how probably it is to be detected, the level of the
        verdict, and the end of the runs.
    dim
        Input dimensions N, shape (sizes,).
    runs
        Runs needed by the name of the drift that is wrong, each of shape (sizes,); at least
        those that `compare` asks for, infinite where the error shows nowhere.
    seconds
        Time that the simulation would take on this machine, on one core, likewise.
    remainder
        What the prediction leaves out at that N, in units of the deviation to be detected,
        likewise; an N where it exceeds 0.25 is too small.
    signals
        What the error does to what is tested, by drift: noncentrality for N times runs = 1 and
        degrees of freedom; under momentum the deviations that are compared.
    """

    _drawn_by: ClassVar[str] = "plan.draw_plan"
    _dimension: ClassVar[str] = "dim"

    problem: Problem
    error: float
    power: float
    alpha: float
    time: float
    dim: Array
    runs: dict[str, Array]
    seconds: dict[str, Array]
    remainder: dict[str, Array]
    signals: dict[str, Signal | LargestDeviation]

    def power_of(self, runs: int, dim: int) -> dict[str, float]:
        """How probably so many runs at N = dim detect the error, by the drift that is wrong."""
        return {n: s.power(runs, dim, self.alpha) for n, s in self.signals.items()}

    def advice(self) -> str:
        """The cheapest simulation that detects the error in every drift, in one sentence."""
        runs = np.max(list(self.runs.values()), axis=0)
        seconds = np.max(list(self.seconds.values()), axis=0)
        small = np.max(list(self.remainder.values()), axis=0) > MOST_REMAINDER
        seconds = np.where(small, np.inf, seconds)
        best = int(seconds.argmin())
        if not np.isfinite(seconds[best]):
            return "No N of these detects the error in every drift."
        return (
            f"{runs[best]:.0f} runs at N = {self.dim[best]} detect an error of "
            f"{100 * self.error:g}% in any one drift with probability {self.power:g}; "
            f"about {seconds[best]:.3g} s on one core here."
        )

    def columns(self) -> dict[str, Array]:
        """The table: N, then runs, seconds and remainder by the drift that is wrong."""
        table = {"dim": self.dim}
        for name in self.runs:
            table |= {
                f"runs_{name}": self.runs[name],
                f"seconds_{name}": self.seconds[name],
                f"remainder_{name}": self.remainder[name],
            }
        return table

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        settings = {"problem": self.problem.to_dict(), "error": self.error, "power": self.power}
        return {**settings, "alpha": self.alpha, "time": self.time, **self.columns()}

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "error": self.error, "power": self.power}


def plan(
    problem: Problem,
    error: float = 0.01,
    *,
    power: float = 0.9,
    alpha: float = 0.01,
    time: float = 20.0,
    dims: Sequence[int] = DIMENSIONS,
    progress: Progress | None = None,
) -> Plan:
    """Find how many runs detect a relative error of one of the drifts, and what they cost.

    Parameters
    ----------
    problem
        The setting. Under momentum scatter and response are those of the limit of fixed momentum,
        which is right to leading order in 1/N and in 1 over the inertia of runs.
    error
        Relative error of a drift: ``d gamma/dt``, ``dR/dt`` or ``dL/dt`` is wrong by this factor.
    power
        Probability of detecting it, above alpha and below 1.
    alpha
        Level of the verdict.
    time
        End of the runs in steps / N.
    dims
        Input dimensions N to choose from.
    progress
        As for `bntheory.fluctuations`.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted; or where the scatter of a run has
        no prediction.
    FlowError
        If the flow does not reach the last time.

    Examples
    --------
    >>> import bntheory as bn
    >>> found = bn.plan(bn.Problem(scheme="wn"), 0.02, time=5, dims=[1000])
    >>> bool(found.runs["R"][0] >= 8)
    True
    """
    check_problem(problem)
    error = number("error", error, above=0.0, most=1.0)
    alpha = number("alpha", alpha, above=0.0, most=0.5)
    if not alpha < number("power", power, above=0.0, most=1.0) < 1.0:
        raise InputError("power", power, f"a number above alpha={alpha:g} and below 1 is accepted")
    sizes = np.array([integer("dim", dim, 3) for dim in dims])
    predicted = fluctuations(problem.limit, time=time, points=POINTS, progress=progress)
    names = problem.order_parameters
    signals: dict[str, Signal | LargestDeviation] = {}
    left: dict[str, Array] = {}
    for i, name in enumerate(names):
        moved = error * response(predicted, i)
        signals[name], remainder = signal_of(predicted, moved)
        if problem.momentum:
            signals[name] = largest_deviation(predicted, moved)
        left[name] = remainder * problem.M / sizes**2
    needed = {name: np.array([required(signal, N, alpha, power) for N in sizes])
              for name, signal in signals.items()}  # fmt: skip
    runs = {n: np.where(np.isfinite(v), np.maximum(np.ceil(v), FEWEST_RUNS), np.inf)
            for n, v in needed.items()}  # fmt: skip
    step = _seconds_a_step(problem)
    seconds = {name: count * sizes * time * step for name, count in runs.items()}
    return Plan(problem, error, power, alpha, time, sizes, runs, seconds, left, signals)


def _seconds_a_step(problem: Problem) -> float:
    """What a step of the chain takes here: the fastest of three short runs."""
    dim, steps = 1000, max(2000, 100_000 // problem.M)
    took = []
    for _ in range(4):  # the first one may compile
        began = clock.perf_counter()
        simulated(problem, dim=dim, runs=1, time=steps / dim, points=2, workers=1)
        took.append(clock.perf_counter() - began)
    return min(took[1:]) / steps
