"""The numbers of running statistics that a flow takes beside its parameters."""

from __future__ import annotations

import numpy as np

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ..tables.running_law import RunningLaw
from ..tables.running_numbers import corrected_numbers, tracked_numbers

Array = np.ndarray


def running_numbers(problem: Problem) -> Array:
    """Averages over the law of the running statistics; none for a scheme without.

    Raises
    ------
    InputError
        For tracked statistics without memory, whose inverse powers have no mean.
    """
    normaliser = problem.scheme_.normaliser
    if normaliser == "batch":
        return np.zeros(0)
    rho = problem.running_momentum
    law = RunningLaw(problem.m, rho)
    if normaliser == "corrected":
        return corrected_numbers(law, problem.r_max, problem.d_max)
    if rho == 1.0:
        reason = "without memory the flow of tracked statistics may not exist; below 1 is accepted"
        raise InputError("running_momentum", rho, reason)
    return tracked_numbers(law, max(1.0, 2.0 * problem.activation_.growth))
