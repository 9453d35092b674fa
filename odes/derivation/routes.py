"""Routes to an expectation: closed form, quadrature, table, sampling, of which the first is taken.

Every route says what it can average, how exactly, and at what cost. Derivations ask for averages
without knowing routes: a new activation works at once by a later one, and becomes fast when an
earlier one takes it. To add a route, write a class with the members of `Route`, and put one of it
into `ROUTES`, or hand others to `drift.derive_drift`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import sympy
from sympy import Expr, Symbol

from ...results.errors import InputError
from ...teacher_student.activations import Activation
from ...teacher_student.problem import Problem
from .batch_moments import BatchMoment, PairMoment
from .batch_signals import BatchSignal, PairSignal
from .batch_tables import tabulated
from .expectations import AnyMoment, Average, Expectation, Point
from .field_averages import EXAMPLES, by_quadrature, by_sampling
from .gaussian_moments import Moment
from .signal_moments import SignalMoment
from .signal_routes import Numerical, SignalQuadrature, SignalTable
from .student_field import StudentField
from .symbols import FIELD_STD, RHO, SHIFT, STATISTICS_SIZE

#: Digits with which a closed form is compared, and the last bit of a double.
DIGITS, LAST_BIT = 40, 2.0**-52


class Route(Protocol):
    """A way to know an expectation.

    Attributes
    ----------
    name
        A word or two.
    cost
        About how often the activation is evaluated before the first average is known.
    """

    @property
    def name(self) -> str: ...
    @property
    def cost(self) -> float: ...

    def averages(self, wanted: Expectation) -> bool:
        """Whether the route can average this."""
        ...

    def expression(self, wanted: Expectation) -> Expr | None:
        """The average in ``q``, ``rho``, ``shift`` and ``M``; None where it is found as a number.

        Generated code has the expression in it, or else calls a quadrature or reads a table.
        """
        ...

    def average(self, wanted: Expectation, at: Point) -> Average:
        """The average at a point, and its measured error."""
        ...


@dataclass(frozen=True)
class ClosedForm:
    """An expression; its error is what double precision loses in it."""

    name: str = "closed form"
    cost: float = 0.0

    def averages(self, wanted: Expectation) -> bool:
        """Of piecewise polynomials, and of polynomials times Gaussians times erf."""
        return wanted.closed_form is not None

    def expression(self, wanted: Expectation) -> Expr | None:
        """The closed form."""
        return wanted.closed_form

    def average(self, wanted: Expectation, at: Point) -> Average:
        """The value in double precision, against one of `DIGITS` digits."""
        form = sympy.sympify(wanted.closed_form)
        point = dict(zip((FIELD_STD, RHO, SHIFT, STATISTICS_SIZE), at[:4], strict=True))
        exact = form.subs({symbol: sympy.Rational(x) for symbol, x in point.items()})
        library: list[Any] = [{"math": math}, "math"]
        value = float(sympy.lambdify(list(point), form, library)(*map(float, at[:4])))
        return Average(value, abs(value - float(exact.evalf(DIGITS))) + LAST_BIT * abs(value))


@dataclass(frozen=True)
class Quadrature(Numerical):
    """A two-fold rule in the flow itself; its error is the difference from a finer rule."""

    name: str = "quadrature"
    cost: float = 160.0**2

    def averages(self, wanted: Expectation) -> bool:
        """Of one example's own fields."""
        return isinstance(wanted.moment, Moment)

    def average(self, wanted: Expectation, at: Point) -> Average:
        """By the rule of a flow."""
        assert isinstance(wanted.moment, Moment)
        return by_quadrature(wanted.activation, wanted.moment, at)


@dataclass(frozen=True)
class Table(Numerical):
    """A quadrature over batches, tabulated once; its error is that of the table."""

    name: str = "table"
    cost: float = 1e6

    def averages(self, wanted: Expectation) -> bool:
        """Of one or two examples of a batch."""
        return isinstance(wanted.moment, BatchMoment | PairMoment)

    def average(self, wanted: Expectation, at: Point) -> Average:
        """From a table of this moment alone."""
        return tabulated(wanted, at)


@dataclass(frozen=True)
class Sampling(Numerical):
    """A mean over drawn examples or batches; its error is the standard error.

    The scatter of a batch scheme's step holds four examples and is known in no other way
    (`odes.fluctuations.diffusion_tables`); everything else has a route before this.
    """

    name: str = "sampling"
    cost: float = 4.0 * EXAMPLES

    def averages(self, wanted: Expectation) -> bool:
        """Everything but the signal of another loss."""
        return not isinstance(wanted.moment, SignalMoment | BatchSignal | PairSignal)

    def average(self, wanted: Expectation, at: Point) -> Average:
        """With fixed draws for a batch size."""
        return by_sampling(wanted, at)


#: In the order in which they are tried: the cheapest first.
ROUTES: tuple[Route, ...] = (
    ClosedForm(), SignalQuadrature(), Quadrature(), Table(), SignalTable(), Sampling(),
)  # fmt: skip


class Choice(NamedTuple):
    """Which route each of some moments takes.

    Attributes
    ----------
    expectations, routes
        By the moments' symbols.
    """

    expectations: dict[Symbol, Expectation]
    routes: dict[Symbol, Route]

    @property
    def expressions(self) -> dict[Symbol, Expr]:
        """The averages that are expressions."""
        found = {s: route.expression(self.expectations[s]) for s, route in self.routes.items()}
        return {symbol: form for symbol, form in found.items() if form is not None}

    def measured(self, at: Point) -> dict[Symbol, Average]:
        """Every average at a point, with the error that its route measures."""
        return {s: route.average(self.expectations[s], at) for s, route in self.routes.items()}


def choose(
    moments: Mapping[Symbol, AnyMoment],
    activation: Activation,
    field: StudentField,
    routes: Sequence[Route] = ROUTES,
) -> Choice:
    """The first of some routes that can average, for every moment.

    Raises
    ------
    InputError
        If no route can.

    Examples
    --------
    >>> from bntheory.odes.derivation.drift import derive_drift
    >>> from bntheory.teacher_student.problem import Problem
    >>> chosen = derive_drift(Problem("tanh", "pn")).choice
    >>> {route.name for route in chosen.routes.values()}
    {'quadrature'}
    """
    wanted = {s: Expectation(activation, field, moment) for s, moment in moments.items()}
    return Choice(wanted, {s: _first(expectation, routes) for s, expectation in wanted.items()})


def routes_of(problem: Problem) -> tuple[Route, ...]:
    """The routes that are tried for a problem: with named numbers in it no closed form."""
    return (Quadrature(),) if problem.carried else ROUTES


def _first(wanted: Expectation, routes: Sequence[Route]) -> Route:
    for route in routes:
        if route.averages(wanted):
            return route
    tried = ", ".join(route.name for route in routes)
    raise InputError(
        "activation", wanted.activation.formula, f" has an average that no route finds ({tried})"
    )
