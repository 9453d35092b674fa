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
#: What of the system a page of the squared loss has no use for.
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
    first, which may tabulate it. Of another loss or other labels than the usual ones it is a
    function ``makeFlow(prepare, setting)``, which takes those as `javascript_signals` prints them,
    and has a function ``field(y)`` as well, ``[q, shift]``; what is averaged over one example
    comes from ``templates/signal_rule.js``.
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
    unusual = not derivation.problem.squares
    members += ["ofSignals: true"] if unusual else []
    members += ["rhs", "jacobian", "observables", *(["field"] if unusual else [])]
    needed = ("LARGEST_SCALE", "KINKS") if "KINKS" in module.constants else ()
    parts = [PRINTER.constant(name, module.constants[name]) for name in needed]
    parts += [_signals(derivation)] if unusual and not derivation.over_batches else []
    unused = () if unusual else UNUSED
    parts += [_defined(f, derivation) for f in module.functions if f.name not in unused]
    lines = "\n".join([*parts, f"return {{{', '.join(members)}}};"]).splitlines()
    head = f"function makeFlow(prepare{', setting' if unusual else ''}) {{"
    return "\n".join([head, *(f"  {line}" for line in lines), "}"]) + "\n"


def _signals(derivation: Derivation) -> str:
    """The function of the moments of a signal that the right-hand side calls."""
    powers = [list(moment[:3]) for moment in derivation.by_quadrature.values()]
    shifted = json.dumps(derivation.shift != 0)
    return f"const moments = signalAverages(setting, {powers}, {shifted}, prepare);"


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
