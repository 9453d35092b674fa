"""One online run of a committee, advanced in pieces: by chain or by vectors."""

from __future__ import annotations

import math

import numpy as np

from ....results.errors import InputError
from ...committee.setting import Committee
from ...inputs import Inputs, read_inputs
from ...problem import Problem
from ...regularization import decay
from ..run import BATCH_KEPT
from .kernels import committee_kernels

Array = np.ndarray


def fewest_dimensions(problem: Problem) -> int:
    """The smallest N of the reduced chain: the units' directions, and those that a batch adds."""
    K, T = problem.units, problem.teacher_units
    return K + T + min(problem.M, K)


def check_dimensions(problem: Problem, dim: int, engine: str) -> None:
    """Refuse fewer dimensions than there are vectors.

    Raises
    ------
    InputError
        Naming the dimension.
    """
    K, T = problem.units, problem.teacher_units
    least = fewest_dimensions(problem) if engine == "chain" else K + T
    if dim < least:
        reason = f"with units={K}, teacher_units={T}, batch_size={problem.M} at least {least}"
        raise InputError("dim", dim, f"{reason} is accepted")


def run_numbers(problem: Problem, dim: int) -> tuple[float, ...]:
    """``N, eta, gamma_rate, zeta, noise standard deviation, weight decay``."""
    eta = 0.0 if isinstance(problem.eta, str) else problem.eta
    noise, weight_decay = math.sqrt(problem.noise), problem.weight_decay
    return float(dim), eta, problem.gamma_rate, decay(problem), noise, weight_decay


def row_size(committee: Committee) -> int:
    """Numbers of a stored row: gamma and beta, A, C."""
    K, T = committee.units, committee.teacher_units
    return 2 * K + K * T + K * K


def coordinates(committee: Committee) -> tuple[Array, Array, Array]:
    """The teachers' triangle, and the units' coordinates along theirs and along their own.

    Returns
    -------
    teacher_root, along, across
        Shapes (T, T), (K, T) and (K, K), lower.
    """
    root = np.linalg.cholesky(committee.T)
    along = np.linalg.solve(root, committee.A0.T).T
    rest = committee.C0 - along @ along.T
    across = np.zeros_like(rest)
    for k in range(len(rest)):
        row = across[k]
        for i in range(k):
            if across[i, i] > 0.0:
                row[i] = (rest[k, i] - across[i, :i] @ row[:i]) / across[i, i]
        pivot = rest[k, k] - row[:k] @ row[:k]
        row[k] = math.sqrt(pivot) if pivot > 1e-13 * committee.C0[k, k] else 0.0
    return root, np.ascontiguousarray(along), across


class CommitteeRun:
    """What runs of chain and vectors share."""

    normals_a_step: int

    def __init__(self, problem: Problem, dim: int, steps: Array):
        self.kernels = committee_kernels(problem)
        self.steps, self.numbers, self.sizes = (
            steps,
            run_numbers(problem, dim),
            (problem.M, problem.m),
        )
        self.a = problem.committee.a
        self.clock = np.zeros(1, dtype=np.int64)
        self.rows = np.empty((len(steps), row_size(problem.committee)))

    def _start(self, committee: Committee) -> tuple[Array, Array, Array]:
        self.scalars = np.stack([committee.gamma0, np.zeros(committee.units)])
        return coordinates(committee)


class CommitteeChainRun(CommitteeRun):
    """One run of the reduced chain, advanced in pieces."""

    def __init__(self, problem: Problem, dim: int, steps: Array, seed: np.random.SeedSequence):
        super().__init__(problem, dim, steps)
        self.rng = np.random.default_rng(seed)
        found = self._start(problem.committee.drawn(dim, self.rng))
        self.teacher_root, self.along, self.across = found
        K, T = self.along.shape
        self.normals_a_step = problem.M * (2 * K + 2 * T + 1) + K * K

    def advance(self, first: int, last: int) -> int:
        return int(
            self.kernels.advance_committee_chain(
                self.scalars, self.along, self.across, self.teacher_root, self.a, self.clock,
                self.steps, first, last, self.numbers, *self.sizes, self.rng, self.rows,
            )
        )  # fmt: skip


class CommitteeVectorRun(CommitteeRun):
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
        rng = np.random.default_rng(vectors)
        self.teacher, self.w = self._vectors(problem.committee.drawn(dim, rng), dim, rng)
        kept = problem.M if problem.M * dim <= BATCH_KEPT else 1
        self.examples = np.empty((kept, dim))
        self.generators = [np.random.default_rng(s) for s in (inputs, inputs, labels)]
        K, T = problem.units, problem.teacher_units
        self.normals_a_step = problem.M * (dim + 1) * (1 + (K + T) // 4)

    def _vectors(
        self, committee: Committee, dim: int, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        """Weights of teacher and student with exactly the products of the start."""
        root, along, across = self._start(committee)
        K, T = along.shape
        frame, _ = np.linalg.qr(rng.standard_normal((dim, T + K)))
        frame = math.sqrt(dim) * frame.T
        teacher = root @ frame[:T]
        return teacher, along @ frame[:T] + across @ frame[T:]

    def advance(self, first: int, last: int) -> int:
        return int(
            self.kernels.advance_committee_vectors(
                self.scalars, self.w, self.teacher, self.examples, self.a, self.clock, self.steps,
                first, last, self.numbers, *self.sizes, self.law, *self.generators, self.rows,
            )
        )  # fmt: skip
