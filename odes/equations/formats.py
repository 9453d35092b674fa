"""A derived flow as text, LaTeX, or standalone Python or JavaScript source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ...codegen.modules import PACKAGE
from ...teacher_student.problem import Problem
from ..derivation.batch_moments import BatchMoment, PairMoment, moment_tuple
from ..derivation.drift import Derivation, derive_drift
from ..derivation.expectations import AnyMoment
from ..derivation.symbols import GAMMA, L
from ..flow.flow_kernels import parameters
from ..source.flow_source import RENAMED, flow_source
from ..tables.chebyshev import HEADER
from .javascript import javascript_flow, runtime


@dataclass(frozen=True)
class Equations:
    """The order-parameter equations of a problem.

    Attributes
    ----------
    derivation
        The derivation they are printed from.
    """

    derivation: Derivation

    @property
    def equations(self) -> dict[str, Expr]:
        """Time derivatives by the order parameter's name, as sympy expressions.

        Where the field's scale is one order parameter (gamma, or L without gamma) that one is
        called Q, as in the paper.
        """
        own = self.derivation.equations
        scale = {GAMMA: "gamma", L: "L"}.get(self.derivation.scale)
        if scale is None:
            return dict(own)
        called = {self.derivation.scale: Symbol("Q", positive=True)}
        return {("Q" if n == scale else n): e.subs(called) for n, e in own.items()}

    def text(self) -> str:
        """Plain text, one equation a line, and what the averages stand for."""
        printer = _TextPrinter(self.derivation.moments)
        lines = [f"d{n}/dt = {printer.doprint(e)}" for n, e in self.equations.items()]
        return "\n".join([*self.preamble(), *lines]) + "\n"

    def latex(self) -> str:
        """A LaTeX ``align`` environment."""
        printer = _LatexEquations(self.derivation.moments)
        lines = [
            rf"\frac{{d{_latex_name(n)}}}{{dt}} &= {printer.doprint(e)}"
            for n, e in self.equations.items()
        ]
        return "\\begin{align}\n" + " \\\\\n".join(lines) + "\n\\end{align}\n"

    def mathml(self) -> dict[str, str]:
        """MathML by the order parameter's name, for a browser: one ``math`` element each."""
        from .mathml import equation

        averages = {symbol: _factors(m) for symbol, m in self.derivation.moments.items()}
        return {n: equation(n, e, averages) for n, e in self.equations.items()}

    def python(self) -> str:
        """A program that integrates the flow with NumPy and SciPy, without this package."""
        problem = self.derivation.problem
        rules = self._rules()
        head = [f'"""{" ".join(self.preamble())}"""', "import math", "", "import numpy as np"]
        head += ["from scipy.integrate import solve_ivp", "", _COMPILED_IF_POSSIBLE]
        body = rules + "\n" + flow_source(self.derivation)
        body = body.replace(".py_func", "")
        tail = _DRIVER.format(
            start=list(problem.start),
            parameters=parameters(problem).tolist(),
            names=", ".join(problem.order_parameters),
        )
        return "\n".join(head) + body + tail

    def javascript(self) -> str:
        """A program that integrates the flow in any JavaScript engine, without libraries.

        ``makeFlow`` is the derived flow; a page takes it with ``integrate`` below it.
        """
        problem, text = self.derivation.problem, " ".join(self.preamble())
        needed = ["special", "integrator"]
        if self.derivation.by_quadrature:
            needed += ["chebyshev"] if problem.uses_batch else []
            needed += ["quadrature"]
        numbers = parameters(problem)
        own = dict(zip((symbol.name for symbol in RENAMED.values()), numbers.tolist(),
                       strict=False))  # fmt: skip
        table = numbers[len(own) :].tolist() or None
        driver = _JAVASCRIPT_DRIVER.format(
            names=", ".join(problem.order_parameters),
            start=list(problem.start),
            parameters=json.dumps(own | {"table": table}),
        )
        parts = [f"// {text}", '"use strict";', runtime(*needed), javascript_flow(self.derivation)]
        return "\n".join([*parts, driver])

    def _rules(self) -> str:
        """Source of the quadrature, or of the look-up in a table that the parameters carry."""
        if not self.derivation.by_quadrature:
            return ""
        if self.derivation.problem.uses_batch:
            rule = (PACKAGE / "odes" / "tables" / "chebyshev.py").read_text()
            return f"HEADER = {HEADER}\n\n\n@kernel" + rule.partition("@kernel")[2]
        rule = (PACKAGE / "teacher_student" / "normal_quadrature.py").read_text()
        return "REACH = " + rule.partition("REACH = ")[2]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.derivation.problem.to_dict(),
            "text": self.text(),
            "latex": self.latex(),
            "python": self.python(),
            "javascript": self.javascript(),
        }

    def preamble(self) -> list[str]:
        """The formulas behind the equations, a line each."""
        problem = self.derivation.problem
        return [
            f"student field f = {problem.scheme_.formula},",
            f"activation g(h) = {problem.activation_.formula};",
            f"f = shift + scale u with scale = {self.derivation.scale},",
            f"shift = {self.derivation.shift}; u, v standard normal, corr(u, v) = R.",
        ]


