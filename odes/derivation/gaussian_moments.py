"""Closed forms of Gaussian moments, derived for whichever activation has one.

The moments are ``E[g(f)^a g'(f)^b u^c g(v)^d v^e]`` over standard normals ``u, v`` with
correlation ``rho``, where ``f = shift + q u`` is the student's field and ``q > 0``. Two classes
of activations are closed under everything a flow asks for:

* polynomials on either side of 0 (ReLU, leaky ReLU, identity): polar coordinates turn the
  moment into angles (`wedge_moment`);
* sums of polynomial x Gaussian x erf (erf, and parts of GELU): Gaussian factors are absorbed
  into the covariance, powers are removed by Stein's lemma, and two erf factors give an arcsine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import sympy
from sympy import Expr, Integer, Poly, Rational, Symbol, acos, asin, binomial, pi, sqrt

from ...results.errors import InputError
from ...teacher_student.activations import Activation, field_symbol

Q = Symbol("q", positive=True)
RHO = Symbol("rho", real=True)
SHIFT = Symbol("shift", real=True)
_X = Symbol("x", positive=True)
_THETA = Symbol("theta", positive=True)


class Moment(NamedTuple):
    """Exponents of ``E[g(f)^g gprime(f)^slope u^u g(v)^teacher v^v]``."""

    g: int
    slope: int
    u: int
    teacher: int
    v: int


def student_factor(activation: Activation, moment: Moment, u: Expr, shifted: bool) -> Expr:
    """The part of the integrand that depends on the student's field."""
    h = field_symbol()
    f = Q * u + (SHIFT if shifted else 0)
    g, slope = (e.subs(h, f) for e in (activation.expression, activation.slope))
    return g**moment.g * slope**moment.slope * u**moment.u


def teacher_factor(activation: Activation, moment: Moment, v: Expr) -> Expr:
    """The part of the integrand that depends on the teacher's field."""
    g = activation.expression.subs(field_symbol(), v)
    return g**moment.teacher * v**moment.v


@lru_cache(maxsize=4096)
def closed_form(activation: Activation, moment: Moment, shifted: bool) -> Expr | None:
    """The moment as an expression in ``q``, ``rho`` and ``shift``, or None if there is none.

    Parameters
    ----------
    activation
        That of student and teacher.
    moment
        The exponents.
    shifted
        Whether the student's field has a shift.

    Raises
    ------
    ValueError
        If the average is infinite, as that of ``exp(h^2)`` is.

    Examples
    --------
    >>> closed_form(Activation.named("identity"), Moment(1, 0, 0, 1, 0), False)
    q*rho
    """
    u, v = Symbol("u", real=True), Symbol("v", real=True)
    student = student_factor(activation, moment, u, shifted)
    teacher = teacher_factor(activation, moment, v)
    found = _piecewise_polynomial(student, teacher, u, v)
    if found is None:
        found = _erf_class(student, teacher, u, v)
    if found is not None and found.has(sympy.I):
        raise InputError(
            "activation",
            activation.formula,
            "its averages over a Gaussian field do not exist; one that "
            "grows more slowly is accepted",
        )
    return None if found is None else sympy.factor_terms(found)


# --- polynomials on either side of 0 -----------------------------------------------------------


def _sides(expression: Expr, x: Symbol) -> tuple[Poly, Poly] | None:
    """The expression for x > 0 and for x < 0, if it is a polynomial on both."""
    sides = []
    for sign in (1, -1):
        side = sympy.expand(expression.subs(x, sign * _X)).subs(_X, sign * x)
        side = sympy.expand(side)
        if not side.is_polynomial(x) or side.has(sympy.Heaviside, sympy.Max, sympy.Min):
            return None
        sides.append(Poly(side, x))
    return sides[0], sides[1]


