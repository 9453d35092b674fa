"""The part of a problem that its units make up: a mixin of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np

from .setting import Committee
from .starts import RANDOM, SYMMETRIC, Start, aligned, symmetric
from .values import Matrix, Vector

Array = np.ndarray


class Units:
    """Units of student and teacher: a mixin of a problem's fields."""

    scheme: str
    units: int
    teacher_units: int
    second_layer: Vector | None
    teacher_overlap: Matrix | None
    start: str | Mapping[str, Any] | None
    q0: float
    r0: float
    l0: float

    @property
    def trained_scalars(self) -> tuple[str, ...]:
        """The scalars trained beside the weights: a problem says which."""
        raise NotImplementedError

    def replace(self, **changes: Any) -> Self:
        """The same with some fields changed: a problem says how."""
        raise NotImplementedError

    @property
    def several_units(self) -> bool:
        """Whether it is a committee: K or T above 1."""
        return self.units > 1 or self.teacher_units > 1

    @property
    def teacher_matrix(self) -> Array:
        """T, shape (T, T)."""
        if self.teacher_overlap is None:
            return np.eye(self.teacher_units)
        return np.array(self.teacher_overlap)

    @cached_property
    def committee(self) -> Committee:
        """The units, resolved; of one unit of each too.

        Raises
        ------
        InputError
            If a start with that asymmetry does not exist.
        """
        a = np.ones(self.units) if self.second_layer is None else np.array(self.second_layer)
        trained, T = self.trained_scalars, self.teacher_matrix
        return Committee(self.scheme, trained, a, T, self.q0, self.l0, self._started())

    def with_drawn_start(self, dim: int, seed: int = 0) -> Self:
        """The same problem at one start that is drawn in ``dim``; itself, if its start is known.

        Parameters
        ----------
        dim
            Input dimension N: overlaps are of order ``1/sqrt(N)``.
        seed
            The start is that of the first run of `bntheory.simulate` (by the chain) at this seed.

        Raises
        ------
        InputError
            If there are more units than dimensions.

        Examples
        --------
        >>> import bntheory as bn
        >>> problem = bn.Problem("erf", "wn", units=2, teacher_units=2, start="random")
        >>> runs = bn.simulate(problem, dim=100, runs=1, time=1, points=2, seed=4).as_named()
        >>> start = problem.with_drawn_start(100, seed=4).committee
        >>> bool(abs(start.A0 - runs.A[0, 0]).max() < 1e-12)
        True
        """
        if not self.committee.random:
            return self
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
        found = self.committee.drawn(dim, rng)
        start = {"A": found.A0.tolist(), "C": (0.5 * (found.C0 + found.C0.T)).tolist()}
        if found.trains_gamma:
            start["gamma"] = found.gamma0.tolist()
        return self.replace(start=start)

    def _started(self) -> Start | None:
        if self.start == RANDOM:
            return None
        normalised = "gamma" in self.trained_scalars
        if isinstance(self.start, Mapping):
            A, C = np.array(self.start["A"]), np.array(self.start["C"])
            gammas = np.array(self.start.get("gamma", np.ones(self.units)))
            return Start(gammas, A, 0.5 * (C + C.T))
        gamma, length = (self.q0, self.l0) if normalised else (1.0, self.q0)
        sizes = (self.units, self.teacher_matrix, gamma, self.r0, length)
        if isinstance(self.start, str) and self.start.startswith(SYMMETRIC):
            return symmetric(*sizes, float(self.start.partition(":")[2]))
        return aligned(*sizes)
