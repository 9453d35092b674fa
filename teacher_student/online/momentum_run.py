"""One online run with momentum: it carries a push beside weights and scalars."""

from __future__ import annotations

import numpy as np

from ..formula_kernels import specialise
from ..inputs import Inputs
from ..problem import Problem
from .run import Array, ChainRun, VectorRun

#: Kernels of runs with momentum; those without never compile them.
KERNELS = ("batch_gradient", "online", "momentum")


def memory_of(problem: Problem) -> tuple[float, bool, bool]:
    """The momentum, whether it is Nesterov's, and whether weight decay is decoupled."""
    return problem.momentum, problem.nesterov, problem.decoupled_decay


class MomentumChainRun(ChainRun):
    """One run of the reduced chain with momentum, advanced in pieces."""

    def __init__(self, problem: Problem, dim: int, steps: Array, seed: np.random.SeedSequence):
        super().__init__(problem, dim, steps, seed)
        gamma, beta, along, across = self.state
        self.scalars = np.array([gamma, beta, 0.0, 0.0])
        self.w, self.push = np.array([along, across, 0.0, 0.0]), np.zeros(4)
        self.kernels, self.memory = specialise(problem, *KERNELS), memory_of(problem)
        self.normals_a_step = 4 * problem.M + 2

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_chain_momentum(
                self.scalars, self.w, self.push, self.clock, steps, first, last, numbers,
                self.memory, M, shared, self.rng, self.rows,
            )
        )  # fmt: skip


class MomentumVectorRun(VectorRun):
    """One run with real vectors and momentum, advanced in pieces."""

    def __init__(
        self,
        problem: Problem,
        dim: int,
        steps: Array,
        seed: np.random.SeedSequence,
        law: Inputs | None = None,
    ):
        super().__init__(problem, dim, steps, seed, law)
        self.scalars = np.array([*self.scalars, 0.0, 0.0])
        self.push, self.descent = np.zeros((2, dim))
        self.kernels, self.memory = specialise(problem, *KERNELS), memory_of(problem)

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_vectors_momentum(
                self.scalars, self.w, self.push, self.descent, self.teacher, self.examples,
                self.clock, steps, first, last, numbers, self.memory, M, shared, self.law,
                *self.generators, self.rows,
            )
        )  # fmt: skip
