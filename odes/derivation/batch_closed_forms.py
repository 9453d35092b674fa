"""Closed forms of batch moments, for an activation that is a polynomial (theory page 4).

The fields are then polynomials in independent variables whose moments are known: the batch's
mean and spread, the direction of the deviations, and the teacher's own normal part.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Integer, Poly, Symbol

from ...teacher_student.activations import Activation, field_symbol
from .batch_moments import LAURENT, BatchMoment, Half, PairMoment
from .student_field import StudentField
from .symbols import FIELD_STD, RHO, SHIFT, SPREAD, UBAR, UHAT
from .symbols import STATISTICS_SIZE as SHARED


def batch_closed_form(
    activation: Activation, moment: BatchMoment | PairMoment, field: StudentField
) -> Expr | None:
    """The moment in ``q, rho, shift`` and ``m``, for an activation that is a polynomial.

    The fields are then polynomials in independent variables whose moments are known.
    There is none for ReLU, whose moments are tabulated.
    """
    h = field_symbol()
    g, slope = activation.expression, activation.slope
    if not activation.is_polynomial:
        return None
    one, two = sympy.symbols("uhat_1 uhat_2", real=True)
    z, z2 = sympy.symbols("z z_2", real=True)

    def part(half: BatchMoment | Half, x: Symbol, noise: Symbol) -> Expr:
        f = (SHIFT if field.shift != 0 else 0) + FIELD_STD * field.X.xreplace({UHAT: x})
        v = RHO * (UBAR + SPREAD * x) + noise
        value = g.xreplace({h: f}) ** half.g * slope.xreplace({h: f}) ** half.slope * x**half.uhat
        value *= g.xreplace({h: v}) ** half.teacher
        return value * v ** (half.v if isinstance(half, BatchMoment) else 0)

    if isinstance(moment, PairMoment):
        integrand = part(moment.first, one, z) * part(moment.second, two, z2)
    else:
        integrand = part(moment, one, z)
    integrand = sympy.expand(integrand * UBAR**moment.ubar * SPREAD**moment.s)
    total: Expr = Integer(0)
    for powers, coefficient in Poly(integrand, one, two, z, z2, *LAURENT).terms():
        a, b, c, d, j, k, k_inverse = powers
        across = (1 - RHO**2) ** sympy.Rational(c + d, 2) * normal_moment(c) * normal_moment(d)
        law = direction_moment(a, b) * normal_moment(j) / SHARED ** sympy.Rational(j, 2)
        total += coefficient * across * law * spread_moment(k - k_inverse)
    return sympy.factor_terms(sympy.expand(total))


def normal_moment(k: int) -> Expr:
    """``E[z^k]`` of a standard normal."""
    return Integer(0) if k % 2 else sympy.factorial2(k - 1) if k else Integer(1)


class GammaRatio(sympy.Function):
    """``Gamma(x) / Gamma(y)``, which does not overflow where both would."""

    nargs = 2

    def _pythoncode(self, printer: Any) -> str:
        x, y = map(printer._print, self.args)
        return f"math.exp(math.lgamma({x}) - math.lgamma({y}))"

    def _latex(self, printer: Any) -> str:
        x, y = map(printer._print, self.args)
        return rf"\frac{{\Gamma({x})}}{{\Gamma({y})}}"

    def _eval_evalf(self, prec: int) -> Expr:
        x, y = self.args
        return sympy.exp(sympy.loggamma(x) - sympy.loggamma(y))._eval_evalf(prec)


def spread_moment(k: int) -> Expr:
    """``E[s^k]`` of ``m s^2 ~ chi^2_{m-1}``; by recursion for k even."""
    if k == 0:
        return Integer(1)
    if k % 2 == 0:
        step = (SHARED - 3 + k) / SHARED if k > 0 else SHARED / (SHARED - 1 + k)
        return step * spread_moment(k - 2 if k > 0 else k + 2)
    ratio = GammaRatio((SHARED - 1 + k) / 2, (SHARED - 1) / 2)
    return (2 / SHARED) ** sympy.Rational(k, 2) * ratio


def direction_moment(a: int, b: int) -> Expr:
    """``E[uhat_1^a uhat_2^b]``: deviations ``u - ubar`` are Gaussian, their size independent."""
    if (a + b) % 2:
        return Integer(0)
    variance, covariance = 1 - 1 / SHARED, -1 / SHARED
    pairings = _pairings(a, b, variance, covariance)
    return sympy.factor(pairings / spread_moment(a + b))


def _pairings(a: int, b: int, variance: Expr, covariance: Expr) -> Expr:
    """Wick's sum over how many factors of the first are paired with factors of the second."""
    total: Expr = Integer(0)
    for crossed in range(min(a, b) + 1):
        if (a - crossed) % 2 or (b - crossed) % 2:
            continue
        ways = sympy.binomial(a, crossed) * sympy.binomial(b, crossed) * sympy.factorial(crossed)
        own = normal_moment(a - crossed) * normal_moment(b - crossed)
        total += ways * own * covariance**crossed * variance ** ((a + b - 2 * crossed) // 2)
    return total
