"""Closed forms of Gaussian moments, derived for whichever activation has one.

The moments are ``E[g(f)^a g'(f)^b u^c g(v)^d v^e]`` over standard normals ``u, v`` with
correlation ``rho``, where ``f = shift + q u`` is the student's field and ``q > 0``. Two classes
of activations are closed under everything a flow asks for:

* polynomials on either side of 0 (ReLU, leaky ReLU, identity): polar coordinates turn the
  moment into angles (`wedge_moments`);
* sums of polynomial x Gaussian x erf (erf, and parts of GELU): Gaussian factors are absorbed
  into the covariance, powers are removed by Stein's lemma, and two erf factors give an
  arcsine (`erf_moments`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import sympy
from sympy import Expr, Poly, Symbol

from ...results.errors import InputError
from ...teacher_student.activations import Activation, field_symbol
from .erf_moments import erf_class
from .symbols import FACTORS, FIELD_STD, NOISE, SHIFT
from .wedge_moments import piecewise_polynomial


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
    f = FIELD_STD * u + (SHIFT if shifted else 0)
    g, slope = (e.xreplace({h: f}) for e in (activation.expression, activation.slope))
    return g**moment.g * slope**moment.slope * u**moment.u


def teacher_factor(activation: Activation, moment: Moment, v: Expr) -> Expr:
    """The part of the integrand that depends on the teacher's field."""
    g = activation.expression.xreplace({field_symbol(): v})
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
    found = piecewise_polynomial(student, teacher, u, v)
    if found is None:
        found = erf_class(student, teacher, u, v)
    if found is not None and found.has(sympy.I):
        raise InputError(
            "activation",
            activation.formula,
            "its averages over a Gaussian field do not exist; one that "
            "grows more slowly is accepted",
        )
    return None if found is None else sympy.factor_terms(found)


def expectation(integrand: Expr, moments: dict[Symbol, Moment]) -> Expr:
    """Average a polynomial in outputs, slope, fields and noise; note the moments it asks for.

    Parameters
    ----------
    integrand
        A polynomial in `symbols.FACTORS`; its coefficients may hold any other symbol.
    moments
        Extended by the moments met.
    """
    total: Expr = sympy.Integer(0)
    for (g, slope, u, t, v, xi), coefficient in Poly(integrand, *FACTORS).terms():
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
