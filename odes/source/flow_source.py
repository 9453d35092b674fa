"""From a derivation to source text: right-hand side, Jacobian, observables and quadrature.

The same text is compiled here and, with plain Python in place of the decorator, printed by
``bntheory derive --format python``.
"""

from __future__ import annotations

import json
import math
import re

import sympy
from sympy import Expr, Symbol

from ...codegen.lowering import assignments, code, function
from ...teacher_student.formula_kernels import learning_rate_source
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment
from ..derivation.routes import choose
from ..derivation.symbols import (
    BATCH,
    ETA,
    FIELD_STD,
    ORDER_PARAMETERS,
    PARAMETERS,
    RHO,
    SHIFT,
    SIGN,
    L,
    R,
)
from .quadrature_source import moment_functions
from .resolution import resolved_scale
from .table_source import table_lines, table_spec

#: Flows that advance in one loop: a few SIMD registers' worth.
LANES = 64

#: The generalisation error against the clean teacher, ``E (g(v) - g(f))^2 / 2``, in moments.
ERROR_MOMENTS = {
    Moment(0, 0, 0, 2, 0): sympy.Rational(1, 2),
    Moment(1, 0, 0, 1, 0): sympy.Integer(-1),
    Moment(2, 0, 0, 0, 0): sympy.Rational(1, 2),
}


def flow_source(derivation: Derivation) -> str:
    """Source text of ``rhs``, ``jacobian`` and ``observables`` of one flow."""
    space, spec = derivation.problem.state_space, table_spec(derivation)
    parts = [
        f"SIZE = {space.size}",
        f"OVERLAP, LENGTH = {space.place('R')}, {space.place('L')}",
        f"HAS_JACOBIAN = {not derivation.by_quadrature}",
        f"SMALLEST_BATCH = {derivation.smallest_batch}",
        f"HAS_RANGE = {bool(spec) and not json.loads(spec)['slopes']}",
        f"SINGULAR = {bool(spec) and json.loads(spec)['singular']}",
        f"TABLE = {spec!r}",
        f"LARGEST_SCALE = {_largest_scale(derivation)}",
        learning_rate_source(derivation.problem.schedule),
        _field(derivation),
        _rhs(derivation),
        _jacobian(derivation),
        _observables(derivation),
    ]
    return "\n".join(parts)


def has_lanes(derivation: Derivation) -> bool:
    """Whether no moment needs a quadrature or a table: only straight code becomes SIMD code."""
    return not (derivation.by_quadrature or derivation.problem.uses_batch)


def lanes_source(derivation: Derivation) -> str:
    """Source text of ``rhs_lanes``: the right-hand side of many flows in one loop.

    Empty where it has none (`has_lanes`).
    """
    if not has_lanes(derivation):
        return ""
    drift = {
        name: e.replace(_is_reciprocal, _by_inverse) for name, e in closed_drift(derivation).items()
    }
    inverses = [f"{inverse} = 1.0 / {code(x)}" for x, inverse in _INVERSES.items()]
    body = [*_unpack(derivation, rates=True), *inverses, *assignments(drift)]
    text = "\n".join(body).replace("math.acos(", "acos_lane(").replace("math.asin(", "asin_lane(")
    text = re.sub(r"\b(d?y|p)\[(\d)\]", r"\1[\2, lane]", text).replace("(t, p", "(t[lane], p")
    loop = ["for lane in range(LANES):", *("    " + line for line in text.splitlines())]
    comment = "`rhs` of every lane; y, p and dy have the shape (numbers, lanes)."
    return function(
        "rhs_lanes", ["t", "y", "p", "dy"], loop, [], comment=comment, decorator="@lane_kernel"
    )


def _unpack(derivation: Derivation, *, rates: bool) -> list[str]:
    """Lines that name the order parameters, the field's scale and the learning rates."""
    names = derivation.problem.order_parameters
    lines = [f"{name} = y[{i}]" for i, name in enumerate(names)]
    # A trial step of the integrator may leave [-1, 1] by a rounding error.
    cosines = derivation.problem.state_space.places("cosine")
    lines += [f"{names[i]} = min(1.0, max(-1.0, {names[i]}))" for i in cosines]
    lines.append(f"scale = {code(derivation.scale)}")
    lines += ["sign = 1.0 if scale >= 0.0 else -1.0", "q = abs(scale)", "rho = sign*R"]
    lines.append(f"shift = {code(derivation.shift)}")
    if rates:
        lines += [f"{_parameter(s)} = p[{i}]" for i, s in enumerate(PARAMETERS) if s != ETA]
        lines.append("eta = learning_rate(t, p[0])")
    return lines


def _field(derivation: Derivation) -> str:
    """``field(y) -> (scale, shift)``, both of a student whose scale is positive."""
    body = [*_unpack(derivation, rates=False)]
    comment = "Scale (its size) and shift of the student's field."
    return function("field", ["y"], body, ["float(q)", "float(shift)"], comment=comment)


def _largest_scale(derivation: Derivation) -> str:
    """Up to which scale the quadratures of the drift resolve the activation."""
    if derivation.problem.uses_batch:
        return "math.inf"
    wanted = [m for m in derivation.by_quadrature.values() if isinstance(m, Moment)]
    largest = resolved_scale(derivation.problem.activation_, wanted)
    return "math.inf" if largest == math.inf else repr(largest)


def _parameter(symbol: Symbol) -> str:
    return {"lambda": "weight_decay"}.get(symbol.name, symbol.name)