def derive(problem: Problem) -> Equations:
    """Derive the order-parameter equations of a problem (theory.md, section 3).

    Parameters
    ----------
    problem
        Its formulas decide the equations; its numbers enter the Python and JavaScript source alone.

    Returns
    -------
    Equations
        With ``text()``, ``latex()``, ``mathml()``, ``python()`` and ``javascript()``.

    Raises
    ------
    ValueError
        If no flow is derived for the scheme.

    Examples
    --------
    >>> import bntheory as bn
    >>> print(bn.derive(bn.Problem(activation="identity", scheme="wn")).equations["Q"])
    eta*gamma_rate*(-Q*zeta - Q + R)
    """
    return Equations(derive_drift(problem))


def _factors(moment: AnyMoment) -> tuple[tuple[str, int], ...]:
    """What a moment averages, as names and powers; ``_1 _2`` are two examples of a batch."""
    one: tuple[str, ...] = ("g(f)", "g'(f)", "u", "g(v)", "v")
    powers: tuple[int, ...] = moment_tuple(moment)
    if isinstance(moment, PairMoment):
        one = tuple(f"{n}_{k}" for k in (1, 2) for n in ("g(f)", "g'(f)", "uhat", "g(v)"))
        one += ("ubar", "s")
    elif isinstance(moment, BatchMoment):
        one = ("g(f)", "g'(f)", "uhat", "ubar", "s", "g(v)", "v")
    return tuple((name, power) for name, power in zip(one, powers, strict=True) if power)


class _TextPrinter(StrPrinter):
    """Prints a moment's symbol as the average it stands for."""

    def __init__(self, moments: dict[Symbol, AnyMoment]) -> None:
        super().__init__()
        self._moments = moments

    def _print_Symbol(self, symbol: Symbol) -> str:
        if symbol not in self._moments:
            return str(symbol.name)
        factors = _factors(self._moments[symbol])
        return "<" + " ".join(n if p == 1 else f"{n}^{p}" for n, p in factors) + ">"


class _LatexEquations(LatexPrinter):
    """The same in LaTeX."""

    def __init__(self, moments: dict[Symbol, AnyMoment]) -> None:
        super().__init__()
        self._moments = moments

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        if symbol not in self._moments:
            return _latex_name(symbol.name)
        factors = _factors(self._moments[symbol])
        inside = r"\,".join(n if p == 1 else f"{{{n}}}^{{{p}}}" for n, p in factors)
        return rf"\left\langle {inside} \right\rangle"


def _latex_name(name: str) -> str:
    if name == "gamma_rate":
        return r"r_\gamma"
    return rf"\{name}" if name in ("eta", "gamma", "zeta", "lambda", "beta") else str(name)


_COMPILED_IF_POSSIBLE = """\
try:  # numba makes it fast; nothing else needs it
    from numba import njit as kernel
except ImportError:
    def kernel(function):
        return function

"""
_DRIVER = """

START = np.array({start})  # {names}
PARAMETERS = np.array({parameters})  # eta, gamma_rate, zeta, S, M, lambda


def slope(t, y):
    dy = np.empty(SIZE)
    rhs(t, y, PARAMETERS, dy)
    return dy


if __name__ == "__main__":
    times = np.linspace(0.0, 20.0, 101)
    solution = solve_ivp(slope, (0.0, 20.0), START, "LSODA", times, rtol=1e-8, atol=1e-10)
    print("t, {names}, Q, error")
    for t, y in zip(solution.t, solution.y.T):
        print(", ".join(f"{{x:.10g}}" for x in (t, *y, *observables(y))))
"""

_JAVASCRIPT_DRIVER = """\
const START = {start}; // {names}
const PARAMETERS = {parameters};

const flow = makeFlow((moments) => moments);
const times = Array.from({{length: 101}}, (_, i) => 20 * i / 100);
const run = integrate(flow, START, times, PARAMETERS);
console.log("t, {names}, Q, error");
run.states.forEach((y, i) => {{
  const row = [times[i], ...y, ...flow.observables(y)];
  console.log(row.map((x) => Number(x.toPrecision(10))).join(", "));
}});
if (run.status !== "complete") console.log(`// ${{run.status}} at t = ${{run.t}}`);
"""
