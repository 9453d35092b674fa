"""What is averaged: a moment of the fields of one activation, at a point of the state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sympy import Expr

from ...teacher_student.activations import Activation
from .batch_closed_forms import batch_closed_form
from .batch_moments import BatchMoment, PairMoment
from .batch_signals import BatchSignal, PairSignal
from .gaussian_moments import Moment, closed_form
from .signal_moments import SignalMoment
from .student_field import StudentField

AnyMoment = Moment | BatchMoment | PairMoment | SignalMoment | BatchSignal | PairSignal


class Point(NamedTuple):
    """Scale of the student's field (positive), correlation, shift, and batch size.

    Of moments of a signal also the noise S, and df/da, which clipping compares.
    """

    q: float
    rho: float
    shift: float = 0.0
    M: int = 1
    noise: float = 0.0
    pull: float = 1.0


class Average(NamedTuple):
    """An average as a route finds it, and the error that the route measures in it."""

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class Expectation:
    """A moment to be averaged.

    Attributes
    ----------
    activation
        Of student and teacher.
    field
        Of the student.
    moment
        Of one example's own fields, or of one or two examples of a batch.
    """

    activation: Activation
    field: StudentField
    moment: AnyMoment

    @property
    def shifted(self) -> bool:
        """Whether the student's field has a shift."""
        return bool(self.field.shift != 0)

    @cached_property
    def closed_form(self) -> Expr | None:
        """An expression in ``q``, ``rho``, ``shift`` and ``M``, if one is known."""
        if isinstance(self.moment, SignalMoment | BatchSignal | PairSignal):
            return None
        if isinstance(self.moment, Moment):
            return closed_form(self.activation, self.moment, self.shifted)
        return batch_closed_form(self.activation, self.moment, self.field)
