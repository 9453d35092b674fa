"""One online run on inputs with a spectrum: overlap and length of every block."""

from __future__ import annotations

import math

import numpy as np

from ..formula_kernels import specialise
from ..inputs import Inputs, read_inputs
from ..problem import Problem
from ..spectral import block_start, summed
from ..spectrum import Spectrum
from .run import Array, numbers_of, sharing

#: Kernels of such runs; those of isotropic inputs never compile them.
KERNELS = ("batch_gradient", "online", "observables", "spectral")


def _start(problem: Problem, spectrum: Spectrum) -> tuple[Array, Array, Array]:
    """``gamma, beta``, and A and C in every block."""
    start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
    A, C = block_start(spectrum, start["R"], start["L"])
    return np.array([start.get("gamma", 0.0), 0.0]), A, C


class SpectralRun:
    """What runs of both kinds have: numbers, clock and rows ``gamma, beta, A..., C...``."""

    rows: Array
    normals_a_step: int

    def __init__(self, problem: Problem, dim: int, steps: Array):
        assert problem.spectrum_ is not None
        self.spectrum = problem.spectrum_
        self.sizes = np.array(self.spectrum.sizes(dim))
        self.scalars, self.A, self.C = _start(problem, self.spectrum)
        self.kernels = specialise(problem, *KERNELS)
        self.arguments = (steps, numbers_of(problem, dim), problem.M, sharing(problem, dim))
        self.by_field = problem.norm_of_field
        self.clock = np.zeros(1, dtype=np.int64)
        self.rows = np.empty((len(steps), 2 + 2 * self.spectrum.blocks))

    def advance(self, first: int, last: int) -> int:
        """Do the stored steps from first to last; how many have been recorded."""
        raise NotImplementedError


class SpectralChainRun(SpectralRun):
    """One run of the reduced chain, advanced in pieces."""

    def __init__(self, problem: Problem, dim: int, steps: Array, seed: np.random.SeedSequence):
        super().__init__(problem, dim, steps)
        values, _, powers = self.spectrum.arrays
        tau = np.sqrt(powers * dim)
        along = np.divide(self.A * dim, tau, out=np.zeros_like(tau), where=tau > 0.0)
        across = np.sqrt(np.maximum(self.C * dim - along**2, 0.0))
        self.weights = np.stack([along, across])
        self.numbers = np.stack([values, self.sizes.astype(float), tau])
        self.rng = np.random.default_rng(seed)
        self.normals_a_step = 3 * problem.M + 4 * self.spectrum.blocks

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_chain_blocks(
                self.scalars, self.weights, self.numbers, self.clock, steps, first, last,
                numbers, M, shared, self.by_field, self.rng, self.rows,
            )
        )  # fmt: skip


class SpectralVectorRun(SpectralRun):
    """One run with real vectors, advanced in pieces."""

    def __init__(
        self,
        problem: Problem,
        dim: int,
        steps: Array,
        seed: np.random.SeedSequence,
        law: Inputs | None = None,
    ):
        super().__init__(problem, dim, steps)
        inputs, labels, vectors = seed.spawn(3)
        self.law = (law or read_inputs("gaussian", dim)).kernel_arguments
        values, _, powers = self.spectrum.arrays
        self.scales = np.repeat(np.sqrt(values / dim), self.sizes)
        self.ends = np.cumsum(self.sizes)
        rng = np.random.default_rng(vectors)
        parts = [
            start_block(*block, rng)
            for block in zip(self.sizes, powers * dim, self.A * dim, self.C * dim, strict=True)
        ]
        self.teacher, self.w = map(np.concatenate, zip(*parts, strict=True))
        self.examples = np.empty((problem.M, dim))
        self.generators = [np.random.default_rng(s) for s in (inputs, labels)]
        self.normals_a_step = problem.M * (dim + 1)

    def advance(self, first: int, last: int) -> int:
        steps, numbers, M, shared = self.arguments
        return int(
            self.kernels.advance_vectors_blocks(
                self.scalars, self.w, self.teacher, self.scales, self.ends, self.examples,
                self.clock, steps, first, last, numbers, M, shared, self.by_field, self.law,
                *self.generators, self.rows,
            )
        )  # fmt: skip


def start_block(
    size: int, power: float, overlap: float, square: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Teacher and student in a block: ``w*.w* = power, w.w* = overlap, w.w = square`` exactly."""
    one, other = rng.standard_normal((2, size))
    one /= np.linalg.norm(one)
    other -= one * (one @ other)
    other /= np.linalg.norm(other)
    along = overlap / math.sqrt(power) if power > 0.0 else 0.0
    across = math.sqrt(max(0.0, square - along**2))
    return math.sqrt(power) * one, along * one + across * other


def blocks_of(problem: Problem, table: Array) -> dict[str, Array]:
    """A and C of rows ``gamma, beta, A..., C...``, shape (..., P); of isotropic inputs nothing."""
    spectrum = problem.spectrum_
    if spectrum is None:
        return {}
    first = 2 + spectrum.blocks
    return {"A": table[..., 2:first].copy(), "C": table[..., first:].copy()}


def observed(problem: Problem, table: Array) -> dict[str, Array]:
    """``Q R L error`` of rows ``gamma, beta, A..., C...``, and the field's ``spread``.

    Parameters
    ----------
    problem
        With a spectrum.
    table
        Shape (runs, times, 2 + 2 P).
    """
    spectrum, blocks = problem.spectrum_, blocks_of(problem, table)
    assert spectrum is not None
    q, R, L = summed(spectrum, blocks["A"], blocks["C"])
    spread = np.sqrt(q)
    norm = spread if problem.norm_of_field else L
    rows = np.stack([table[..., 0], table[..., 1], R, spread, norm], axis=-1).reshape(-1, 5)
    Q, error = np.empty((2, len(rows)))
    specialise(problem, *KERNELS).observe_fields(rows, Q, error)
    shaped = {"Q": Q.reshape(R.shape), "error": error.reshape(R.shape)}
    return shaped | {"R": R, "L": L, "spread": spread}
