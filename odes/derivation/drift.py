"""The drift of the order parameters, derived from a scheme's formula (theory page 3).

The mean change that one step (`odes.derivation.step`) makes of gamma, beta,
``w.w*/N = L R`` and ``|w|^2/N = L^2``, times N and as N grows, is a polynomial in the
student's and the teacher's output, the slope g', and the normalised fields ``u`` and ``v``: a
sum of moments. Nothing here knows a particular scheme or activation: a scheme whose field looks
at the whole batch differs from one that looks at a single example in which moments it asks for
(theory page 4), because its gradient also flows through the batch's mean and spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, cast

import sympy
from sympy import Expr, Symbol

from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.problem import Problem
from ...teacher_student.spectral import refuse_spectrum
from ...teacher_student.state_space import ACCUMULATED
from .batch_moments import collect_moment, collect_pair, smallest_batch
from .batch_signals import collect_one, collect_two, smallest_signal_batch
from .expectations import AnyMoment
from .gaussian_moments import expectation
from .optimised import kept_part, told
from .routes import ROUTES, Choice, Route, choose
from .running_field import corrected_drift, running_field, running_step
from .signal_moments import collect_signal
from .step import PLAIN, Step, Training, one_step
from .step_averages import Expectation, PairExpectation, step_averages
from .student_field import StudentField, student_field
from .symbols import (
    BATCH,
    DECAY,
    ETA,
    FIELD_STD,
    GAMMA,
    GAMMA_RATE,
    RHO,
    SHIFT,
    SIGN,
    ZETA,
    L,
    R,
)


@dataclass(frozen=True)
class Derivation:
    """The derived flow of one problem.

    Attributes
    ----------
    problem
        The setting; only its formulas matter here.
    field
        The student's field.
    drift
        Time derivative of every order parameter, in terms of `ORDER_PARAMETERS`, `PARAMETERS`
        and the symbols of `moments`.
    moments
        The moments that the drift asks for, by their symbol: of one example's fields, or of
        one and two examples of a batch (`bntheory.odes.derivation.batch_moments`). Moments of
        the student field are taken over ``u' = sign(scale) u``, so that ``q = |scale|`` is
        positive.
    training
        Loss and optimiser.
    routes
        Those that are tried for the moments.
    """

    problem: Problem
    field: StudentField
    drift: dict[str, Expr]
    moments: dict[Symbol, AnyMoment]
    training: Training = PLAIN
    routes: tuple[Route, ...] = ROUTES

    @property
    def scale(self) -> Expr:
        """The field with population statistics is ``f = shift + scale u``."""
        return self.field.scale

    @property
    def shift(self) -> Expr:
        """See `scale`."""
        return self.field.shift

    @property
    def over_batches(self) -> bool:
        """Whether the moments are those of a batch, not of one example's own field."""
        return self.problem.uses_batch and not self.problem.scheme_.remembers

    @property
    def averaged(self) -> bool:
        """Whether the drift holds given the running variance, over which it is to be averaged."""
        return self.problem.scheme_.normaliser == "running"

    @property
    def smallest_batch(self) -> int:
        """The smallest batch size at which all moments exist."""
        if not self.problem.uses_batch:
            return 1
        if self.problem.scheme_.remembers:  # corrected, E[1/s^2] is asked for
            return 4 if self.problem.scheme_.normaliser == "corrected" else 2
        if not self.problem.squares:
            return smallest_signal_batch(self.problem, cast(Any, self.moments.values()))
        return smallest_batch(self.problem.activation_, self.field.X, self.moments.values())

    @cached_property
    def choice(self) -> Choice:
        """By which route every moment is known, and how exactly."""
        return choose(self.moments, self.problem.activation_, self.field, self.routes)

    @cached_property
    def closed(self) -> dict[Symbol, Expr]:
        """Closed forms, of those moments whose route has one."""
        return self.choice.expressions

    @cached_property
    def by_quadrature(self) -> dict[Symbol, AnyMoment]:
        """The moments that are found as numbers, by a quadrature or in a table."""
        return {s: m for s, m in self.moments.items() if s not in self.closed}

    @cached_property
    def equations(self) -> dict[str, Expr]:
        """The drift with closed forms put in, for a positive scale."""
        positive = {SIGN: sympy.Integer(1), FIELD_STD: self.scale, RHO: R, SHIFT: self.shift}
        return {
            name: sympy.factor_terms(sympy.expand(told(value.xreplace(self.closed), positive)))
            for name, value in self.drift.items()
        }


