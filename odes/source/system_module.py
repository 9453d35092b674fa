"""From a derivation to the model of its system: right-hand side, Jacobian and observables.

It is built once. Printed for Python it is compiled here and shown by ``bntheory derive --format
python``; printed for lanes it advances many flows at once; printed for JavaScript it is what
``--format javascript`` and the page of ``bntheory explore`` hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import Clip, choice
from ...codegen.model import Assign, Block, Call, Function, Module, Return, Statement, entry
from ...teacher_student.carried import COARSEST, carried_symbols
from ...teacher_student.formula_kernels import learning_rate_function
from ..derivation.drift import Derivation
from ..derivation.expectations import AnyMoment
from ..derivation.gaussian_moments import Moment
from ..derivation.observables import SCALE, observables
from ..derivation.running_field import is_tabulated, law_symbols
from ..derivation.spectral_drift import NORM, asks_for_norm
from ..derivation.symbols import (
    ETA,
    FIELD_STD,
    NOISE,
    ORDER_PARAMETERS,
    PARAMETERS,
    RHO,
    SHIFT,
    SIGN,
    R,
)
from .quadratures import kink_constant, moment_functions
from .resolution import largest_scale
from .running_module import averaged_rhs, places
from .slopes import jacobian_entry
from .table_source import corrected_statements, table_spec, table_statements


def _parameter(symbol: Symbol) -> str:
    return {"lambda": "weight_decay"}.get(symbol.name, symbol.name)


#: The parameters under the names that generated code gives them: ``lambda`` is Python's.
RENAMED = {s: Symbol(_parameter(s), positive=True) for s in PARAMETERS}
_LARGEST_SCALE = Symbol("LARGEST_SCALE", positive=True)
_COARSEST = Symbol(COARSEST, real=True)
_TIME = Symbol("t", real=True)
#: Arguments of a Jacobian.
JACOBIAN = ("t", "y", "p", "J")


def system_module(derivation: Derivation) -> Module:
    """The model of one flow's system.

    Parameters
    ----------
    derivation
        Of the flow.

    Returns
    -------
    Module
        With the functions ``learning_rate``, ``field``, ``rhs``, ``jacobian``, ``observables``
        and the quadratures that they call.
    """
    rhs, moments = _rhs(derivation)
    shown, error_moments = observables_function(derivation)
    quadratures = [*moments, *error_moments]
    functions = [
        learning_rate_function(derivation.problem.schedule),
        field_function(derivation),
        *moments,
        rhs,
        _jacobian(derivation),
        *error_moments,
        shown,
    ]
    constants = facts(derivation) | (kink_constant(derivation) if quadratures else {})
    return Module(constants | (places() if derivation.averaged else {}), functions)


def facts(derivation: Derivation) -> dict[str, object]:
    """What kernels and users of a system know of it beside its functions."""
    space, spec = derivation.problem.state_space, table_spec(derivation)
    carried = derivation.problem.carried  # then scales are asked of every value by itself
    return {
        "SIZE": space.size + _behind(derivation),
        "ORDERS": space.place("L") + 1,
        "OVERLAP": space.place("R"),
        "LENGTH": space.place("L"),
        "HAS_JACOBIAN": not _numerical(derivation),
        "SMALLEST_BATCH": derivation.smallest_batch,
        "HAS_RANGE": bool(spec) and not json.loads(spec)["slopes"],
        "SINGULAR": bool(spec) and json.loads(spec)["singular"],
        "TABLE": spec,
        "LARGEST_SCALE": math.inf if carried else largest_scale(derivation),
        **({"CARRIES_SCALE": True} if carried else {}),
    }


def _behind(derivation: Derivation) -> int:
    """How many numbers stand behind the order parameters: named ones, and a range of scales."""
    named = len(derivation.problem.carried)
    return named + 1 if named else 0


def _numerical(derivation: Derivation) -> bool:
    """Whether some average in the drift is a number that is looked up or added up."""
    tabulated = is_tabulated(derivation.problem)
    plain = derivation.problem.plain_steps
    return bool(derivation.by_quadrature) or derivation.averaged or tabulated or not plain


def unpacked(derivation: Derivation, *, rates: bool, resolved: bool = False) -> list[Statement]:
    """Statements that name the order parameters, the field's scale and the learning rates.

    Parameters
    ----------
    derivation
        Of the flow.
    rates
        Whether the parameters are named, which not all functions take.
    resolved
        Whether a scale that quadratures do not resolve is to be no number.
    """
    cosines = derivation.problem.state_space.places("cosine")
    lines: list[Statement] = []
    for i, name in enumerate(derivation.problem.order_parameters):
        value = entry("y", i)
        lines.append(Assign(ORDER_PARAMETERS[name], Clip(value) if i in cosines else value))
    if asks_for_norm(derivation):
        lines.append(Assign(NORM, entry("y", len(derivation.problem.order_parameters))))
    size = derivation.problem.state_space.size
    carried = carried_symbols(derivation.problem.carried)
    for i, symbol in enumerate((*carried, *[_COARSEST] * bool(carried)), size):
        lines.append(Assign(symbol, entry("y", i)))
    lines.append(Assign(SCALE, derivation.scale))
    lines.append(Assign(SIGN, choice(SCALE >= 0, sympy.Integer(1), sympy.Integer(-1))))
    std = sympy.Abs(SCALE)
    known = std * _COARSEST <= 1 if carried else std <= _LARGEST_SCALE
    lines.append(Assign(FIELD_STD, choice(known, std, sympy.nan) if resolved else std))
    lines += [Assign(RHO, SIGN * R), Assign(SHIFT, derivation.shift)]
    if rates:
        lines += [Assign(RENAMED[s], entry("p", i)) for i, s in enumerate(PARAMETERS) if s != ETA]
        lines.append(Assign(RENAMED[ETA], Call("learning_rate", (_TIME, entry("p", 0)))))
        law = enumerate(law_symbols(derivation.problem), len(PARAMETERS))
        lines += [Assign(symbol, entry("p", k)) for k, symbol in law]
    return lines


def closed_drift(derivation: Derivation) -> dict[sympy.Indexed, Expr]:
    """The drift with closed forms put in, by the entry that it is assigned to."""
    problem = derivation.problem
    own = {
        entry("dy", i): derivation.drift[name].xreplace(derivation.closed).subs(RENAMED)
        for i, name in enumerate(problem.order_parameters)
    }
    size = problem.state_space.size
    carried = range(size, size + _behind(derivation))
    return own | {entry("dy", i): sympy.Integer(0) for i in carried}


def field_function(derivation: Derivation) -> Function:
    """``field(y) -> (scale, shift)``, both of a student whose scale is positive."""
    body = (*unpacked(derivation, rates=False), Return((FIELD_STD, SHIFT)))
    return Function("field", ("y",), body, "Scale (its size) and shift of the student's field.")


def prepared(derivation: Derivation) -> tuple[list[Statement], list[Function]]:
    """Statements that name all that a drift is made of, and the quadratures that they call."""
    quadratures: list[Function] = []
    if is_tabulated(derivation.problem):
        found = corrected_statements(derivation)
    elif derivation.over_batches:
        found = table_statements(derivation)
    else:
        found, quadratures = known_by_quadrature("moments", derivation, derivation.by_quadrature)
    return [*unpacked(derivation, rates=True, resolved=bool(quadratures)), *found], quadratures


def known_by_quadrature(
    name: str, derivation: Derivation, wanted: Mapping[Symbol, AnyMoment]
) -> tuple[list[Statement], list[Function]]:
    """The statement that calls a quadrature of one example's moments, and its functions.

    Those of a signal are averaged by kernels (`signal_source`), which a function ``name`` calls.
    """
    if derivation.problem.squares:
        own = {s: m for s, m in wanted.items() if isinstance(m, Moment)}
        return moment_functions(name, derivation, own)
    if not wanted:
        return [], []
    pull = sympy.Abs(derivation.field.derivatives["a"])
    return [Assign(tuple(wanted), Call(name, (FIELD_STD, SHIFT, RHO, RENAMED[NOISE], pull)))], []


def _rhs(derivation: Derivation) -> tuple[Function, list[Function]]:
    if derivation.averaged:
        named = unpacked(derivation, rates=True, resolved=bool(derivation.by_quadrature))
        return averaged_rhs(derivation, named, closed_drift(derivation))
    start, quadratures = prepared(derivation)
    comment = "Time derivative of " + ", ".join(derivation.problem.order_parameters) + "."
    body = (*start, Block(closed_drift(derivation)))
    return Function("rhs", ("t", "y", "p", "dy"), body, comment), quadratures


def no_jacobian(reason: str) -> Function:
    """What stands where a system has no Jacobian in closed form."""
    comment = f"Not available: {reason}."
    body = (Assign(entry("J", 0, 0), sympy.nan),)
    return Function("jacobian", JACOBIAN, body, comment)


def _jacobian(derivation: Derivation) -> Function:
    if _numerical(derivation):
        return no_jacobian("some moments have no closed form")
    names = derivation.problem.order_parameters
    entries = {
        entry("J", i, j): jacobian_entry(derivation, row, column).subs(RENAMED)
        for i, row in enumerate(names)
        for j, column in enumerate(names)
    }
    body = (*unpacked(derivation, rates=True), Block(entries))
    return Function("jacobian", JACOBIAN, body, "Derivatives of rhs by y.")


def observables_function(derivation: Derivation) -> tuple[Function, list[Function]]:
    """``observables(y)``, in the order of `OBSERVABLES`."""
    shown = observables(derivation)
    call, quadratures = moment_functions("error_moments", derivation, shown.by_quadrature)
    values = {Symbol(f"{name}_value"): value for name, value in shown.values.items()}
    start = unpacked(derivation, rates=False)
    body = (*start, *call, Block(values), Return(tuple(values)))
    comment = "Observables: " + ", ".join(shown.values) + "."
    return Function("observables", ("y",), body, comment), quadratures
