"""A committee's right-hand side as functions of NumPy: the whole, and on symmetric states.

On symmetric states all units of student and of teacher are alike: gamma, one overlap A of every
pair, one product D of every two students, one square C of a length. The flow stays among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from .numbers import check, kernel_numbers
from .packages import SAMPLING, flow_package, route
from .points import USUAL, Sampling

Array = np.ndarray
#: Where the batch size stands among the numbers.
BATCH = 4
#: Displacements, in units of L, by which a flow is differentiated: sampled, the slope of an
#: activation with kinks jumps at single points, of which there must be enough in between.
FINE, SMOOTH, KINKED = 1e-5, 3e-3, 4e-2


@dataclass(frozen=True)
class CommitteeDynamics:
    """The flow of one problem's committee, at one scrambling of its points.

    Attributes
    ----------
    problem
        The setting; its learning rate is a constant.
    sampling, scrambling
        How the flow is sampled, if it is.

    Raises
    ------
    InputError
        For a learning-rate schedule, or a problem without a flow.
    """

    problem: Problem
    sampling: Sampling = USUAL
    scrambling: int = 0

    def __post_init__(self) -> None:
        check(self.problem)
        if isinstance(self.problem.eta, str):
            raise InputError("eta", self.problem.eta, "fixed points are those of a constant rate")

    @cached_property
    def package(self) -> Any:
        """The compiled flow."""
        return flow_package(self.problem)

    @cached_property
    def numbers(self) -> Array:
        """What it takes."""
        return kernel_numbers(self.problem, self.sampling, self.scrambling)

    @cached_property
    def first_order(self) -> Array:
        """`numbers` of infinite batches of gradients: without the term of order ``eta^2``."""
        numbers = self.numbers.copy()
        numbers[BATCH] = np.inf
        return numbers

    @property
    def eta(self) -> float:
        """The learning rate."""
        return float(self.problem.eta)

    @property
    def normalised(self) -> bool:
        """Whether the units have gammas."""
        return self.problem.committee.trains_gamma

    @property
    def drifts(self) -> bool:
        """Whether lengths find no rest: they are normalised away, and no decay stops them."""
        scheme = self.problem.scheme_
        by_length = bool(scheme.statistics) or "n2" in scheme.uses
        return self.normalised and by_length and not self.problem.weight_decay

    @property
    def epsilon(self) -> float:
        """By how much of a length states are displaced to differentiate the flow."""
        if route(self.problem) != SAMPLING:
            return FINE
        return KINKED if self.problem.activation_.kinks else SMOOTH

    def rhs(self, y: Array, numbers: Array | None = None) -> Array:
        """The right-hand side; without its term of second order with `first_order`."""
        dy = np.empty_like(y)
        self.package.rhs(0.0, y, self.numbers if numbers is None else numbers, dy)
        return dy

    def state(self, gamma: Array, A: Array, C: Array) -> Array:
        """One packed state."""
        return self.problem.committee.state_space.pack({"gamma": gamma, "A": A, "C": C})

    def blocks(self, y: Array) -> dict[str, Array]:
        """gamma (where there is one), A and C of a state or of its derivative."""
        return self.problem.committee.state_space.unpack(y)

    def alike(self, gamma: float, A: float, D: float, C: float, own: float | None = None) -> Array:
        """A symmetric state; with ``own`` unit k has that overlap with teacher k."""
        K, T = self.problem.units, self.problem.teacher_units
        overlaps = np.full((K, T), A)
        if own is not None:
            np.fill_diagonal(overlaps, own)
        return self.state(np.full(K, gamma), overlaps, np.full((K, K), D) + (C - D) * np.eye(K))

    def means(self, y: Array, own: bool = False) -> Array:
        """gamma (0 where there is none), A, D, C of a symmetric state, or its derivative.

        With ``own`` the overlap with unit k's own teacher comes last, and A is that with others.
        """
        K, T, blocks = self.problem.units, self.problem.teacher_units, self.blocks(y)
        A, C = blocks["A"], blocks["C"]
        gamma = blocks["gamma"].mean() if "gamma" in blocks else 0.0
        off = (C.sum() - np.trace(C)) / (K * (K - 1)) if K > 1 else np.trace(C) / K
        found = [gamma, A.mean(), off, np.trace(C) / K]
        if own:
            found[1] = (A.sum() - np.trace(A)) / (K * T - K)
            found.append(np.trace(A) / K)
        return np.array(found)

    def effective_rate(self, y: Array) -> float:
        """``eta gamma^2 / L^2``, mean over units; of a plain student eta."""
        blocks = self.blocks(y)
        if "gamma" not in blocks:
            return self.eta
        return float(self.eta * np.mean(blocks["gamma"] ** 2 / np.diag(blocks["C"])))
