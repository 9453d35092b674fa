"""One online run with momentum on inputs with a spectrum: a push beside the weights of a block."""

from __future__ import annotations

import numpy as np

from ..formula_kernels import specialise
from ..inputs import Inputs
from ..problem import Problem
from .momentum_run import memory_of
from .run import Array
from .spectral_run import KERNELS as PLAIN
from .spectral_run import SpectralChainRun, SpectralVectorRun

#: Kernels of such runs; others never compile them.
KERNELS = (*PLAIN, "momentum", "spectral_momentum")


class SpectralMomentumChainRun(SpectralChainRun):
    """One run of the reduced chain, advanced in pieces."""

    def __init__(self, problem: Problem, dim: int, steps: Array, seed: np.random.SeedSequence):
        super().__init__(problem, dim, steps, seed)
        blocks = self.spectrum.blocks
        self.scalars = np.array([*self.scalars, 0.0, 0.0])
        self.weights = np.concatenate([self.weights, np.zeros((2, blocks))])
        self.push = np.zeros((4, blocks))
        self.kernels, self.memory = specialise(problem, *KERNELS), memory_of(problem)
        self.normals_a_step = 3 * problem.M + 5 * blocks

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_chain_blocks_momentum(
                self.scalars, self.weights, self.push, self.numbers, self.clock, steps, first, last,
                numbers, self.memory, M, shared, self.by_field, self.rng, self.rows,
            )
        )  # fmt: skip


class SpectralMomentumVectorRun(SpectralVectorRun):
    """One run with real vectors, advanced in pieces."""

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
            self.kernels.advance_vectors_blocks_momentum(
                self.scalars, self.w, self.push, self.descent, self.teacher, self.scales, self.ends,
                self.examples, self.clock, steps, first, last, numbers, self.memory, M, shared,
                self.by_field, self.law, *self.generators, self.rows,
            )
        )  # fmt: skip
