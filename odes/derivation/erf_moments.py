"""Gaussian moments of sums of polynomial x Gaussian x erf, by Stein's lemma and an arcsine."""

from __future__ import annotations

from typing import NamedTuple

import sympy
from sympy import Expr, Integer, Symbol, asin, pi, sqrt

from .symbols import RHO


class _Term(NamedTuple):
    """coefficient u^i v^j exp(-decay_u u^2 / 2 - decay_v v^2 / 2) prod erf(scale x)."""

    coefficient: Expr
    powers: tuple[int, int]
    decays: tuple[Expr, Expr]
    erfs: tuple[tuple[int, Expr], ...]


def erf_class(student: Expr, teacher: Expr, u: Symbol, v: Symbol) -> Expr | None:
    """The mean of a product of sums of polynomial x Gaussian x erf, else None."""
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
