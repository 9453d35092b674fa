"""One online run, advanced in pieces: the state that the kernels carry on from call to call."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from ...results.errors import InputError
from ..formula_kernels import specialise
from ..inputs import Inputs, read_inputs
from ..optimisers import plain
from ..problem import Problem
from ..regularization import decay

Array = np.ndarray
#: A batch of vectors larger than this (in numbers) is drawn twice rather than kept.
BATCH_KEPT = 2**20
#: Numbers of a stored step: gamma, beta, R, L, and the running mean and variance.
COLUMNS = 6


class AnyRun(Protocol):
    """One run, whatever its state is."""

    rows: Array
    normals_a_step: int

    def advance(self, first: int, last: int) -> int:
        """Do the stored steps ``first .. last - 1``; how many are recorded."""
        ...


def numbers_of(problem: Problem, dim: int) -> tuple[float, ...]:
    """What kernels take: ``N, eta, gamma_rate, zeta, noise standard deviation, weight decay``."""
    eta = 0.0 if isinstance(problem.eta, str) else problem.eta
    noise, weight_decay = math.sqrt(problem.noise), problem.weight_decay
    return float(dim), eta, problem.gamma_rate, decay(problem), noise, weight_decay


def sharing(problem: Problem, dim: int) -> tuple[int, Array]:
    """How many examples share statistics, and the running ones of a run that begins.

    They begin as those of the population, ``0`` and ``|w|^2/N``.

    Raises
    ------
    InputError
        For a rate of the running statistics that is more than all of them a step.
    """
    length, rho = problem.initial_state[problem.state_space.place("L")], problem.running_momentum
    if problem.running_rate is not None:
        rho = problem.running_rate / dim
    if rho > 1.0:
        reason = f"rho is {rho:g} at N = {dim}; at most N is accepted"
        raise InputError("running_rate", problem.running_rate, reason)
    numbers = (rho, problem.r_max, problem.d_max)
    return problem.m, np.array([0.0, length**2, *numbers])


class ChainRun:
    """One run of the reduced chain, advanced in pieces."""

    def __init__(self, problem: Problem, dim: int, steps: Array, seed: np.random.SeedSequence):
        start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
        norm = start["L"] * math.sqrt(dim)
        R = start["R"]
        self.state = np.array(
            [start.get("gamma", 0.0), 0.0, norm * R, norm * math.sqrt(max(0.0, 1 - R * R))]
        )
        self.kernels = _kernels(problem)
        self.arguments = (steps, numbers_of(problem, dim), problem.M, sharing(problem, dim))
        self.rng = np.random.default_rng(seed)
        self.clock = np.zeros(1, dtype=np.int64)
        self.rows = np.empty((len(steps), COLUMNS))
        self.normals_a_step = 3 * problem.M + 2

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_chain(
                self.state, self.clock, steps, first, last, numbers, M, shared, self.rng, self.rows
            )
        )


class VectorRun:
    """One run with real vectors, advanced in pieces."""

    def __init__(
        self,
        problem: Problem,
        dim: int,
        steps: Array,
        seed: np.random.SeedSequence,
        law: Inputs | None = None,
    ):
        inputs, labels, vectors = seed.spawn(3)
        self.law = (law or read_inputs("gaussian", dim)).kernel_arguments
        start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
        self.scalars = np.array([start.get("gamma", 0.0), 0.0])
        rng = np.random.default_rng(vectors)
        self.teacher, self.w = start_vectors(dim, start["R"], start["L"], rng)
        kept = problem.M if problem.M * dim <= BATCH_KEPT else 1
        self.examples = np.empty((kept, dim))
        self.kernels = _kernels(problem)
        self.arguments = (steps, numbers_of(problem, dim), problem.M, sharing(problem, dim))
        self.generators = [np.random.default_rng(s) for s in (inputs, inputs, labels)]
        self.clock = np.zeros(1, dtype=np.int64)
        self.rows = np.empty((len(steps), COLUMNS))
        self.normals_a_step = problem.M * (dim + 1)

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_vectors(
                self.scalars,
                self.w,
                self.teacher,
                self.examples,
                self.clock,
                steps,
                first,
                last,
                numbers,
                M,
                shared,
                self.law,
                *self.generators,
                self.rows,
            )
        )


def start_vectors(dim: int, R: float, L: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Teacher and student weights with norms sqrt(N), L sqrt(N) and overlap exactly R."""
    teacher = rng.standard_normal(dim)
    teacher *= math.sqrt(dim) / np.linalg.norm(teacher)
    student = rng.standard_normal(dim)
    student -= teacher * (student @ teacher / dim)
    student *= L * math.sqrt(max(0.0, 1 - R * R)) * math.sqrt(dim) / np.linalg.norm(student)
    student += L * R * teacher
    return teacher, student


def _kernels(problem: Problem) -> Any:
    return specialise(plain(problem), "batch_gradient", "online")