def _piecewise_polynomial(student: Expr, teacher: Expr, u: Symbol, v: Symbol) -> Expr | None:
    of_u, of_v = _sides(student, u), _sides(teacher, v)
    if of_u is None or of_v is None:
        return None
    if of_u[0] == of_u[1] and of_v[0] == of_v[1]:  # smooth: Stein's lemma gives a simpler form
        return _erf_class(of_u[0].as_expr(), of_v[0].as_expr(), u, v)
    total: Expr = Integer(0)
    for sign_u, side_u in zip((1, -1), of_u, strict=True):
        for sign_v, side_v in zip((1, -1), of_v, strict=True):
            rho = sign_u * sign_v * RHO
            for (i,), x in side_u.terms():
                for (j,), y in side_v.terms():
                    wedge = wedge_moment(i, j).subs(RHO, rho)
                    total += x * y * sign_u**i * sign_v**j * wedge
    total = total.subs(acos(-RHO), pi - acos(RHO))
    return sympy.expand(total)


@lru_cache(maxsize=256)
def wedge_moment(i: int, j: int) -> Expr:
    """``E[u^i v^j; u > 0, v > 0]``: the radius times an angular integral.

    With ``u = r cos phi``, ``v = r cos(phi - theta)``, ``cos theta = rho``, the wedge is
    ``theta - pi/2 < phi < pi/2``; the cosines are expanded in Fourier modes.

    Examples
    --------
    >>> bool(wedge_moment(0, 0).subs(RHO, 1) == sympy.Rational(1, 2))  # u = v: half the plane
    True
    """
    angular: Expr = Integer(0)
    for a in range(i + 1):
        for b in range(j + 1):
            mode, phase = (2 * a - i) + (2 * b - j), 2 * b - j
            weight = Rational(int(binomial(i, a) * binomial(j, b)), 2 ** (i + j))
            angular += weight * _mode_integral(mode, phase)
    radial = sympy.sqrt(2) ** (i + j) * sympy.gamma(Rational(i + j, 2) + 1)
    value = sympy.expand_trig(angular * radial / (2 * pi))
    value = value.subs(sympy.cos(_THETA), RHO).subs(sympy.sin(_THETA), sqrt(1 - RHO**2))
    return sympy.expand(value.subs(_THETA, acos(RHO)))


def _mode_integral(mode: int, phase: int) -> Expr:
    """Real part of the integral of ``exp(i (mode phi - phase theta))`` over the wedge."""
    if mode == 0:
        return (pi - _THETA) * sympy.cos(phase * _THETA)
    upper = sympy.sin(mode * pi / 2 - phase * _THETA)
    lower = sympy.sin(mode * (_THETA - pi / 2) - phase * _THETA)
    return sympy.expand_trig((upper - lower) / mode)


# --- polynomial x Gaussian x erf ---------------------------------------------------------------


class _Term(NamedTuple):
    """coefficient u^i v^j exp(-decay_u u^2 / 2 - decay_v v^2 / 2) prod erf(scale x)."""

    coefficient: Expr
    powers: tuple[int, int]
    decays: tuple[Expr, Expr]
    erfs: tuple[tuple[int, Expr], ...]


def _erf_class(student: Expr, teacher: Expr, u: Symbol, v: Symbol) -> Expr | None:
    integrand = sympy.expand(sympy.expand(student * teacher), power_exp=False)
    total: Expr = Integer(0)
    one = ((Integer(1), RHO), (RHO, Integer(1)))
    for summand in sympy.Add.make_args(integrand):
        term = _read_term(summand, (u, v))
        value = None if term is None else _stein(term, one)
        if value is None:
            return None
        total += value
    return total


