"""How a batch scheme's generated flow asks for its table of moments, and looks them up."""

from __future__ import annotations

import json

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import Angle, Hypot
from ...codegen.model import Assign, Call, LookUp, Statement, Table
from ..derivation.batch_moments import PairMoment
from ..derivation.batch_signal_averages import signal_spec
from ..derivation.batch_signals import BatchSignal, PairSignal
from ..derivation.batch_tables import degree, is_singular, spec_of
from ..derivation.drift import Derivation
from ..derivation.running_field import TABULATED
from ..derivation.symbols import FIELD_STD, PARAMETERS, RHO, SHIFT

#: The table among the numbers that a flow takes: it comes after the parameters.
TABLE = Table(len(PARAMETERS))


def table_spec(derivation: Derivation) -> str:
    """What a batch scheme's flow asks `moment_tables` for, as JSON; empty if for nothing."""
    if not (derivation.over_batches and derivation.by_quadrature):
        return ""
    wanted = derivation.by_quadrature.values()
    if not derivation.problem.squares:
        signals = [m for m in wanted if isinstance(m, BatchSignal | PairSignal)]
        return json.dumps(signal_spec(derivation.problem, derivation.field, signals))
    return spec_of(derivation.problem.activation_, derivation.field, wanted).to_json()


def singular(derivation: Derivation) -> bool:
    """Whether moments may be infinite at q = 0."""
    if not derivation.problem.squares:
        return bool(json.loads(table_spec(derivation))["singular"])
    return is_singular(derivation.problem.activation_, derivation.field)


def by_direction(derivation: Derivation) -> bool:
    """Whether a table is over the direction of (scale, shift) alone, as moments are homogeneous."""
    return derivation.problem.activation_.homogeneous and derivation.problem.squares


def table_point(derivation: Derivation) -> tuple[list[Statement], tuple[Expr, Expr]]:
    """Where to look: the second and third axis, and what has to be computed for them before."""
    if by_direction(derivation):
        second = sympy.Integer(0) if derivation.shift == 0 else Angle(SHIFT, FIELD_STD)
        return [], (second, sympy.Integer(0))
    axis = Symbol("axis", real=True)
    return [Assign(axis, Call("scale_axis", (TABLE, FIELD_STD)))], (axis, SHIFT)


def tabulated(derivation: Derivation) -> list[Symbol]:
    """The tabulated moments in the order of the table."""
    wanted = derivation.by_quadrature
    return sorted(wanted, key=lambda symbol: isinstance(wanted[symbol], PairMoment | PairSignal))


def table_statements(derivation: Derivation) -> list[Statement]:
    """Statements that look up the tabulated moments of a batch scheme."""
    wanted = derivation.by_quadrature
    if not wanted:
        return []
    axes, point = table_point(derivation)
    order = tabulated(derivation)
    look_up = LookUp(tuple(order), TABLE, (sympy.acos(RHO), *point))
    if not by_direction(derivation):
        return [*axes, look_up]
    read = tuple(Symbol(f"{symbol}_1", real=True) for symbol in order)  # of a student of size 1
    size = Symbol("size", real=True)
    scaled = [
        Assign(symbol, at_one * size ** degree(wanted[symbol]))
        for symbol, at_one in zip(order, read, strict=True)
    ]
    at_one = LookUp(read, TABLE, look_up.point)
    return [*axes, at_one, Assign(size, Hypot(FIELD_STD, SHIFT)), *scaled]


#: How many times a number of `TABULATED` holds the output of a student, in their order.
_DEGREES = (0, 1, 0, 0, 1, 2, 0)


def corrected_statements(derivation: Derivation) -> list[Statement]:
    """Statements that look up the averages of batch renormalisation."""
    homogeneous = derivation.problem.activation_.homogeneous
    axis = sympy.Integer(0) if homogeneous else FIELD_STD
    point = (sympy.acos(RHO), axis, sympy.Integer(0))
    if not homogeneous:
        return [LookUp(TABULATED, TABLE, point)]
    read = tuple(Symbol(f"{symbol}_1", real=True) for symbol in TABULATED)  # of a scale of 1
    scaled = [
        Assign(symbol, at_one * FIELD_STD**degree)
        for symbol, at_one, degree in zip(TABULATED, read, _DEGREES, strict=True)
    ]
    return [LookUp(read, TABLE, point), *scaled]
