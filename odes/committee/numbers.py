"""The numbers that a committee's kernels take."""

from __future__ import annotations

import numpy as np

from ...results.errors import InputError
from ...teacher_student.committee.checks import check_moments
from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from .packages import SAMPLING, route
from .points import USUAL, Sample, Sampling, default_steps, orders, packed_points

Array = np.ndarray
#: Smallest batches with a flow where a spread divides fields that keep their mean: of bounded
#: activations, and of those that grow.
UNCENTRED, GROWING = 6, 8


def own_numbers(problem: Problem) -> Array:
    """Parameters, second layer and teacher overlaps, as every kernel takes them."""
    problem = problem.limit
    values = problem.to_dict() | {"zeta": decay(problem), "statistics_size": problem.m}
    if isinstance(problem.eta, str):
        values["eta"] = 0.0  # the system itself has the schedule
    own = [float(values[name]) for name in KERNEL_PARAMETERS]
    return np.concatenate([own, problem.committee.a, problem.committee.T.ravel()])


def sample_of(problem: Problem, sampling: Sampling) -> Sample:
    """The points that a problem's sampled flow is averaged over."""
    batch = problem.m if problem.uses_batch else 1
    own = orders(problem.committee.a, problem.committee.T)
    steps = sampling.steps or default_steps(batch)
    return Sample(problem.units, problem.teacher_units, batch, steps, own)


def kernel_numbers(problem: Problem, sampling: Sampling = USUAL, scrambling: int = 0) -> Array:
    """What the kernels of a flow take, with the points of one scrambling if it is sampled."""
    own = own_numbers(problem)
    if route(problem) != SAMPLING:
        return own
    seed = 1_000_003 * sampling.seed + scrambling
    return np.concatenate([own, packed_points(sample_of(problem, sampling), seed)])


def check(problem: Problem) -> None:
    """Refuse committees that have no flow.

    Raises
    ------
    InputError
        For units or examples of a batch so few that a moment in the flow is infinite.
    """
    check_moments(problem)
    uses = problem.scheme_.uses
    if problem.uses_batch and "sigma" in uses and "mu" not in uses:
        least, power = (GROWING, 6) if problem.activation_.growth else (UNCENTRED, 4)
        if problem.m < least:
            named = "batch_size" if problem.statistics_size is None else "statistics_size"
            reason = (
                f"the flow of scheme={problem.scheme!r} asks for E[1/s^{power}] of the spread s"
            )
            infinite = f"which is infinite in smaller batches; at least {least} is accepted"
            raise InputError(named, problem.m, f"{reason}, {infinite}")
