"""Gaussian moments of polynomials on either side of 0, as ReLU is, by angles."""

from __future__ import annotations

from functools import lru_cache

import sympy
from sympy import Expr, Integer, Poly, Rational, Symbol, acos, binomial, pi, sqrt

from .erf_moments import erf_class
from .symbols import RHO

_X = Symbol("x", positive=True)
_THETA = Symbol("theta", positive=True)


def _sides(expression: Expr, x: Symbol) -> tuple[Poly, Poly] | None:
    """The expression for x > 0 and for x < 0, if it is a polynomial on both."""
    sides = []
    for sign in (1, -1):
        side = sympy.expand(expression.xreplace({x: sign * _X})).xreplace({_X: sign * x})
        side = sympy.expand(side)
        if not side.is_polynomial(x) or side.has(sympy.Heaviside, sympy.Max, sympy.Min):
            return None
        sides.append(Poly(side, x))
    return sides[0], sides[1]


def piecewise_polynomial(student: Expr, teacher: Expr, u: Symbol, v: Symbol) -> Expr | None:
    """The mean of a product of factors that are polynomials on either side of 0, else None."""
    of_u, of_v = _sides(student, u), _sides(teacher, v)
    if of_u is None or of_v is None:
        return None
    if of_u[0] == of_u[1] and of_v[0] == of_v[1]:  # smooth: Stein's lemma gives a simpler form
        return erf_class(of_u[0].as_expr(), of_v[0].as_expr(), u, v)
    total: Expr = Integer(0)
    for sign_u, side_u in zip((1, -1), of_u, strict=True):
        for sign_v, side_v in zip((1, -1), of_v, strict=True):
            rho = sign_u * sign_v * RHO
            for (i,), x in side_u.terms():
                for (j,), y in side_v.terms():
                    wedge = wedge_moment(i, j).xreplace({RHO: rho})
                    total += x * y * sign_u**i * sign_v**j * wedge
    total = total.xreplace({acos(-RHO): pi - acos(RHO)})
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
    value = value.xreplace({sympy.cos(_THETA): RHO, sympy.sin(_THETA): sqrt(1 - RHO**2)})
    return sympy.expand(value.xreplace({_THETA: acos(RHO)}))


def _mode_integral(mode: int, phase: int) -> Expr:
    """Real part of the integral of ``exp(i (mode phi - phase theta))`` over the wedge."""
    if mode == 0:
        return (pi - _THETA) * sympy.cos(phase * _THETA)
    upper = sympy.sin(mode * pi / 2 - phase * _THETA)
    lower = sympy.sin(mode * (_THETA - pi / 2) - phase * _THETA)
    return sympy.expand_trig((upper - lower) / mode)
