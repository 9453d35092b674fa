"""The order-parameter equations of a committee as text and LaTeX (theory page 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ...teacher_student.schemes import scheme_symbols
from ..committee.field_source import LENGTH, large_dimension
from ..committee.packages import SAMPLING, route
from .committee_program import committee_program

#: What the field's formula is written in, of unit k; u_k is the normalised field.
H, MU, SIGMA, L, GAMMA, BETA, U, DELTA = sympy.symbols(
    "h_k mu_k sigma_k L_k gamma_k beta_k u_k delta_k"
)
WRITTEN = {"a": H, "mu": MU, "sigma": SIGMA, "gamma": GAMMA, "beta": BETA}
#: The three kinds of order parameters: what stands on the left, and the equation (10.2).
FLOW = {
    "A_kn": ("eta*(E<d_k v_n> + (E e_k - lambda)*A_kn)",
             r"\eta\left(E\langle d_k v_n\rangle + (E e_k - \lambda) A_{kn}\right)"),
    "C_kl": ("eta*(E<d_k h_l> + E<d_l h_k> + (E e_k + E e_l - 2*lambda)*C_kl) + eta^2/M E<d_k d_l>",
             r"\eta\left(E\langle d_k h_l\rangle + E\langle d_l h_k\rangle + (E e_k + E e_l - "
             r"2\lambda) C_{kl}\right) + \frac{\eta^2}{M} E\langle d_k d_l\rangle"),
}  # fmt: skip


class _Text(StrPrinter):
    """Powers as ``^``."""

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        return str(super()._print_Pow(expr, rational)).replace("**", "^")


@dataclass(frozen=True, repr=False)
class CommitteeEquations:
    """The equations of a problem of several units: matrices of order parameters.

    Attributes
    ----------
    problem
        The problem they are of: its formulas and its numbers of units decide them.
    """

    problem: Problem

    @property
    def steps(self) -> dict[str, sympy.Expr]:
        """How one example moves unit k: ``own``, by its own signal, in units of delta_k.

        ``mean`` and ``spread``: what acts through the statistics' mean and spread, likewise, to be
        averaged over those who share them; ``length``: through the unit's length, e_k, likewise;
        ``gamma`` and ``beta``: through these.
        """
        s, field = scheme_symbols(), self.problem.scheme_.field
        slopes = {
            "own": field.diff(s["a"]),
            "mean": field.diff(s["mu"]),
            "spread": field.diff(s["sigma"]),
            "length": 2 * s["N"] * field.diff(s["n2"]),
            "gamma": field.diff(s["gamma"]),
            "beta": field.diff(s["beta"]),
        }
        return {name: self._written(slope) for name, slope in slopes.items()}

    def _written(self, slope: sympy.Expr) -> sympy.Expr:
        """In unit k's symbols, with the normalised field where there is one."""
        s = scheme_symbols()
        found = large_dimension(slope)
        found = found.subs({s[name]: symbol for name, symbol in WRITTEN.items()})
        found = found.subs(LENGTH, L)
        uses = self.problem.scheme_.uses
        if "sigma" in uses:
            return sympy.simplify(found.subs(H, (MU if self._centred else 0) + SIGMA * U))
        return sympy.simplify(found)

    @property
    def _centred(self) -> bool:
        """Whether the spread is about the mean: across units only where the mean is used."""
        scheme = self.problem.scheme_
        return scheme.normaliser != "units" or "mu" in scheme.uses

    @property
    def _shared(self) -> str:
        return "units" if self.problem.scheme_.normaliser == "units" else "batch"

    def text(self) -> str:
        """Plain text, one equation a line, and what the symbols stand for."""
        show = _Text().doprint

        def mean(expression: sympy.Expr) -> str:
            return f"mean_{self._shared}({show(expression * DELTA)})"

        steps = self.steps
        parts = [show(steps["own"] * DELTA)] if steps["own"] != 0 else []
        parts += [mean(steps["mean"])] if steps["mean"] != 0 else []
        parts += [f"u_k {mean(steps['spread'])}"] if steps["spread"] != 0 else []
        length = f"<{show(steps['length'] * DELTA)}>" if steps["length"] != 0 else "0"
        lines = [*self.preamble(), f"d_k = {' + '.join(parts)}", f"e_k = {length}"]
        for name in self.problem.trained_scalars:
            slope = steps[name]
            decay = " - zeta*gamma_k" if name == "gamma" else ""
            lines.append(f"d{name}_k/dt = eta*gamma_rate*(E<{show(slope * DELTA)}>{decay})")
        lines += [f"d{name}/dt = {right}" for name, (right, _) in FLOW.items()]
        return "\n".join(lines) + "\n"

    def latex(self) -> str:
        """A LaTeX ``align`` environment."""
        show = LatexPrinter().doprint

        def mean(expression: sympy.Expr) -> str:
            inside = show(expression * DELTA)
            return rf"\left\langle {inside} \right\rangle_{{\mathrm{{{self._shared}}}}}"

        steps = self.steps
        parts = [show(steps["own"] * DELTA)] if steps["own"] != 0 else []
        parts += [mean(steps["mean"])] if steps["mean"] != 0 else []
        parts += [f"u_k {mean(steps['spread'])}"] if steps["spread"] != 0 else []
        length = rf"\left\langle {show(steps['length'] * DELTA)} \right\rangle"
        signal = r"\delta_k &= a_k\, g'(f_k)\left(\sum_n g(v_n) + \xi - \sum_l a_l\, g(f_l)\right)"
        lines = [signal, f"d_k &= {' + '.join(parts)}"]
        lines.append(f"e_k &= {length if steps['length'] != 0 else '0'}")
        for name in self.problem.trained_scalars:
            decay = r" - \zeta \gamma_k" if name == "gamma" else ""
            inside = rf"E\left\langle {show(steps[name] * DELTA)} \right\rangle{decay}"
            left = rf"\frac{{d\{name}_k}}{{dt}}"
            lines.append(rf"{left} &= \eta\, r_\gamma \left({inside}\right)")
        for name, (_, right) in FLOW.items():
            letter, index = name.split("_")
            lines.append(rf"\frac{{d{letter}_{{{index}}}}}{{dt}} &= {right}")
        return "\\begin{align}\n" + " \\\\\n".join(lines) + "\n\\end{align}\n"

    def preamble(self) -> list[str]:
        """The formulas behind the equations, and what the symbols stand for, a line each."""
        problem = self.problem
        K, T = problem.units, problem.teacher_units
        scheme, shared = problem.scheme_, self._shared
        said = [
            f"student sum_k a_k g(f_k) of {K} units, teacher sum_n g(v_n) + xi of {T},",
            f"field f_k = {scheme.formula} with a = h_k = w_k.x,",
            f"activation g(h) = {problem.activation_.formula};",
            "A_kn = w_k.w*_n/N, C_kl = w_k.w_l/N, L_k^2 = C_kk; h, v are Gaussian with the",
            "covariance [[C, A], [A', T]]; < > is the mean over a step's M examples, E over steps;",
            "delta_k = a_k g'(f_k) (sum_n g(v_n) + xi - sum_l a_l g(f_l));",
        ]
        if {"mu", "sigma"} & scheme.uses:
            u = "(h_k - mu_k)/sigma_k" if self._centred else "h_k/sigma_k"
            said.append(f"mu_k, sigma_k of the {shared}, u_k = {u};")
        return said

    def python(self) -> str:
        """A program that integrates the flow with NumPy and SciPy, without this package.

        Raises
        ------
        InputError
            For averages that are sampled.
        """
        return committee_program(self.problem, self.preamble())

    def javascript(self) -> NoReturn:
        """There is none.

        Raises
        ------
        InputError
            With the reason.
        """
        reason = "programs in JavaScript are there for one unit; text, latex and python are"
        raise InputError("units", self.problem.units, f"{reason} accepted with several")

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        problem = self.problem
        closed = route(problem) != SAMPLING and not problem.committee.random
        return {
            "problem": problem.to_dict(),
            "text": self.text(),
            "latex": self.latex(),
            "python": self.python() if closed else None,
            "javascript": None,
        }

    def __repr__(self) -> str:
        return f"Equations of {self.problem.short()}:\n{self.text()}".rstrip()

    def _repr_latex_(self) -> str:
        inside = self.latex().replace("{align}", "{aligned}").strip()
        return f"$\\displaystyle {inside}$"
