"""One online run by an optimiser beside SGD, or with steps that are clipped."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...results.errors import InputError
from ..formula_kernels import specialise
from ..inputs import Inputs
from ..optimisers import ADAGRAD_NORM, NORMALISED, SGD, SIGN, plain
from ..problem import Problem
from .run import COLUMNS, Array, ChainRun, VectorRun

#: Kernels of these runs; others never compile them.
KERNELS = ("batch_gradient", "online", "optimiser")
#: The column of AdaGrad-norm's sum, and what the kernels call each way; clipping is SGD's.
ACCUMULATED_COLUMN = COLUMNS
WAYS = {SGD: 0, NORMALISED: 1, SIGN: 2, ADAGRAD_NORM: 3}


def _stepping(problem: Problem) -> tuple[int, float, Array]:
    return WAYS[problem.optimiser], problem.step_clip or 0.0, np.ones(1)


def _kernels(problem: Problem) -> Any:
    """They are told the optimiser, and compiled once for all of them."""
    return specialise(plain(problem), *KERNELS)


def check_chain(problem: Problem) -> None:
    """Refuse the chain for an optimiser that has none.

    Raises
    ------
    InputError
        For signSGD.
    """
    if problem.optimiser == SIGN:
        reason = "signs of a gradient's entries know the axes, and the chain is that of vectors "
        reason += "turned at will; engine='vectors' is accepted with optimiser='sign'"
        raise InputError("engine", "chain", reason)


class OptimisedChainRun(ChainRun):
    """One run of the reduced chain, advanced in pieces."""

    def __init__(self, problem: Problem, dim: int, steps: Array, seed: np.random.SeedSequence):
        super().__init__(problem, dim, steps, seed)
        self.rows = np.empty((len(steps), COLUMNS + 1))
        self.kernels, self.stepping = _kernels(problem), _stepping(problem)

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_chain_optimised(
                self.state, self.clock, steps, first, last, numbers, self.stepping, M, shared,
                self.rng, self.rows,
            )
        )  # fmt: skip


class OptimisedVectorRun(VectorRun):
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
        self.rows = np.empty((len(steps), COLUMNS + 1))
        self.descent = np.zeros(dim)
        self.kernels, self.stepping = _kernels(problem), _stepping(problem)

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_vectors_optimised(
                self.scalars, self.w, self.descent, self.teacher, self.examples, self.clock, steps,
                first, last, numbers, self.stepping, M, shared, self.law, *self.generators,
                self.rows,
            )
        )  # fmt: skip
