"""Routes to averages of a signal, of one example and within a batch (`routes`)."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from ...teacher_student.normal_quadrature import COARSE
from .batch_signal_averages import signal_average as batch_average
from .batch_signals import BatchSignal, PairSignal
from .expectations import Average, Expectation, Point
from .signal_moments import SignalMoment, signal_average


class Numerical:
    """Routes that a flow takes by numbers."""

    def expression(self, wanted: Expectation) -> Expr | None:
        """None."""
        return None


@dataclass(frozen=True)
class SignalQuadrature(Numerical):
    """A rule split at the kinks of the signal; its error is the difference from a finer rule."""

    name: str = "quadrature of the signal"
    cost: float = 320.0

    def averages(self, wanted: Expectation) -> bool:
        """Of the signal of any loss, and one example's own fields."""
        return isinstance(wanted.moment, SignalMoment)

    def average(self, wanted: Expectation, at: Point) -> Average:
        """By the rule of a flow."""
        assert isinstance(wanted.moment, SignalMoment)
        return signal_average(wanted.moment, at, COARSE, COARSE / 2)


@dataclass(frozen=True)
class SignalTable(Numerical):
    """Means over drawn batches, tabulated once; their errors are standard errors.

    The draws are Sobol sequences, and whatever a batch's law gives in closed form is not drawn.
    """

    name: str = "draws of the signal"
    cost: float = 2e6

    def averages(self, wanted: Expectation) -> bool:
        """Of the signal of any loss, and one or two examples of a batch."""
        return isinstance(wanted.moment, BatchSignal | PairSignal)

    def average(self, wanted: Expectation, at: Point) -> Average:
        """At the point itself, without a table."""
        return batch_average(wanted, at)
