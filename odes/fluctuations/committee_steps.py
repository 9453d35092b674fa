"""The scatter of one step of a committee, from drawn steps (theory page 10)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...results.errors import InputError
from ...teacher_student.committee.checks import check_moments
from ...teacher_student.problem import Problem
from ..committee.numbers import check, own_numbers
from ..committee.packages import increments_package

Array = np.ndarray
#: Groups that are drawn at one state: examples, or batches that share statistics.
EXAMPLES, BATCHES, DEVIATES = 2**14, 2**13, 2**22
#: Batches up to which half of the groups have one unit's spread from a chi-square of four degrees
#: of freedom less: the mean of 1/s^8, which the error of a variance asks for, is infinite below
#: M = 10, and the weights keep it finite.
HEAVY, SHARE, LESS = 14, 0.5, 4
#: The smallest batch whose scatter runs can measure; of a spread that divides fields which keep
#: their mean, of bounded activations and of those that grow.
SMALLEST, UNCENTRED, GROWING = 7, 10, 14


class StepMoments(NamedTuple):
    """Of N times a step's increment, as N grows.

    Attributes
    ----------
    mean
        Shape (n,): the right-hand side of the flow, as these steps say it.
    covariance
        D, shape (n, n).
    correction
        N times what the mean lacks at finite N, shape (n,).
    """

    mean: Array
    covariance: Array
    correction: Array


def check_scatter(problem: Problem) -> None:
    """Refuse committees whose runs have no scatter, or none that can be measured.

    Raises
    ------
    InputError
        Naming units or batch size, with the reason.
    """
    check(problem)
    check_moments(problem, fluctuations=True)
    uses, least = problem.scheme_.uses, SMALLEST
    if not problem.uses_batch or "sigma" not in uses:
        return
    if "mu" not in uses:
        least = GROWING if problem.activation_.growth else UNCENTRED
    if problem.m < least:
        named = "batch_size" if problem.statistics_size is None else "statistics_size"
        reason = "the scatter of runs asks for powers of 1/s that smaller batches do not have"
        raise InputError(named, problem.m, f"{reason}; at least {least} is accepted")


class Steps:
    """Drawn steps of one problem.

    Parameters
    ----------
    problem
        The setting.
    seed
        Of the draws.
    """

    def __init__(self, problem: Problem, seed: int = 0):
        self.problem, self.numbers = problem, own_numbers(problem)
        self.package: Any = increments_package(problem)
        self.m = problem.m if problem.uses_batch else 1
        self.variables = problem.units + problem.teacher_units
        self.rng = np.random.default_rng([seed, 20])
        heavy = problem.uses_batch and "sigma" in problem.scheme_.uses and self.m <= HEAVY
        self.share = SHARE if heavy else 0.0
        most = DEVIATES // (self.m * self.variables)
        self.count = max(64, min(BATCHES if problem.uses_batch else EXAMPLES, most))

    def at(self, t: float, y: Array, rng: np.random.Generator | None = None) -> StepMoments:
        """The moments at one state."""
        rng = self.rng if rng is None else rng
        z = rng.standard_normal((self.count, self.m, self.variables))
        first = self.count - int(self.share * self.count)
        if first < self.count:
            self._narrow(z[first:, :, 0], rng)
        xi = np.sqrt(self.problem.noise) * rng.standard_normal((self.count, self.m))
        n, K = len(y), self.problem.units
        mean, square, second = np.empty(n), np.empty((n, n)), np.empty((K, K))
        self.package.step_moments(t, y, self.numbers, z, xi, self.share, mean, square, second)
        blocks = self.problem.committee.state_space.unpack(np.zeros(n))
        correction = self.problem.committee.state_space.pack({**blocks, "C": second})
        groups = self.problem.M / self.m
        return StepMoments(mean, (square - np.outer(mean, mean)) / groups, correction)

    def _narrow(self, deviates: Array, rng: np.random.Generator) -> None:
        """Give groups the sum of squares about their mean of LESS degrees of freedom less."""
        mean = deviates.mean(axis=1, keepdims=True)
        centred = deviates - mean
        wanted = rng.chisquare(self.m - 1 - LESS, (len(deviates), 1))
        deviates[:] = mean + centred * np.sqrt(wanted / (centred**2).sum(axis=1, keepdims=True))
