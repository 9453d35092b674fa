"""`Committee`: the units of student and teacher, resolved; flows and simulators read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...results.errors import InputError
from ..state_space import Block, StateSpace
from .starts import RANDOM, Start, drawn

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Committee:
    """A student ``sum_k a_k g(f_k)`` of K units, and a teacher ``sum_n g(v_n)`` of T units.

    A `bntheory.Problem` hands out its own. Arrays are not to be written to.

    Attributes
    ----------
    scheme
        Its name or formula.
    trained
        The scalars that every unit has, of ``gamma`` and ``beta``.
    a
        The second layer, shape (K,): it is not trained.
    T
        ``w*_n . w*_m / N``, shape (T, T).
    q0, l0
        gamma and length (for ``sgd`` the length is ``q0``) of a start that is drawn.
    start
        Where the units start; None where every run draws its own.

    Examples
    --------
    >>> from bntheory import Problem
    >>> committee = Problem("erf", "wn", units=3, teacher_units=2).committee
    >>> committee.A0.shape, committee.C0.shape, committee.T.shape
    ((3, 2), (3, 3), (2, 2))
    """

    scheme: str
    trained: tuple[str, ...]
    a: Array
    T: Array
    q0: float
    l0: float
    start: Start | None

    @property
    def units(self) -> int:
        """K."""
        return len(self.a)

    @property
    def teacher_units(self) -> int:
        """How many units the teacher has."""
        return len(self.T)

    @property
    def trains_gamma(self) -> bool:
        """Whether units have a gamma; those of ``sgd`` have their lengths instead."""
        return "gamma" in self.trained

    @property
    def random(self) -> bool:
        """Whether the start is drawn."""
        return self.start is None

    @property
    def _known(self) -> Start:
        if self.start is None:
            reason = "it is drawn in a dimension, and none is given; symmetric:EPS, a table of "
            raise InputError("start", RANDOM, f"{reason}gamma, A and C, or none is accepted here")
        return self.start

    @property
    def gamma0(self) -> Array:
        """gamma at the start, shape (K,); ones for ``sgd``.

        Raises
        ------
        InputError
            Here and below, if the start is drawn.
        """
        return self._known.gamma

    @property
    def A0(self) -> Array:
        """``w_k . w*_n / N`` at the start, shape (K, T)."""
        return self._known.A

    @property
    def C0(self) -> Array:
        """``w_k . w_l / N`` at the start, shape (K, K)."""
        return self._known.C

    def drawn(self, dim: int, rng: np.random.Generator) -> Committee:
        """The same committee with a start that is known: its own, or one drawn in ``dim``.

        Raises
        ------
        InputError
            If there are more units than dimensions.
        """
        if self.start is not None:
            return self
        gamma = self.q0 if self.trains_gamma else 1.0
        length = self.l0 if self.trains_gamma else self.q0
        return replace(self, start=drawn(self.units, self.T, gamma, length, dim, rng))

    @cached_property
    def state_space(self) -> StateSpace:
        """gamma and beta where they are trained, A, and the upper triangle of C."""
        scalars = (Block(name, (self.units,)) for name in self.trained)
        A = Block("A", (self.units, self.teacher_units))
        return StateSpace((*scalars, A, Block("C", (self.units, self.units), symmetric=True)))

    @property
    def initial_state(self) -> tuple[float, ...]:
        """The start, packed by `state_space`."""
        values = {"gamma": self.gamma0, "beta": np.zeros(self.units), "A": self.A0, "C": self.C0}
        return tuple(self.state_space.pack(values).tolist())
