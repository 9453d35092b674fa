"""The drift of the order parameters, derived from a scheme's formula (theory.md, section 3).

One step's update is the chain rule applied to the scheme's field. Its mean change of gamma,
beta, ``w.w*/N = L R`` and ``|w|^2/N = L^2``, times N and as N grows, is a polynomial in the
student's and the teacher's output, the slope g', and the normalised fields ``u`` and ``v``: a
sum of Gaussian moments. Nothing here knows a particular scheme or activation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sympy
from sympy import Expr, Poly, Symbol

from ..teacher_student.activations import activation_formula
from ..teacher_student.hooks import structure
from ..teacher_student.problem import Problem
from ..teacher_student.schemes import field_expression, scheme_symbols
from .gaussian_moments import RHO, SHIFT, Moment, closed_form
from .gaussian_moments import Q as FIELD_STD

GAMMA, BETA, R = sympy.symbols("gamma beta R", real=True)
L = Symbol("L", positive=True)
ETA, GAMMA_RATE, ZETA, NOISE, BATCH, DECAY = PARAMETERS = sympy.symbols(
    "eta gamma_rate zeta S M lambda", positive=True
)
SIGN = Symbol("sign", real=True)
ORDER_PARAMETERS = {"gamma": GAMMA, "beta": BETA, "R": R, "L": L}

#: Student output, its slope, normalised student field, teacher output and field, label noise.
_G, _SLOPE, _U, _T, _V, _XI = _FACTORS = sympy.symbols("g_f slope u g_v v xi", real=True)

Expectation = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Derivation:
    """The derived flow of one problem.

    Attributes
    ----------
    problem
        The setting; only its formulas matter here.
    scale, shift
        The field with population statistics is ``f = shift + scale u``.
    drift
        Time derivative of every order parameter, in terms of `ORDER_PARAMETERS`, `PARAMETERS`
        and the symbols of `moments`.
    moments
        The Gaussian moments that the drift asks for, by their symbol. Moments of the student
        field are taken over ``u' = sign(scale) u``, so that ``q = |scale|`` is positive.
    """

    problem: Problem
    scale: Expr
    shift: Expr
    drift: dict[str, Expr]
    moments: dict[Symbol, Moment]

    @cached_property
    def closed(self) -> dict[Symbol, Expr]:
        """Closed forms, of those moments that have one."""
        found = {
            symbol: closed_form(
                activation_formula(self.problem.activation), moment, self.shift != 0
            )
            for symbol, moment in self.moments.items()
        }
        return {symbol: value for symbol, value in found.items() if value is not None}

    @cached_property
    def by_quadrature(self) -> dict[Symbol, Moment]:
        """The moments that have no closed form."""
        return {s: m for s, m in self.moments.items() if s not in self.closed}

    @cached_property
    def equations(self) -> dict[str, Expr]:
        """The drift with closed forms put in, for a positive scale."""
        positive = {SIGN: 1, FIELD_STD: self.scale, RHO: R, SHIFT: self.shift}
        return {
            name: sympy.factor_terms(sympy.expand(value.subs(self.closed).subs(positive)))
            for name, value in self.drift.items()
        }


def derive_drift(problem: Problem) -> Derivation:
    """Derive the flow of a problem whose field is one example's own.

    Raises
    ------
    ValueError
        For a batch scheme: its moments run over the whole batch.
    """
    if problem.uses_batch:
        raise ValueError(
            f"scheme={problem.scheme!r} normalises by batch statistics; a flow is derived for "
            "sgd, wn, pn and formulas without mu and sigma"
        )
    return _derive(structure(problem), problem)


@lru_cache(maxsize=64)
def _derive(formulas: str, problem: Problem) -> Derivation:
    field = population_field(problem)
    moments: dict[Symbol, Moment] = {}
    student = field.derivatives
    drift = _drift(student, problem, lambda integrand: expectation(integrand, moments))
    return Derivation(problem, field.scale, field.shift, drift, moments)


@dataclass(frozen=True)
class PopulationField:
    """A field as N grows: ``f = shift + scale u``, and its derivatives as functions of u."""

    scale: Expr
    shift: Expr
    derivatives: dict[str, Expr]


def population_field(problem: Problem) -> PopulationField:
    """Put ``a = L u``, ``|w|^2 = N L^2`` and population statistics into the scheme's field."""
    s = scheme_symbols()
    field = field_expression(problem.scheme, problem.train_beta)
    by_name = {name: field.diff(s[name]) for name in ("a", "gamma", "beta")}
    by_name["n2"] = s["N"] * field.diff(s["n2"])
    values = {s["a"]: L * SIGN * _U, s["n2"]: s["N"] * L**2, s["mu"]: 0, s["sigma"]: L}
    values |= {s["gamma"]: GAMMA, s["beta"]: BETA}
    f = sympy.expand(_large_dimension(field.subs(values)))
    derivatives = {name: _large_dimension(e.subs(values)) for name, e in by_name.items()}
    scale = sympy.simplify(f.coeff(_U, 1) / SIGN)
    return PopulationField(scale, sympy.simplify(f.coeff(_U, 0)), derivatives)


def example_factors() -> tuple[Expr, Expr, Expr]:
    """The residual signal delta of one example, and its normalised fields ``u`` and ``v``."""
    return _SLOPE * (_T + _XI - _G), _U, _V


def _large_dimension(expression: Expr) -> Expr:
    N = scheme_symbols()["N"]
    simple = sympy.simplify(expression)
    return sympy.limit(simple, N, sympy.oo) if simple.has(N) else simple


def _drift(by: dict[str, Expr], problem: Problem, mean: Expectation) -> dict[str, Expr]:
    """The mean change of every order parameter in unit time, given the field's derivatives."""
    residual = _SLOPE * (_T + _XI - _G)
    pull = mean(residual * by["n2"])
    flow = {
        "gamma": ETA * GAMMA_RATE * (mean(residual * by["gamma"]) - ZETA * GAMMA),
        "beta": ETA * GAMMA_RATE * mean(residual * by["beta"]),
    }
    overlap = ETA * (mean(residual * by["a"] * _V) + (2 * pull - DECAY) * L * R)
    square = 2 * ETA * (mean(residual * by["a"] * L * SIGN * _U) + (2 * pull - DECAY) * L**2)
    square += ETA**2 / BATCH * mean((residual * by["a"]) ** 2)
    flow["L"] = sympy.expand(square / (2 * L))
    flow["R"] = sympy.expand((overlap - R * flow["L"]) / L)
    return {name: sympy.expand(flow[name]).subs(SIGN**2, 1) for name in problem.order_parameters}


def expectation(integrand: Expr, moments: dict[Symbol, Moment]) -> Expr:
    """Average a polynomial in outputs, slope, fields and noise; note the moments it asks for.

    Parameters
    ----------
    integrand
        A polynomial in the factors above; its coefficients may hold any other symbol.
    moments
        Extended by the moments met.
    """
    total: Expr = sympy.Integer(0)
    for (g, slope, u, t, v, xi), coefficient in Poly(integrand, *_FACTORS).terms():
        if xi % 2:
            continue  # the label noise is centred
        noise = NOISE ** (xi // 2) * sympy.factorial2(xi - 1) if xi else 1
        total += coefficient * noise * _moment_symbol(Moment(g, slope, u, t, v), moments)
    return total


def _moment_symbol(moment: Moment, moments: dict[Symbol, Moment]) -> Expr:
    if not any(moment):
        return sympy.Integer(1)
    symbol = Symbol("E_" + "".join(map(str, moment)), real=True)
    moments[symbol] = moment
    return symbol
