"""The numbers that a committee's kernels take, and what there is no flow for."""

from __future__ import annotations

import numpy as np

from ...results.errors import InputError
from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from .packages import SAMPLING, route
from .points import Sample, Sampling, default_steps, orders, packed_points

Array = np.ndarray
#: Smallest batches with a flow: of fields divided by a spread; and if the mean is not taken off, of
#: bounded activations and of those that grow.
SMALLEST, UNCENTRED, GROWING = 4, 6, 8
#: The fewest units with a flow where statistics are taken over units: about their mean, or about 0.
FEWEST, FEWEST_ROOT = 4, 3


def own_numbers(problem: Problem) -> Array:
    """Parameters, second layer and teacher overlaps, as every kernel takes them."""
    problem = problem.limit
    values = problem.to_dict() | {"zeta": decay(problem), "statistics_size": problem.m}
    if isinstance(problem.eta, str):
        values["eta"] = 0.0  # the system itself has the schedule
    own = [float(values[name]) for name in KERNEL_PARAMETERS]
    setting = problem.committee
    return np.concatenate([own, setting.second_layer, np.ravel(setting.teacher_overlap)])


def sample_of(problem: Problem, sampling: Sampling) -> Sample:
    """The points that a problem's sampled flow is averaged over."""
    setting = problem.committee
    batch = problem.m if problem.uses_batch else 1
    own = orders(setting.second_layer, np.asarray(setting.teacher_overlap))
    steps = sampling.steps or default_steps(batch)
    return Sample(problem.units, problem.teacher_units, batch, steps, own)


def kernel_numbers(problem: Problem, sampling: Sampling = Sampling(), scrambling: int = 0) -> Array:
    """What the kernels of a problem's flow take, with the points of one scrambling if it is sampled."""
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
        For losses, labels and clipping other than those of the squared loss; schemes with running
        statistics; batches, or units, so few that a moment in the flow is infinite.
    """
    if not problem.squares:
        reason = "the flow of committees is known for the squared loss on the teacher's outputs"
        raise InputError("loss", problem.loss, reason)
    scheme = problem.scheme_
    if scheme.remembers:
        reason = "committees have no running statistics; another scheme is accepted"
        raise InputError("scheme", problem.scheme, reason)
    if scheme.over == "units":
        _check_units(problem)
    elif "sigma" in scheme.uses:
        _check_batch(problem)


def _check_batch(problem: Problem) -> None:
    least, power = SMALLEST, 2
    if "mu" not in problem.scheme_.uses:
        least, power = (GROWING, 6) if problem.activation_.growth else (UNCENTRED, 4)
    if problem.m < least:
        named = "batch_size" if problem.statistics_size is None else "statistics_size"
        raise InputError(
            named,
            problem.m,
            f"the flow of scheme={problem.scheme!r} asks for E[1/s^{power}] of the batch's spread "
            f"s, which is infinite below {least}; at least {least} is accepted",
        )


def _check_units(problem: Problem) -> None:
    least = FEWEST if problem.scheme_.centred else FEWEST_ROOT
    if problem.units < least:
        raise InputError(
            "units",
            problem.units,
            f"scheme={problem.scheme!r} divides by the spread s of so few units that E[1/s^2] of "
            f"its steps is infinite; at least {least} are accepted for its flow",
        )