RENAMED = {s: Symbol(_parameter(s), positive=True) for s in PARAMETERS}


def _rhs(derivation: Derivation) -> str:
    if derivation.problem.uses_batch:
        call, quadrature = table_lines(derivation), ""
    else:
        wanted = {s: m for s, m in derivation.by_quadrature.items() if isinstance(m, Moment)}
        call, quadrature = moment_functions("moments", derivation, wanted)
    known = ["q = q if q <= LARGEST_SCALE else math.nan"] if quadrature else []
    body = [*_unpack(derivation, rates=True), *known, *call, *assignments(closed_drift(derivation))]
    comment = "Time derivative of " + ", ".join(derivation.problem.order_parameters) + "."
    return quadrature + function("rhs", ["t", "y", "p", "dy"], body, [], comment=comment)


#: Divisions are what SIMD code waits for: every lane divides once by L and once by M.
_INVERSES = {L: Symbol("by_L", positive=True), BATCH: Symbol("by_M", positive=True)}


def _is_reciprocal(e: Expr) -> bool:
    return e.is_Pow and e.base in _INVERSES and e.exp.is_Integer and e.exp < 0


def _by_inverse(e: Expr) -> Expr:
    return _INVERSES[e.base] ** -e.exp


def closed_drift(derivation: Derivation) -> dict[str, Expr]:
    """The drift with closed forms put in, by the name that the source gives it."""
    return {
        f"dy[{i}]": derivation.drift[name].subs(derivation.closed).subs(RENAMED)
        for i, name in enumerate(derivation.problem.order_parameters)
    }


def _jacobian(derivation: Derivation) -> str:
    """Chain rule through the moments, each derivative simplified on its own.

    A closed form's derivative by rho may be a difference of infinite terms at |rho| = 1 until
    it is simplified; a whole drift is too large to be simplified at once.
    """
    arguments = ["t", "y", "p", "J"]
    if derivation.by_quadrature:
        comment = "Not available: some moments have no closed form."
        return function("jacobian", arguments, ["J[0, 0] = math.nan"], [], comment=comment)
    names = derivation.problem.order_parameters
    entries = {
        f"J[{i}, {j}]": jacobian_entry(derivation, row, column).subs(RENAMED)
        for i, row in enumerate(names)
        for j, column in enumerate(names)
    }
    body = [*_unpack(derivation, rates=True), *assignments(entries)]
    return function("jacobian", arguments, body, [], comment="Derivatives of rhs by y.")


def jacobian_entry(derivation: Derivation, row: str, column: str) -> Expr:
    """``d(dy_row/dt) / dy_column`` in terms of order parameters, ``q``, ``rho`` and ``shift``."""
    drift, by = derivation.drift[row], ORDER_PARAMETERS[column]
    closed = derivation.closed
    total = drift.diff(by).subs(closed)
    inner = {
        RHO: SIGN if by == R else sympy.Integer(0),
        FIELD_STD: SIGN * derivation.scale.diff(by),
        SHIFT: derivation.shift.diff(by),
    }
    for symbol in drift.free_symbols & set(closed):
        slope = sum(
            moment_slope(closed[symbol], variable) * factor
            for variable, factor in inner.items()
            if factor != 0
        )
        total += drift.diff(symbol).subs(closed) * slope
    return total


def moment_slope(closed: Expr, variable: Symbol) -> Expr:
    """A closed form's derivative, simplified until |rho| = 1 is harmless."""
    slope = sympy.diff(closed, variable)
    return sympy.radsimp(sympy.simplify(slope)) if slope.has(sympy.sqrt(1 - RHO**2)) else slope


def _observables(derivation: Derivation) -> str:
    """``observables(y) -> (Q, error)``."""
    error, by_quadrature = generalisation_error(derivation)
    call, quadrature = moment_functions("error_moments", derivation, by_quadrature)
    body = [*_unpack(derivation, rates=False), *call, *assignments({"error": error})]
    comment = "The field's scale Q and the generalisation error."
    returns = ["float(scale)", "float(error)"]
    return quadrature + function("observables", ["y"], body, returns, comment=comment)


def generalisation_error(derivation: Derivation) -> tuple[Expr, dict[Symbol, Moment]]:
    """The error in closed forms, and in symbols of those moments that have none."""
    moments = {Symbol("E_" + "".join(map(str, m)), real=True): m for m in ERROR_MOMENTS}
    g, field = derivation.problem.activation_, derivation.field
    closed = choose(moments, g, field, derivation.routes).expressions
    values = {moment: closed.get(symbol, symbol) for symbol, moment in moments.items()}
    error = sum((weight * values[m] for m, weight in ERROR_MOMENTS.items()), sympy.Integer(0))
    return error, {s: moment for s, moment in moments.items() if s not in closed}


def system_source(derivation: Derivation) -> str:
    """`flow_source` with the imports that its compiled form needs."""
    imports = [
        "import math",
        "import numpy as np",
        "from bntheory.codegen.jit import kernel",
        "from bntheory.odes.tables.chebyshev import look_up, scale_axis",
        "from bntheory.teacher_student.normal_quadrature import (",
        "    FINE, SMOOTH_NODES, SMOOTH_WEIGHTS, fill_rule, rule_size, scaled_cuts, student_rule",
        ")",
        "from bntheory.codegen.jit import lane_kernel",
        "from bntheory.codegen.lane_math import acos_lane, asin_lane",
        f"LANES = {LANES}",
        "",
    ]
    return "\n".join(imports) + flow_source(derivation) + "\n" + lanes_source(derivation)