def _read_term(summand: Expr, variables: tuple[Symbol, Symbol]) -> _Term | None:
    coefficient: Expr = Integer(1)
    powers, decays = [0, 0], [Integer(0), Integer(0)]
    erfs: list[tuple[int, Expr]] = []
    for factor in sympy.Mul.make_args(sympy.powsimp(summand)):
        base, exponent = factor.as_base_exp()
        which = [k for k, x in enumerate(variables) if factor.has(x)]
        if not which:
            coefficient *= factor
        elif isinstance(factor, sympy.exp):
            for k, x in enumerate(variables):
                decays[k] += -2 * factor.args[0].coeff(x, 2)
            rest = factor.args[0] + sum(
                decay * x**2 / 2 for decay, x in zip(decays, variables, strict=True)
            )
            if sympy.simplify(rest) != 0:
                return None
        elif base in variables and exponent.is_Integer and exponent > 0:
            powers[which[0]] += int(exponent)
        elif isinstance(base, sympy.erf) and exponent.is_Integer and exponent > 0:
            scale = base.args[0] / variables[which[0]]
            if len(which) > 1 or scale.has(*variables):
                return None
            erfs += [(which[0], scale)] * int(exponent)
        else:
            return None
    return _Term(coefficient, (powers[0], powers[1]), (decays[0], decays[1]), tuple(erfs))


Covariance = tuple[tuple[Expr, Expr], tuple[Expr, Expr]]


def _stein(term: _Term, covariance: Covariance) -> Expr | None:
    """Expectation of one term under a centred Gaussian with this covariance."""
    if any(decay != 0 for decay in term.decays):
        factor, covariance = _absorb(term.decays, covariance)
        rest = term._replace(decays=(Integer(0), Integer(0)))
        value = _stein(rest, covariance)
        return None if value is None else factor * value
    if max(term.powers) == 0:
        value = _erf_product(term.erfs, covariance)
        return None if value is None else term.coefficient * value
    k = 0 if term.powers[0] else 1
    lowered = list(term.powers)
    lowered[k] -= 1
    total: Expr = Integer(0)
    for other in (0, 1):
        for derivative in _derivatives(term._replace(powers=(lowered[0], lowered[1])), other):
            value = _stein(derivative, covariance)
            if value is None:
                return None
            total += covariance[k][other] * value
    return total


def _derivatives(term: _Term, k: int) -> list[_Term]:
    """The terms of the derivative by variable k of a term without Gaussian factors."""
    terms = []
    if term.powers[k]:
        powers = list(term.powers)
        powers[k] -= 1
        raised = term.coefficient * term.powers[k]
        terms.append(term._replace(coefficient=raised, powers=(powers[0], powers[1])))
    for position, (variable, scale) in enumerate(term.erfs):
        if variable == k:
            decays = [Integer(0), Integer(0)]
            decays[k] = 2 * scale**2
            others = term.erfs[:position] + term.erfs[position + 1 :]
            coefficient = term.coefficient * 2 * scale / sqrt(pi)
            terms.append(_Term(coefficient, term.powers, (decays[0], decays[1]), others))
    return terms


def _absorb(decays: tuple[Expr, Expr], c: Covariance) -> tuple[Expr, Covariance]:
    """Absorb Gaussian factors: ``1/sqrt(det(1 + K C))`` and the covariance ``C (1 + K C)^-1``."""
    k0, k1 = decays
    minor = c[0][0] * c[1][1] - c[0][1] ** 2
    det = sympy.factor(1 + k0 * c[0][0] + k1 * c[1][1] + k0 * k1 * minor)
    new = (
        (sympy.factor((c[0][0] + k1 * minor) / det), c[0][1] / det),
        (c[0][1] / det, sympy.factor((c[1][1] + k0 * minor) / det)),
    )
    return 1 / sqrt(det), new


def _erf_product(erfs: tuple[tuple[int, Expr], ...], c: Covariance) -> Expr | None:
    if len(erfs) == 0:
        return Integer(1)
    if len(erfs) == 1 or len(erfs) == 3:
        return Integer(0)
    if len(erfs) > 2:
        return None
    (i, x), (j, y) = erfs
    norm = sqrt((1 + 2 * x**2 * c[i][i]) * (1 + 2 * y**2 * c[j][j]))
    return 2 / pi * asin(sympy.simplify(2 * x * y * c[i][j] / norm))
