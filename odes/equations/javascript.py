"""From a derivation to JavaScript: the counterpart of `flow_source`, printed by sympy as well.

``bntheory derive --format javascript`` and the page of ``bntheory explore`` hold this text. What
does not depend on the problem (the integrator, the rules of quadrature, the look-up in a table)
is written by hand in the files of ``odes/equations/templates``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sympy
from sympy import Expr, Symbol

from ...codegen.javascript import assignments, code, function
from ...codegen.modules import PACKAGE
from ..derivation.batch_tables import degree
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment, student_factor, teacher_factor
from ..derivation.symbols import PARAMETERS
from ..source.flow_source import RENAMED, closed_drift, generalisation_error, jacobian_entry
from ..source.table_source import table_point, table_spec, tabulated

_U, _V = sympy.symbols("u v", real=True)


def runtime(*names: str) -> str:
    """The text of files of ``odes/equations/templates``, one after the other."""
    folder = PACKAGE / "odes" / "equations" / "templates"
    return "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in names)


def javascript_flow(derivation: Derivation) -> str:
    """A function ``makeFlow(prepare)`` that returns the flow as an object.

    The object has ``names`` (of the order parameters), ``size``, ``place`` (by name),
    ``hasJacobian``, ``hasTable``, ``hasRange`` (of its table), and the functions
    ``rhs(t, y, p, dy)``, ``jacobian(t, y, p, J)`` and ``observables(y)``, which returns
    ``[Q, error]``. A quadrature ``moments(q, shift, rho)`` passes through ``prepare`` first,
    which may tabulate it.
    """
    names = derivation.problem.order_parameters
    has_table = bool(table_spec(derivation))
    homogeneous = derivation.problem.activation_.homogeneous
    facts = {
        "names": list(names),
        "size": len(names),
        "place": {name: place for place, name in enumerate(names)},
        "hasJacobian": not derivation.by_quadrature,
        "hasTable": has_table,
        "hasRange": has_table and not homogeneous,
    }
    members = ", ".join([*(f"{k}: {json.dumps(v)}" for k, v in facts.items()),
                         "rhs, jacobian, observables"])  # fmt: skip
    parts = [_learning_rate(derivation), _rhs(derivation), _jacobian(derivation)]
    parts += [_observables(derivation), f"return {{{members}}};"]
    return function("makeFlow", ["prepare"], "\n".join(parts).splitlines())


def _learning_rate(derivation: Derivation) -> str:
    """``learningRate(t, eta)``: the constant that is passed in, or the schedule's formula."""
    schedule = derivation.problem.schedule
    value = code(schedule.expression) if schedule else "eta"
    return function("learningRate", ["t", "eta"], [f"return {value};"])


def _unpack(derivation: Derivation, *, rates: bool) -> list[str]:
    """Lines that name the order parameters, the field's scale and the learning rates."""
    # A trial step of the integrator may leave [-1, 1] by a rounding error.
    lines = [
        f"const {name} = " + (f"clip(y[{i}]);" if name == "R" else f"y[{i}];")
        for i, name in enumerate(derivation.problem.order_parameters)
    ]
    lines.append(f"const scale = {code(derivation.scale)}, sign = scale >= 0 ? 1 : -1;")
    lines.append("const q = Math.abs(scale), rho = sign*R;")
    lines.append(f"const shift = {code(derivation.shift)};")
    if rates:
        named = [RENAMED[symbol].name for symbol in PARAMETERS[1:]]
        lines.append(f"const {{{', '.join(named)}}} = p, eta = learningRate(t, p.eta);")
    return lines


def _rhs(derivation: Derivation) -> str:
    quadrature = ""
    if derivation.problem.uses_batch:
        call = _table_lines(derivation)
    else:
        wanted = {s: m for s, m in derivation.by_quadrature.items() if isinstance(m, Moment)}
        call, quadrature = _moments("moments", derivation, wanted)
    drift = assignments(closed_drift(derivation), declared=True)
    body = [*_unpack(derivation, rates=True), *call, *drift]
    comment = "Time derivative of " + ", ".join(derivation.problem.order_parameters) + "."
    return quadrature + function("rhs", ["t", "y", "p", "dy"], body, comment)


def _jacobian(derivation: Derivation) -> str:
    """As in `flow_source`: entry by entry, since a whole drift is too large to be simplified."""
    if derivation.by_quadrature:
        return "const jacobian = null; // some moments have no closed form\n"
    names = derivation.problem.order_parameters
    entries = {
        f"J[{i}][{j}]": jacobian_entry(derivation, row, column).subs(RENAMED)
        for i, row in enumerate(names)
        for j, column in enumerate(names)
    }
    body = [*_unpack(derivation, rates=True), *assignments(entries, declared=True)]
    return function("jacobian", ["t", "y", "p", "J"], body, "Derivatives of rhs by y.")


