"""Two-fold quadratures, for moments of single examples without a closed form."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import RootOfRest
from ...codegen.model import Assign, Block, Call, Function, Increase, Loop, Return, Statement, entry
from ...teacher_student.carried import carried_symbols
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment, student_factor, teacher_factor
from ..derivation.symbols import FIELD_STD, RHO, SHIFT

_U, _V, _ACROSS = sympy.symbols("u v across", real=True)
_I, _J = sympy.symbols("i j", integer=True)
_KINKS, _FINE = sympy.symbols("KINKS FINE")


def kink_constant(derivation: Derivation) -> dict[str, object]:
    """The constant ``KINKS`` that quadratures refer to."""
    return {"KINKS": derivation.problem.activation_.kinks}


def moment_functions(
    name: str, derivation: Derivation, wanted: Mapping[Symbol, Moment]
) -> tuple[list[Statement], list[Function]]:
    """The statement that calls a quadrature of moments, and the functions of that quadrature.

    The student's factors are taken at the nodes of the outer rule, the teacher's averaged by
    the inner one; both rules are split where the activation has a kink.

    Parameters
    ----------
    name
        Of the function ``(q, shift, rho) -> moments``.
    derivation
        Of the flow.
    wanted
        The moments by their symbol.
    """
    if not wanted:
        return [], []
    activation = derivation.problem.activation_
    shifted = derivation.shift != 0
    teachers = {(m.teacher, m.v): teacher_factor(activation, m, _V) for m in wanted.values()}
    inner = {key: factor for key, factor in teachers.items() if key != (0, 0)}
    students = [student_factor(activation, m, _U, shifted) for m in wanted.values()]
    functions, own = [], carried_symbols(derivation.problem.carried)
    if inner:
        functions.append(_teacher(f"{name}_teacher", inner, bool(activation.kinks), own))
    functions.append(_student(name, students, wanted, list(inner), own))
    call = Call(name, (FIELD_STD, SHIFT, RHO, *own))
    return [Assign(tuple(wanted), call)], functions


def _teacher(
    name: str, inner: Mapping[tuple[int, int], Expr], kinked: bool, own: tuple[Symbol, ...]
) -> Function:
    """Averages over ``v = rho u + across z``, given u: they do not depend on the student."""
    nodes, weights = ("z", "wz") if kinked else ("SMOOTH_NODES", "SMOOTH_WEIGHTS")
    rule: list[Statement] = []
    if kinked:
        split = Call("split_rule", (_KINKS, RHO * _U, _ACROSS, _FINE))
        rule.append(Assign((Symbol(nodes), Symbol(weights)), split))
    factors = {Symbol(f"b{i}{j}"): factor for (i, j), factor in inner.items()}
    sums = [_sum(*key) for key in inner]
    body: list[Statement] = [
        Assign(_V, RHO * _U + _ACROSS * entry(nodes, _J)),
        Block(factors),
        *(Increase(s, (entry(weights, _J), b)) for s, b in zip(sums, factors, strict=True)),
    ]
    start: list[Statement] = [Assign(s, sympy.Integer(0)) for s in sums]
    across = Assign(_ACROSS, RootOfRest(RHO))
    statements = (across, *rule, *start, Loop(_J, nodes, tuple(body)), Return(tuple(sums)))
    arguments = ("rho", "u", *map(str, own))
    return Function(name, arguments, statements, "The teacher's averages, given u.")


def _student(
    name: str,
    students: list[Expr],
    wanted: Mapping[Symbol, Moment],
    inner: list[tuple[int, int]],
    own: tuple[Symbol, ...],
) -> Function:
    factors = {Symbol(f"a{k}"): factor for k, factor in enumerate(students)}
    averages = Assign(tuple(_sum(*key) for key in inner), Call(f"{name}_teacher", (RHO, _U, *own)))
    products = [
        Increase(s, (entry("wx", _I), a, *([_sum(m.teacher, m.v)] if m.teacher or m.v else [])))
        for (s, m), a in zip(wanted.items(), factors, strict=True)
    ]
    body: list[Statement] = [
        Assign(_U, entry("x", _I)),
        *([averages] if inner else []),
        Block(factors),
        *products,
    ]
    rule = Call("student_rule", (_KINKS, SHIFT, FIELD_STD, _FINE))
    statements: tuple[Statement, ...] = (
        Assign((Symbol("x"), Symbol("wx")), rule),
        *(Assign(symbol, sympy.Integer(0)) for symbol in wanted),
        Loop(_I, "x", tuple(body)),
        Return(tuple(wanted)),
    )
    arguments = ("q", "shift", "rho", *map(str, own))
    return Function(name, arguments, statements, "Moments by quadrature.")


def _sum(teacher: int, v: int) -> Symbol:
    return Symbol(f"s{teacher}{v}")
