"""Gaussian moments of sums of polynomial x Gaussian x exponential x erf.

By Stein's lemma, which lowers powers; Gaussian factors change the covariance, exponentials shift
the mean; two erf factors are an arcsine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import sympy
from sympy import Expr, Integer, Symbol, asin, pi, sqrt

from .symbols import RHO

Value = TypeVar("Value", int, Any)


class _Term(NamedTuple):
    """coefficient u^i v^j exp(sum tilt x - decay x^2 / 2) prod erf(scale x)."""

    coefficient: Expr
    powers: tuple[int, int]
    decays: tuple[Expr, Expr]
    tilts: tuple[Expr, Expr]
    erfs: tuple[tuple[int, Expr], ...]


def erf_class(student: Expr, teacher: Expr, u: Symbol, v: Symbol) -> Expr | None:
    """The mean of a product of sums of polynomial x Gaussian x exponential x erf, else None."""
    student, teacher = (f.replace(_is_hyperbolic, _exponentials) for f in (student, teacher))
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


def _is_hyperbolic(f: Expr) -> bool:
    return isinstance(f, (sympy.sinh, sympy.cosh))


def _exponentials(f: Expr) -> Expr:
    return f.rewrite(sympy.exp)


def _read_term(summand: Expr, variables: tuple[Symbol, Symbol]) -> _Term | None:
    coefficient: Expr = Integer(1)
    powers, decays, tilts = [0, 0], [Integer(0), Integer(0)], [Integer(0), Integer(0)]
    erfs: list[tuple[int, Expr]] = []
    for factor in sympy.Mul.make_args(sympy.powsimp(summand)):
        base, exponent = factor.as_base_exp()
        which = [k for k, x in enumerate(variables) if factor.has(x)]
        if not which:
            coefficient *= factor
        elif isinstance(factor, sympy.exp):
            rest = sympy.expand(factor.args[0])
            for k, x in enumerate(variables):
                square, linear = rest.coeff(x, 2), rest.coeff(x, 1)
                rest = sympy.expand(rest - square * x**2 - linear * x)
                decays[k], tilts[k] = decays[k] - 2 * square, tilts[k] + linear
            if any(part.has(*variables) for part in (rest, *decays, *tilts)):
                return None
            coefficient *= sympy.exp(rest)
        elif base in variables and exponent.is_Integer and exponent > 0:
            powers[which[0]] += int(exponent)
        elif isinstance(base, sympy.erf) and exponent.is_Integer and exponent > 0:
            scale = base.args[0] / variables[which[0]]
            if len(which) > 1 or scale.has(*variables):
                return None
            erfs += [(which[0], scale)] * int(exponent)
        else:
            return None
    return _Term(coefficient, _pair(powers), _pair(decays), _pair(tilts), tuple(erfs))


Covariance = tuple[tuple[Expr, Expr], tuple[Expr, Expr]]


def _stein(term: _Term, covariance: Covariance) -> Expr | None:
    """Expectation of one term under a centred Gaussian with this covariance."""
    if any(decay != 0 for decay in term.decays):
        factor, covariance = _absorb(term.decays, covariance)
        rest = term._replace(decays=(Integer(0), Integer(0)))
        value = _stein(rest, covariance)
        return None if value is None else factor * value
    if max(term.powers) == 0:
        value = _last(term, covariance)
        return None if value is None else term.coefficient * value
    k = 0 if term.powers[0] else 1
    lowered = term._replace(powers=_changed(term.powers, k, -1))
    total: Expr = Integer(0)
    for other in (0, 1):
        for derivative in _derivatives(lowered, other):
            value = _stein(derivative, covariance)
            if value is None:
                return None
            total += covariance[k][other] * value
    return total


def _derivatives(term: _Term, k: int) -> list[_Term]:
    """The terms of the derivative by variable k of a term without Gaussian factors."""
    terms = []
    if term.powers[k]:
        raised = term.coefficient * term.powers[k]
        terms.append(term._replace(coefficient=raised, powers=_changed(term.powers, k, -1)))
    if term.tilts[k] != 0:
        terms.append(term._replace(coefficient=term.coefficient * term.tilts[k]))
    for position, (variable, scale) in enumerate(term.erfs):
        if variable == k:
            decays = _changed((Integer(0), Integer(0)), k, 2 * scale**2)
            others = term.erfs[:position] + term.erfs[position + 1 :]
            coefficient = term.coefficient * 2 * scale / sqrt(pi)
            terms.append(term._replace(coefficient=coefficient, decays=decays, erfs=others))
    return terms


def _pair(values: Sequence[Value]) -> tuple[Value, Value]:
    return values[0], values[1]


def _changed(values: tuple[Value, Value], k: int, by: Value) -> tuple[Value, Value]:
    """A pair with one entry raised."""
    return (values[0] + by, values[1]) if k == 0 else (values[0], values[1] + by)


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


def _last(term: _Term, c: Covariance) -> Expr | None:
    """The expectation of exponentials and erfs: the former shift the mean by ``C tilt``."""
    if term.tilts == (0, 0):
        return _erf_product(term.erfs, c)
    mean = [sum(c[k][other] * term.tilts[other] for other in (0, 1)) for k in (0, 1)]
    size = sympy.exp(sympy.expand(sum(t * m for t, m in zip(term.tilts, mean, strict=True)) / 2))
    if not term.erfs:
        return size
    if len(term.erfs) > 1:
        return None
    k, scale = term.erfs[0]
    return size * sympy.erf(scale * mean[k] / sqrt(1 + 2 * scale**2 * c[k][k]))


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