def derive_drift(
    problem: Problem, training: Training = PLAIN, routes: tuple[Route, ...] = ROUTES
) -> Derivation:
    """Derive the flow of a problem.

    Parameters
    ----------
    problem
        The setting; only its formulas matter here.
    training
        Loss and optimiser; squared loss and SGD by default.
    routes
        By which moments are known, in the order in which they are tried.

    Raises
    ------
    ValueError
        For a user's batch field that does not separate (see `student_field`), or whatever the
        computer algebra fails on.
    """
    refuse_spectrum(problem, "equations are derived for isotropic inputs")
    with derivable(problem):
        return _derive(structure(problem), problem, training, routes)


@lru_cache(maxsize=64)
def _derive(
    formulas: str, problem: Problem, training: Training, routes: tuple[Route, ...]
) -> Derivation:
    moments: dict[Symbol, Any] = {}
    mean, nothing = partial(mean_of, problem, moments=moments), lambda *_: sympy.Integer(0)
    normaliser, field = problem.scheme_.normaliser, None
    if normaliser == "corrected":
        drift, field = corrected_drift(problem, training), running_field(problem)
    elif normaliser == "running":
        drift, field = (
            _drift(problem, running_step(training), mean, nothing),
            running_field(problem),
        )
    else:
        drift = _drift(problem, one_step(problem, training), *collectors(problem, moments))
    own = {name: drift[name] for name in problem.order_parameters}
    return Derivation(problem, field or student_field(problem), own, moments, training, routes)


def _drift(
    problem: Problem, step: Step, mean: Expectation, pair: PairExpectation
) -> dict[str, Expr]:
    """The mean change of every order parameter in unit time (`step` says what is averaged)."""
    found, rate = step_averages(step, mean, pair), step.gain * ETA
    flow = {
        "gamma": rate * GAMMA_RATE * (found.gamma - ZETA * GAMMA),
        "beta": rate * GAMMA_RATE * found.beta,
    }
    student, pull, kept = L * found.student, found.pull, kept_part(problem, found.size)
    overlap = rate * (kept.drift * (found.teacher + 2 * pull * L * R) - DECAY * L * R)
    square = 2 * rate * (kept.drift * (student + 2 * pull * L**2) - DECAY * L**2)
    square += rate**2 / BATCH * kept.noise * found.size
    flow["L"] = sympy.expand(square / (2 * L))
    flow[ACCUMULATED] = found.size / BATCH
    flow["R"] = sympy.expand((overlap - R * flow["L"]) / L)
    return {name: signs_cancel(value) for name, value in flow.items()}


def collectors(problem: Problem, moments: dict[Symbol, Any]) -> tuple[Expectation, PairExpectation]:
    """How one example and two of a batch are averaged; both note the moments they ask for."""
    if not problem.uses_batch:
        return partial(mean_of, problem, moments=moments), lambda *_: sympy.Integer(0)
    if problem.squares:
        return partial(collect_moment, moments=moments), partial(collect_pair, moments=moments)
    return (
        partial(collect_one, problem=problem, moments=moments),
        partial(collect_two, problem=problem, moments=moments),
    )


def signs_cancel(expression: Expr) -> Expr:
    """Put in ``sign^2 = 1``."""
    return sympy.expand(expression).replace(
        lambda e: e.is_Pow and e.base == SIGN, lambda e: SIGN ** (e.exp % 2)
    )


def mean_of(problem: Problem, integrand: Expr, moments: dict[Symbol, Any]) -> Expr:
    """Average what one example of a problem adds to a step; note the moments it asks for."""
    if problem.squares:
        return expectation(integrand, moments)
    return collect_signal(integrand, problem, moments)
