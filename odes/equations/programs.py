"""A derived flow as a program of its own, in Python or JavaScript."""

from __future__ import annotations

import json

from ...codegen.modules import PACKAGE
from ..derivation.drift import Derivation
from ..derivation.observables import OBSERVABLES
from ..derivation.symbols import PARAMETERS
from ..flow.flow_kernels import parameters
from ..source.flow_source import flow_source
from ..source.system_module import RENAMED
from ..tables.chebyshev import HEADER
from .javascript import javascript_flow, runtime


def python_program(derivation: Derivation, preamble: list[str]) -> str:
    """A program that integrates a flow with NumPy and SciPy, without this package.

    Parameters
    ----------
    derivation
        Of the flow.
    preamble
        What stands at its head.
    """
    problem = derivation.problem
    head = [f'"""{" ".join(preamble)}"""', "import math", "", "import numpy as np"]
    head += ["from scipy.integrate import solve_ivp", "", COMPILED_IF_POSSIBLE]
    tail = DRIVER.format(
        start=list(problem.initial_state),
        parameters=parameters(problem).tolist(),
        order=", ".join(symbol.name for symbol in PARAMETERS),
        names=", ".join(problem.order_parameters),
        shown=", ".join(OBSERVABLES),
        values="*observables(y)",
    )
    return "\n".join(head) + _rules(derivation) + "\n" + flow_source(derivation) + tail


def _rules(derivation: Derivation) -> str:
    """Source of the quadrature, or of the look-up in a table that the parameters carry."""
    if not derivation.by_quadrature:
        return ""
    if derivation.problem.uses_batch:
        rule = (PACKAGE / "odes" / "tables" / "chebyshev.py").read_text(encoding="utf-8")
        rule = rule.replace("@sum_kernel", "@kernel")
        return f"HEADER = {HEADER}\n\n\n@kernel" + rule.partition("@kernel")[2]
    rule = (PACKAGE / "teacher_student" / "normal_quadrature.py").read_text(encoding="utf-8")
    # The constant at its end is made without compiling, which a program without numba cannot say.
    rule = rule.partition("REACH = ")[2].partition("def _smooth_rule")[0]
    return f"REACH = {rule}{_SMOOTH_RULE}"


def javascript_program(derivation: Derivation, preamble: list[str]) -> str:
    """A program that integrates a flow in any JavaScript engine, without libraries.

    Parameters
    ----------
    derivation
        Of the flow.
    preamble
        What stands at its head.
    """
    problem = derivation.problem
    needed = ["special", "integrator"]
    if derivation.by_quadrature:
        needed += ["chebyshev"] if problem.uses_batch else []
        needed += ["quadrature"]
    numbers = parameters(problem).tolist()
    own = dict(zip((symbol.name for symbol in RENAMED.values()), numbers, strict=False))
    driver = _JAVASCRIPT_DRIVER.format(
        start=list(problem.initial_state),
        parameters=json.dumps(own | {"table": numbers[len(own) :] or None}),
        names=", ".join(problem.order_parameters),
        shown=", ".join(OBSERVABLES),
    )
    head = [f"// {' '.join(preamble)}", '"use strict";', runtime(*needed)]
    return "\n".join([*head, javascript_flow(derivation), driver])


COMPILED_IF_POSSIBLE = """\
try:  # numba makes it fast; nothing else needs it
    from numba import njit as kernel
except ImportError:
    def kernel(function):
        return function

"""
_SMOOTH_RULE = """\
#: The fine rule without cuts: a constant to the kernels of smooth activations.
SMOOTH_NODES, SMOOTH_WEIGHTS = student_rule(np.zeros(0), 0.0, 1.0, FINE)
"""
DRIVER = """

START = np.array({start})  # {names}
PARAMETERS = np.array({parameters})  # {order}


def slope(t, y):
    dy = np.empty(SIZE)
    rhs(t, y, PARAMETERS, dy)
    return dy


if __name__ == "__main__":
    times = np.linspace(0.0, 20.0, 101)
    solution = solve_ivp(slope, (0.0, 20.0), START, "LSODA", times, rtol=1e-8, atol=1e-10)
    print("t, {names}, {shown}")
    for t, y in zip(solution.t, solution.y.T):
        print(", ".join(f"{{x:.10g}}" for x in (t, *y, {values})))
"""

_JAVASCRIPT_DRIVER = """\
const START = {start}; // {names}
const PARAMETERS = {parameters};

const flow = makeFlow((moments) => moments);
const times = Array.from({{length: 101}}, (_, i) => 20 * i / 100);
const run = integrate(flow, START, times, PARAMETERS);
console.log("t, {names}, {shown}");
run.states.forEach((y, i) => {{
  const row = [times[i], ...y, ...flow.observables(y)];
  console.log(row.map((x) => Number(x.toPrecision(10))).join(", "));
}});
if (run.status !== "complete") console.log(`// ${{run.status}} at t = ${{run.t}}`);
"""
