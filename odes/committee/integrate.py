"""The flow of a committee over time: one trajectory, or one a scrambling where it is sampled."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...results.checks import integer
from ...teacher_student.committee.order import cosines, specialisation
from ...teacher_student.problem import Problem
from ..radau import too_many
from . import stiff
from .flow import CommitteeFlow
from .numbers import check, kernel_numbers, own_numbers
from .packages import SAMPLING, error_package, flow_package, route
from .points import USUAL, Sampling

Array = np.ndarray
Progress = Callable[[int, int], None]
#: What a sampled flow is solved to at most: its points are good to 1e-4 at best.
SAMPLED_RTOL, SAMPLED_ATOL = 1e-6, 1e-8
#: And of an activation with kinks, whose sampled slope jumps wherever a point passes one: what
#: asks for more than a jump is lost in tiny steps.
KINKED_RTOL, KINKED_ATOL = 1e-4, 1e-6
#: Steps after which a trajectory says how far it is.
CALL = 25
#: A squared length below this has vanished.
VANISHED = 1e-9


@dataclass
class Trajectory:
    """One trajectory on its way.

    Attributes
    ----------
    package, numbers
        The compiled flow, and what it takes.
    times
        Those to be stored.
    state, reached
        Order parameters and time of the last step.
    states
        What is stored, shape (times, order parameters).
    stored, steps, status
        How many times are stored, how many steps were tried, and how it ended.
    stiff_from
        Time from which the stiff solver went on; None if it did not.
    """

    package: Any
    numbers: Array
    times: Array
    state: Array
    reached: Array = field(default_factory=lambda: np.zeros(1))
    stored: int = 0
    steps: int = 0
    status: int = 0
    stiff_from: float | None = None
    states: Array = field(init=False)

    def __post_init__(self) -> None:
        self.states = np.empty((len(self.times), len(self.state)))

    def advance(self, rtol: float, atol: float, steps: int) -> bool:
        """Go on for a number of steps; whether there is more to do."""
        self.status, stored, tried = self.package.integrate(
            self.state, self.times[self.stored :], self.numbers, rtol, atol, steps,
            self.states[self.stored :], self.reached, float(self.reached[0]),
        )  # fmt: skip
        self.stored += stored
        self.steps += tried
        return bool(self.status == self.package.TOO_MANY_STEPS)

    def go_on(self, rtol: float, atol: float) -> bool:
        """Go on with the stiff solver, to the end or not at all."""
        self.stiff_from = float(self.reached[0])
        self.status, stored = stiff.go_on(
            self.package, self.numbers, self.stiff_from, self.state, self.times[self.stored :],
            (rtol, atol), self.states[self.stored :],
        )  # fmt: skip
        self.stored += stored
        if stored:
            self.reached[0] = self.times[self.stored - 1]
        return False


def solve_committee(
    problem: Problem,
    times: Array,
    bounds: tuple[float, float, int],
    sampling: Sampling = USUAL,
    progress: Progress | None = None,
) -> CommitteeFlow:
    """Integrate the flow of a committee.

    Parameters
    ----------
    problem
        The setting.
    times
        Stored times, increasing, in steps / N.
    bounds
        Relative and absolute, on the error of a step, of a sampled flow no less than 1e-6 and
        1e-8 (of an activation with kinks 1e-4 and 1e-6); and on the number of explicit steps,
        after which a stiff solver goes on.
    sampling
        Where averages have no closed form: how closely they are sampled.
    progress
        Called with (times done, times in all) over all scramblings.

    Raises
    ------
    InputError
        For a problem that has no flow (`odes.committee.numbers.check`).
    """
    check(problem)
    package, sampled = flow_package(problem), route(problem) == SAMPLING
    sampling = Sampling(*sampling)
    if sampling.steps is not None:
        integer("samples", sampling.steps, 1, 2**24)
    count = integer("scramblings", sampling.scramblings, 2, 1000) if sampled else 1
    start = np.array(problem.committee.initial_state)
    going = [
        Trajectory(package, kernel_numbers(problem, sampling, k), times, start.copy())
        for k in range(count)
    ]
    if sampled:
        kinked = bool(problem.activation_.kinks)
        rtol, atol = (KINKED_RTOL, KINKED_ATOL) if kinked else (SAMPLED_RTOL, SAMPLED_ATOL)
        bounds = (max(bounds[0], rtol), max(bounds[1], atol), bounds[2])
    _advance_all(going, bounds, progress)
    return _result(problem, going)


def _advance_all(
    going: list[Trajectory], bounds: tuple[float, float, int], progress: Progress | None
) -> None:
    """Advance trajectories in threads, a piece at a time; Ctrl-C is seen between pieces."""
    total, (rtol, atol, most) = sum(len(one.times) for one in going), bounds
    call = most if len(going) == 1 else CALL
    with ThreadPoolExecutor(min(len(going), os.cpu_count() or 1)) as pool:
        pending = {pool.submit(one.advance, rtol, atol, call): one for one in going}
        while pending:
            finished, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                one = pending.pop(future)
                if not future.result():
                    continue
                if one.steps < most:
                    pending[pool.submit(one.advance, rtol, atol, call)] = one
                else:
                    pending[pool.submit(one.go_on, rtol, atol)] = one
            if progress:
                progress(sum(one.stored for one in going), total)


def _result(problem: Problem, going: list[Trajectory]) -> CommitteeFlow:
    """The mean over trajectories, up to where all of them got, and its error."""
    count = min(one.stored for one in going)
    values = [read(problem, one.states[:count], one.numbers) for one in going]
    mean = {name: np.mean([v[name] for v in values], axis=0) for name in values[0]}
    each: dict[str, Array] = {}
    if len(going) > 1:
        each = {n: np.array([v[n] for v in values]) for n in mean}
    spread = {n: v.std(axis=0, ddof=1) / np.sqrt(len(going)) for n, v in each.items()}
    status, message = _ending(problem, going)
    return CommitteeFlow(
        problem, going[0].times[:count], mean, sum(one.steps for one in going), status, message,
        spread, len(going) if each else 0, each,
    )  # fmt: skip


def read(problem: Problem, states: Array, numbers: Array) -> dict[str, Array]:
    """All quantities of a committee's states, shape (states, order parameters)."""
    blocks = problem.committee.state_space.unpack(states)
    teacher = problem.committee.T
    A, C, error = blocks["A"], blocks["C"], np.empty(len(states))
    package = error_package(problem)
    closed = package is not flow_package(problem)
    package.errors(np.ascontiguousarray(states), own_numbers(problem) if closed else numbers, error)
    R = cosines(A, C, teacher)
    Q = C
    if "gamma" in blocks and problem.scheme_.statistics | problem.scheme_.uses & {"n2"}:
        slopes = blocks["gamma"] / np.sqrt(np.maximum(np.diagonal(C, axis1=1, axis2=2), 1e-300))
        Q = slopes[:, :, None] * slopes[:, None, :] * C
    return {**blocks, "error": error, "specialisation": specialisation(R), "R": R, "Q": Q}


def _ending(problem: Problem, going: list[Trajectory]) -> tuple[str, str]:
    """Status and message, of the first trajectory that did not reach its end."""
    for one in going:
        if one.status == one.package.COMPLETE:
            continue
        t = one.reached[0]
        if one.status == one.package.TOO_MANY_STEPS:
            return "failed", (
                f"more than {one.steps} steps were needed, and {too_many()} than t = {t:g}"
            )
        squares = np.diag(problem.committee.state_space.unpack(one.state)["C"])
        if squares.min() < VANISHED:
            return "failed", (
                f"a unit's length vanished at t = {t:g}, where its effective rate is infinite"
            )
        return "diverged", f"diverged at t = {t:g}: an order parameter left the finite numbers"
    began = [one.stiff_from for one in going if one.stiff_from is not None]
    if began:
        tried = max(one.steps for one in going)
        said = f"stiff from t = {min(began):g} on: after {tried} explicit steps "
        return "complete", f"{said}SciPy's Radau took over"
    return "complete", ""
