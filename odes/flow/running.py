"""The numbers of running statistics that a flow takes beside its parameters."""

from __future__ import annotations

import numpy as np

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ..tables.corrected_table import corrected_table
from ..tables.running_law import RunningLaw
from ..tables.running_numbers import corrected_numbers, tracked_numbers

Array = np.ndarray
#: Up to this variance of the running variance the rule over it is good to 1e-5 for activations that
#: are no polynomials on either side of 0; for those it is exact.
WIDEST = 0.25
#: Examples from which on the averages of batch renormalisation are finite.
SMALLEST_CORRECTED = 4


def running_numbers(problem: Problem) -> Array:
    """Averages over the law of the running statistics; none for a scheme without.

    Raises
    ------
    InputError
        For running statistics that lag; for tracked ones without memory, whose inverse powers have
        no mean; or with so little that the rule over their variance is not good enough.
    """
    normaliser = problem.scheme_.normaliser
    if normaliser == "batch":
        return np.zeros(0)
    if problem.running_rate is not None:
        reason = f"flows of scheme={problem.scheme!r} know a fixed running_momentum alone"
        raise InputError("running_rate", problem.running_rate, f"{reason}; none is accepted")
    rho = problem.running_momentum
    law = RunningLaw(problem.m, rho)
    if normaliser == "corrected":
        clips = problem.r_max, problem.d_max
        if not _is_tabulated(problem):
            return corrected_numbers(law, *clips)
        if problem.m < SMALLEST_CORRECTED:  # `check_batch` says so
            return np.zeros(0)
        _check_scatter(problem, law)
        return corrected_table(problem.activation_.formula, law, *clips).packed
    if rho == 1.0:
        reason = "without memory the flow of tracked statistics may not exist; below 1 is accepted"
        raise InputError("running_momentum", rho, reason)
    activation = problem.activation_
    exact = activation.homogeneous or activation.is_polynomial
    if not exact:
        _check_scatter(problem, law)
    return tracked_numbers(law, max(1.0, 2.0 * problem.activation_.growth))


def running_error(problem: Problem) -> float | None:
    """The error of the table that `running_numbers` are; None of numbers that are exact."""
    if problem.scheme_.normaliser != "corrected" or not _is_tabulated(problem):
        return None
    law = RunningLaw(problem.m, problem.running_momentum)
    clips = problem.r_max, problem.d_max
    return corrected_table(problem.activation_.formula, law, *clips).error


def _check_scatter(problem: Problem, law: RunningLaw) -> None:
    if law.variance > WIDEST:
        reason = f"in batches of {law.m} the running variance scatters too widely for the rule over"
        rho = problem.running_momentum
        raise InputError("running_momentum", rho, f"{reason} it; a smaller one is accepted")


def _is_tabulated(problem: Problem) -> bool:
    from ..derivation.running_field import is_tabulated  # imports sympy, which takes half a second

    return is_tabulated(problem)
