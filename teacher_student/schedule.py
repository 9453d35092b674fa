"""Stored times, and learning-rate schedules."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ..results.checks import integer, number
from ..results.errors import InputError
from .formula_kernels import specialise
from .problem import Problem

Array = np.ndarray
#: Most stored times; a run of that many already takes hundreds of megabytes.
MOST_POINTS = 10**7
#: Most steps of a run: whole numbers that a double holds exactly.
MOST_STEPS = 2**53


def stored_times(time: float, points: int, times: ArrayLike | None = None) -> Array:
    """The stored times from their three parameters.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    """
    if times is None:
        if np.ndim(time):
            accepted = "the end of the run, one number, is accepted; stored times go to times="
            raise InputError("time", time, accepted)
        end = number("time", time, above=0.0)
        return np.linspace(0.0, end, integer("points", points, 2, MOST_POINTS))
    try:
        stored = np.asarray(times, dtype=float)
    except (TypeError, ValueError):
        stored = np.empty(0)
    if stored.ndim != 1 or stored.size == 0 or not np.isfinite(stored).all():
        raise InputError("times", times, "a list of finite numbers is accepted")
    if stored[0] < 0 or (np.diff(stored) <= 0).any():
        raise InputError("times", times, "increasing numbers from 0 on are accepted")
    return stored


def stored_steps(times: Array, dim: int) -> Array:
    """The distinct whole steps nearest to the stored times.

    Raises
    ------
    ValueError
        If the last one cannot be counted.
    """
    if times[-1] * dim > MOST_STEPS:
        raise InputError(
            "time", float(times[-1]), f"at most {MOST_STEPS / dim:g} is accepted with dim={dim}"
        )
    return np.unique(np.rint(times * dim).astype(np.int64))


def check_schedule(problem: Problem, time: float) -> None:
    """Refuse a learning-rate formula that is not positive on the whole run."""
    if not isinstance(problem.eta, str):
        return
    # Kernels of one unit have the schedule of a committee, too.
    one = Problem("identity", "sgd", eta=problem.eta) if problem.several_units else problem
    rate = specialise(one, "observables").learning_rate
    for t in np.linspace(0.0, time, 1001):
        value = rate(t, 0.0)
        if not (math.isfinite(value) and value > 0):
            raise InputError(
                "eta",
                problem.eta,
                f" is {value:g} at t={t:g}; a formula that is finite and "
                f"positive from 0 to {time:g} is accepted",
            )


def learning_rate(problem: Problem, t: float) -> float:
    """The learning rate at a time, of a number or of a schedule.

    Examples
    --------
    >>> learning_rate(Problem(eta=0.5), 3.0)
    0.5
    """
    if not isinstance(problem.eta, str):
        return problem.eta
    kernels = specialise(problem, "observables")
    return float(kernels.learning_rate(t, 0.0))


def effective_rate(problem: Problem, eta: ArrayLike, Q: ArrayLike, L: ArrayLike) -> Array:
    """The learning rate at which the *direction* of the weights learns (theory page 3).

    Parameters
    ----------
    problem
        Its scheme decides: ``eta Q / L^2`` where gamma carries the scale, ``eta`` itself of a
        plain student, whose weights are what the rate is of.
    eta, Q, L
        Learning rate, scale and length, broadcast.

    Examples
    --------
    >>> float(effective_rate(Problem(scheme="wn"), 0.5, 1.0, 2.0))
    0.125
    >>> float(effective_rate(Problem(scheme="sgd"), 0.5, 2.0, 2.0))
    0.5
    """
    if "gamma" in problem.trained_scalars:
        return np.asarray(eta) * np.abs(Q) / np.square(L)
    return np.broadcast_to(eta, np.shape(Q)).astype(float)
