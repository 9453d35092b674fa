"""How a batch scheme's generated flow asks for its table of moments, and looks them up."""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import Angle, Hypot
from ...codegen.model import Assign, Call, LookUp, Statement, Table
from ...teacher_student.activations import activation_formula
from ..derivation.batch_moments import BatchMoment, PairMoment, moment_tuple, side_slopes
from ..derivation.drift import AnyMoment, Derivation
from ..derivation.gaussian_moments import RHO, SHIFT
from ..derivation.gaussian_moments import Q as FIELD_STD
from ..derivation.student_field import laurent
from ..derivation.symbols import PARAMETERS, UHAT
from ..tables.table_spec import TableSpec

#: The table among the numbers that a flow takes: it comes after the parameters.
TABLE = Table(len(PARAMETERS))


def table_spec(derivation: Derivation) -> str:
    """What a batch scheme's flow asks `moment_tables` for, as JSON; empty if for nothing."""
    if not (derivation.problem.uses_batch and derivation.by_quadrature):
        return ""
    activation, X = activation_formula(derivation.problem.activation), derivation.field.X
    wanted = derivation.by_quadrature.values()
    return TableSpec(
        activation,
        side_slopes(activation),
        tuple(laurent(X.coeff(UHAT, 0))),
        tuple(laurent(X.coeff(UHAT, 1))),
        derivation.shift != 0,
        singular(derivation),
        tuple(moment_tuple(m) for m in wanted if isinstance(m, BatchMoment)),
        tuple(moment_tuple(m) for m in wanted if isinstance(m, PairMoment)),
    ).to_json()


def singular(derivation: Derivation) -> bool:
    """Whether moments may be infinite at q = 0: a bounded activation, a field with 1/s in it."""
    homogeneous = side_slopes(activation_formula(derivation.problem.activation))
    at_centre = laurent(derivation.field.X.coeff(UHAT, 0))
    return not homogeneous and any(power < 0 for _, _, power in at_centre)


def table_point(derivation: Derivation) -> tuple[list[Statement], tuple[Expr, Expr]]:
    """Where to look: the second and third axis, and what has to be computed for them before."""
    if side_slopes(activation_formula(derivation.problem.activation)):
        second = sympy.Integer(0) if derivation.shift == 0 else Angle(SHIFT, FIELD_STD)
        return [], (second, sympy.Integer(0))
    axis = Symbol("axis", real=True)
    return [Assign(axis, Call("scale_axis", (TABLE, FIELD_STD)))], (axis, SHIFT)


def tabulated(derivation: Derivation) -> list[Symbol]:
    """The tabulated moments in the order of the table."""
    wanted = derivation.by_quadrature
    return sorted(wanted, key=lambda symbol: isinstance(wanted[symbol], PairMoment))


def table_statements(derivation: Derivation) -> list[Statement]:
    """Statements that look up the tabulated moments of a batch scheme."""
    wanted = derivation.by_quadrature
    if not wanted:
        return []
    axes, point = table_point(derivation)
    order = tabulated(derivation)
    look_up = LookUp(tuple(order), TABLE, (sympy.acos(RHO), *point))
    if not side_slopes(activation_formula(derivation.problem.activation)):
        return [*axes, look_up]
    read = tuple(Symbol(f"{symbol}_1", real=True) for symbol in order)  # of a student of size 1
    size = Symbol("size", real=True)
    scaled = [
        Assign(symbol, at_one * size ** degree(wanted[symbol]))
        for symbol, at_one in zip(order, read, strict=True)
    ]
    at_one = LookUp(read, TABLE, look_up.point)
    return [*axes, at_one, Assign(size, Hypot(FIELD_STD, SHIFT)), *scaled]


def degree(moment: AnyMoment) -> int:
    """How many times a moment holds the student's output."""
    return moment.first.g + moment.second.g if isinstance(moment, PairMoment) else moment.g