def _observables(derivation: Derivation) -> str:
    error, by_quadrature = generalisation_error(derivation)
    call, quadrature = _moments("errorMoments", derivation, by_quadrature)
    body = [*_unpack(derivation, rates=False), *call, *assignments({"error": error})]
    comment = "The field's scale Q and the generalisation error."
    return quadrature + function("observables", ["y"], [*body, "return [scale, error];"], comment)


def _table_lines(derivation: Derivation) -> list[str]:
    """Lines that look up the tabulated moments of a batch scheme, as in `table_source`."""
    wanted = derivation.by_quadrature
    if not wanted:
        return []
    homogeneous = derivation.problem.activation_.homogeneous
    point, order = table_point(derivation, "Math", "scaleAxis(p.table, q)"), tabulated(derivation)
    lines = [f"const values = lookUp(p.table, Math.acos(rho), {point}, {len(order)});"]
    lines += ["const size = Math.hypot(q, shift);"] if homogeneous else []
    for i, symbol in enumerate(order):
        power = degree(wanted[symbol]) if homogeneous else 0
        lines.append(f"const {symbol} = values[{i}]" + "*size" * power + ";")
    return lines


def _moments(
    name: str, derivation: Derivation, wanted: Mapping[Symbol, Moment]
) -> tuple[list[str], str]:
    """The line that calls a two-fold quadrature, and its source, as in `quadrature_source`."""
    if not wanted:
        return [], ""
    activation = derivation.problem.activation_
    shifted = derivation.shift != 0
    teachers = {(m.teacher, m.v): teacher_factor(activation, m, _V) for m in wanted.values()}
    inner = {f"b{i}{j}": e for (i, j), e in teachers.items() if (i, j) != (0, 0)}
    outer = {
        f"a{k}": student_factor(activation, moment, _U, shifted)
        for k, moment in enumerate(wanted.values())
    }
    at = activation.kinks
    averages, source = _teacher_averages(f"{name}Teacher", inner, at)
    sums = [
        f"total[{k}] += rule.weights[i]*a{k}"
        + (f"*s{m.teacher}{m.v};" if m.teacher or m.v else ";")
        for k, m in enumerate(wanted.values())
    ]
    body = [
        f"const rule = studentRule({json.dumps(list(at))}, shift, q);",
        f"const total = new Float64Array({len(wanted)});",
        *averages,
        "for (let i = 0; i < rule.nodes.length; i++) {",
        "  const u = rule.nodes[i];",
        *([f"  const [{', '.join('s' + n[1:] for n in inner)}] = averages[i];"] if inner else []),
        *("  " + line for line in [*assignments(outer), *sums]),
        "}",
        "return total;",
    ]
    source += function(f"{name}Rule", ["q", "shift", "rho"], body)
    source += f"const {name} = prepare({name}Rule, {json.dumps(shifted)});\n"
    symbols = ", ".join(str(symbol) for symbol in wanted)
    return [f"const [{symbols}] = {name}(q, shift, rho);"], source


def _rule(at: Sequence[float], shift: str, scale: str) -> str:
    return f"splitRule({json.dumps(list(at))}, {shift}, {scale})" if at else "SMOOTH_RULE"


def _teacher_averages(
    name: str, inner: Mapping[str, Expr], at: Sequence[float]
) -> tuple[list[str], str]:
    """The line that asks for the averages over ``v = rho u + across z``, and their source.

    They do not depend on the student: of a smooth activation, whose nodes in u stay where they
    are, those of the last rho are remembered.
    """
    if not inner:
        return [], ""
    sums = [f"s{n[1:]}" for n in inner]
    body = [
        "const across = Math.sqrt(Math.max(0, 1 - rho*rho));",
        "return Array.from(nodes, (u) => {",
        f"  const rule = {_rule(at, 'rho*u', 'across')};",
        f"  let {' = 0, '.join(sums)} = 0;",
        "  for (let j = 0; j < rule.nodes.length; j++) {",
        "    const v = rho*u + across*rule.nodes[j];",
        *("    " + line for line in assignments(inner)),
        *(f"    {s} += rule.weights[j]*b{s[1:]};" for s in sums),
        "  }",
        f"  return [{', '.join(sums)}];",
        "});",
    ]
    source = function(f"{name}Rule", ["rho", "nodes"], body)
    if not at:
        source += f"const {name} = remembered({name}Rule);\n"
    call = f"{name}(rho, rule.nodes)" if not at else f"{name}Rule(rho, rule.nodes)"
    return [f"const averages = {call};"], source
