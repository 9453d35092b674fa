"""The model of ``rhs`` for many flows at once, which reads combinations of moments.

A drift is linear in its moments, and many enter it together: their coefficients, in all its
entries, differ by a factor of the statistics' batch size alone. A table is for one such size, so
that their sum can be tabulated in their place: 10 numbers for 26 of batch normalisation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import Hypot
from ...codegen.model import Assign, Block, Function, LookUp, Statement, entry
from ..derivation.batch_tables import degree
from ..derivation.drift import Derivation
from ..derivation.observables import observables
from ..derivation.symbols import BATCH, FIELD_STD, RHO, SHIFT, STATISTICS_SIZE, L
from .system_module import closed_drift, unpacked
from .table_source import TABLE, table_point, tabulated

#: Divisions are what SIMD code waits for: every lane divides once by L and once by M.
_INVERSES = {L: Symbol("by_L", positive=True), BATCH: Symbol("by_M", positive=True)}
_SIZE = Symbol("size", real=True)


@dataclass
class Combination:
    """Moments that enter a drift together.

    Attributes
    ----------
    coefficients
        Of the combination, in every entry of the drift.
    degree
        How many times it holds the student's output, of a homogeneous activation.
    members
        Places of moments in the table, and their factors, functions of the statistics' batch size.
    """

    coefficients: list[Expr]
    degree: int
    members: list[tuple[int, Expr]] = field(default_factory=list)

    def factor(self, coefficients: list[Expr]) -> Expr | None:
        """By how much other coefficients are larger; None if not by a factor of the batch size."""
        first = next(k for k, value in enumerate(coefficients) if value != 0)
        if self.coefficients[first] == 0:
            return None
        ratio = sympy.cancel(coefficients[first] / self.coefficients[first])
        pairs = zip(coefficients, self.coefficients, strict=True)
        alike = ratio.free_symbols <= {STATISTICS_SIZE} and all(
            sympy.cancel(one - ratio * other) == 0 for one, other in pairs
        )
        return ratio if alike else None


def combinations(derivation: Derivation) -> list[Combination]:
    """The combinations of tabulated moments of which a drift is made."""
    drift = [sympy.expand(value) for value in closed_drift(derivation).values()]
    homogeneous, found = derivation.problem.activation_.homogeneous, list[Combination]()
    for place, symbol in enumerate(tabulated(derivation)):
        coefficients = [sympy.together(value.coeff(symbol, 1)) for value in drift]
        if not any(coefficients):
            continue
        power = degree(derivation.by_quadrature[symbol]) if homogeneous else 0
        for one in found:
            ratio = one.factor(coefficients) if one.degree == power else None
            if ratio is not None:
                one.members.append((place, ratio))
                break
        else:
            found.append(Combination(coefficients, power, [(place, sympy.Integer(1))]))
    return found


def combinations_text(found: list[Combination]) -> str:
    """What `bntheory.odes.tables.combined` takes: of every factor the two polynomials, as JSON."""

    def polynomials(factor: Expr) -> list[list[float]]:
        parts = sympy.fraction(sympy.together(factor))
        return [[float(c) for c in sympy.Poly(x, STATISTICS_SIZE).all_coeffs()] for x in parts]

    return json.dumps([[[k, *polynomials(x)] for k, x in one.members] for one in found])


def lane_function(derivation: Derivation, combined: list[Combination]) -> Function:
    """``rhs`` as lanes take it (`LanePrinter`); combinations of moments in their tables' order."""
    tables: list[Statement] = []
    drift = closed_drift(derivation)
    if combined:
        rest = {symbol: sympy.Integer(0) for symbol in tabulated(derivation)}
        symbols = [Symbol(f"C{k}", real=True) for k in range(len(combined))]
        tables, values = _looked_up(derivation, combined, symbols)
        for row, (target, value) in enumerate(drift.items()):
            parts = [one.coefficients[row] * x for one, x in zip(combined, values, strict=True)]
            drift[target] = value.xreplace(rest) + sympy.Add(*parts)
    drift = {target: value.replace(_is_reciprocal, _by_inverse) for target, value in drift.items()}
    inverses = [Assign(inverse, 1 / x) for x, inverse in _INVERSES.items()]
    body = (*unpacked(derivation, rates=True), *tables, *inverses, Block(drift))
    return Function("rhs", ("t", "y", "p", "table", "dy"), body)


def shown_function(derivation: Derivation) -> Function | None:
    """``observables`` as lanes take it, into rows of ``shown``; None if one needs a quadrature."""
    found = observables(derivation)
    if found.by_quadrature:
        return None
    values = {entry("shown", k): value for k, value in enumerate(found.values.values())}
    body = (*unpacked(derivation, rates=False), Block(values))
    return Function("observables", ("y", "shown"), body)


def _looked_up(
    derivation: Derivation, combined: list[Combination], symbols: list[Symbol]
) -> tuple[list[Statement], list[Expr]]:
    """Statements that look up combinations, and what these are at the field's own size."""
    axes, point = table_point(derivation)
    look_up = LookUp(tuple(symbols), TABLE, (sympy.acos(RHO), *point))
    if not derivation.problem.activation_.homogeneous:
        return [*axes, look_up], list(symbols)
    size = Assign(_SIZE, Hypot(FIELD_STD, SHIFT))
    scaled = [x * _SIZE**one.degree for one, x in zip(combined, symbols, strict=True)]
    return [*axes, look_up, size], scaled


def _is_reciprocal(e: Expr) -> bool:
    return e.is_Pow and e.base in _INVERSES and e.exp.is_Integer and e.exp < 0


def _by_inverse(e: Expr) -> Expr:
    return _INVERSES[e.base] ** -e.exp
