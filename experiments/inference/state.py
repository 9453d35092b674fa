"""Whose running statistics `inference` tells: which schemes, and which state of the student."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...odes.tables.running_law import RunningLaw
from ...results.checks import number
from ...results.errors import InputError
from ...teacher_student.committee.checks import refuse_committees
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import refuse_running
from ...teacher_student.schemes import SCHEMES
from ...teacher_student.spectral import refuse_spectrum
from .deployed import Deployment
from .lag import complete, lagging, updating_rate

#: Schemes that have running statistics, and a field ``gamma (h - mu)`` over a spread, or of one
#: of both.
ACCEPTED = ("bn", "mean-only-bn", "var-only-bn")
WORDS = "bn, mean-only-bn or var-only-bn"


class State(NamedTuple):
    """A student and its running statistics.

    Attributes
    ----------
    Q, R
        Gamma and overlap.
    behind
        ``L / sqrt(V)`` of a running variance that lags; 1 of one that does not.
    """

    Q: float
    R: float
    behind: float = 1.0

    def student(self, problem: Problem) -> Deployment:
        """With the law of a problem's running statistics."""
        return Deployment(problem, running_law(problem), self.R, self.behind)


def running_law(problem: Problem, dim: int | None = None) -> RunningLaw:
    """The law of what scatters in running statistics: nothing, where they lag and N is infinite."""
    if problem.running_rate is None:
        return RunningLaw(problem.m, problem.running_momentum)
    return RunningLaw(problem.m, 0.0 if dim is None else problem.running_rate / dim)


def check_problem(problem: Problem) -> None:
    """Refuse a student that has no running statistics, or whose law is not known here.

    Raises
    ------
    InputError
        Naming scheme or shift.
    """
    refuse_spectrum(problem, "the deployed error is of isotropic inputs")
    refuse_running(problem, "its training mode is not that of bn")
    refuse_committees(problem, "the error of the deployed network")
    if not problem.uses_batch:
        reason = "it has no batch statistics, and so the same error in training and deployed"
        raise InputError("scheme", problem.scheme, f"{reason}; {WORDS} is accepted")
    if problem.scheme_.formula not in {SCHEMES[name] for name in ACCEPTED}:
        reason = "the field must be gamma (h - mu) over the spread, or without one of these"
        raise InputError("scheme", problem.scheme, f"{reason}; {WORDS} is accepted")
    if problem.train_beta:
        raise InputError("train_beta", True, "the shift must stay 0 here; false is accepted")


def state(
    problem: Problem, at_q: float | None, at_r: float | None, time: float, progress: Progress | None
) -> State:
    """Gamma and overlap as they are given, or at the end of the flow.

    Raises
    ------
    InputError
        For one of both alone, a state without the length that running statistics lag behind, or
        a flow that does not reach its end.
    """
    for name, value, other in (("at_q", at_q, "at_r"), ("at_r", at_r, "at_q")):
        if value is not None and problem.running_rate is not None:
            reason = "how far running statistics lag is known along the flow alone; accepted with"
            raise InputError(name, value, f"{reason} a running_momentum")
        if value is not None and {"at_q": at_q, "at_r": at_r}[other] is None:
            raise InputError(name, value, f"accepted together with {other}")
    if at_q is not None and at_r is not None:
        return State(number("at_q", at_q), number("at_r", at_r, least=-1.0, most=1.0))
    times, rate = np.array([0.0, number("time", time, above=0.0)]), updating_rate(problem)
    if rate is None:
        flow, behind = complete(problem, times, progress), 1.0
    else:
        flow, variance = lagging(problem, rate, times, progress)
        behind = float(flow.L[-1] / math.sqrt(variance[-1]))
    return State(float(flow.Q[-1]), min(1.0, max(-1.0, float(flow.R[-1]))), behind)
