"""A flow for JavaScript engines: its system's model, printed, in what the page wraps it in.

``bntheory derive --format javascript`` and the page of ``bntheory explore`` hold this text. What
does not depend on the problem (the integrator, the rules of quadrature, the look-up in a table)
is written by hand in the files of ``odes/equations/templates``.
"""

from __future__ import annotations

import json

from ...codegen.model import Function
from ...codegen.modules import PACKAGE
from ...codegen.printers.javascript import JavaScriptPrinter
from ..derivation.drift import Derivation
from ..derivation.observables import OBSERVABLES
from ..source.system_module import RENAMED, system_module

#: The parameters are a record here, and the tables are in it.
PRINTER = JavaScriptPrinter({"p": [symbol.name for symbol in RENAMED.values()]})
#: What of the system a page has no use for.
UNUSED = ("field",)


def runtime(*names: str) -> str:
    """The text of files of ``odes/equations/templates``, one after the other."""
    folder = PACKAGE / "odes" / "equations" / "templates"
    texts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in names]
    return "\n".join([*([_edge_rules()] if "newton" in names else []), *texts])


def _edge_rules() -> str:
    """The rules for slopes at ``|R| = 1``, of flows with a table and without, for ``newton.js``."""
    from ..kernels.roots import edge_rule

    rules = {str(table).lower(): edge_rule(table) for table in (False, True)}
    held = {k: [list(map(float, row)) for row in rule] for k, rule in rules.items()}
    return f"const EDGE_RULES = {json.dumps(held)};"


def javascript_flow(derivation: Derivation) -> str:
    """A function ``makeFlow(prepare)`` that returns the flow as an object.

    The object has ``names`` (of the order parameters), ``size``, ``place`` (by name),
    ``shown`` (names of observables), ``hasJacobian``, ``hasTable``, ``hasRange`` (of its table),
    and the functions ``rhs(t, y, p, dy)``, ``jacobian(t, y, p, J)`` and ``observables(y)``, which
    returns ``[Q, error]``. A quadrature ``moments(q, shift, rho)`` passes through ``prepare``
    first, which may tabulate it.
    """
    module = system_module(derivation)
    names = derivation.problem.order_parameters
    facts = {
        "names": list(names),
        "size": len(names),
        "place": {name: place for place, name in enumerate(names)},
        "shown": list(OBSERVABLES),
        "hasJacobian": module.constants["HAS_JACOBIAN"],
        "hasTable": bool(module.constants["TABLE"]),
        "hasRange": module.constants["HAS_RANGE"],
    }
    members = [*(f"{name}: {json.dumps(value)}" for name, value in facts.items())]
    members += ["rhs", "jacobian", "observables"]
    needed = ("LARGEST_SCALE", "KINKS") if "KINKS" in module.constants else ()
    parts = [PRINTER.constant(name, module.constants[name]) for name in needed]
    parts += [_defined(f, derivation) for f in module.functions if f.name not in UNUSED]
    lines = "\n".join([*parts, f"return {{{', '.join(members)}}};"]).splitlines()
    return "\n".join(["function makeFlow(prepare) {", *(f"  {line}" for line in lines), "}"]) + "\n"


def _defined(function: Function, derivation: Derivation) -> str:
    """A function; of a quadrature, what the page makes of it to be fast enough for sliders.

    A teacher's averages do not depend on the student: of a smooth activation, whose nodes in u
    stay where they are, those of the last rho are remembered.
    """
    text, name = PRINTER.function(function), PRINTER.name(function.name)
    if function.arguments == ("q", "shift", "rho"):
        return f"const {name} = prepare(\n{text}, {json.dumps(derivation.shift != 0)});\n"
    if function.arguments == ("rho", "u"):
        smooth = not derivation.problem.activation_.kinks
        return f"const {name} = remembered(\n{text});\n" if smooth else text
    return text
