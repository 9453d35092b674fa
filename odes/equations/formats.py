"""A derived flow as text, LaTeX, or standalone Python or JavaScript source."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from sympy import Expr, Symbol

from ...teacher_student.loss_checks import refuse_losses
from ...teacher_student.optimisers import refuse_optimisers
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem, refuse_running
from ..derivation.drift import Derivation, derive_drift
from ..derivation.symbols import GAMMA, L
from .committees import CommitteeEquations
from .printing import LatexEquations, TextPrinter, factors_of, latex_name
from .programs import javascript_program, python_program


@dataclass(frozen=True, repr=False)
class Equations:
    """The order-parameter equations of a problem.

    Attributes
    ----------
    derivation
        The derivation they are printed from.
    problem
        The problem they are of: under momentum the derivation is that of its limit.
    """

    derivation: Derivation
    problem: Problem

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
        return {("Q" if n == scale else n): e.xreplace(called) for n, e in own.items()}

    def text(self) -> str:
        """Plain text, one equation a line, and what the averages stand for."""
        printer = TextPrinter(self.derivation.moments)
        lines = [f"d{n}/dt = {printer.doprint(e)}" for n, e in self.equations.items()]
        return "\n".join([*self.preamble(), *lines]) + "\n"

    def latex(self) -> str:
        """A LaTeX ``align`` environment."""
        printer = LatexEquations(self.derivation.moments)
        lines = [
            rf"\frac{{d{latex_name(n)}}}{{dt}} &= {printer.doprint(e)}"
            for n, e in self.equations.items()
        ]
        return "\\begin{align}\n" + " \\\\\n".join(lines) + "\n\\end{align}\n"

    def mathml(self) -> dict[str, str]:
        """MathML by the order parameter's name, for a browser: one ``math`` element each."""
        from .mathml import equation

        averages = {symbol: factors_of(m) for symbol, m in self.derivation.moments.items()}
        return {n: equation(n, e, averages) for n, e in self.equations.items()}

    def _refuse_programs(self) -> None:
        needed = "need this package's quadratures"
        refuse_losses(self.problem, f"programs of other losses {needed}")
        refuse_optimisers(self.problem, f"programs of other optimisers {needed}")

    @property
    def _as_programs(self) -> bool:
        return self.problem.squares and self.problem.plain_steps

    def python(self) -> str:
        """A program that integrates the flow with NumPy and SciPy, without this package."""
        self._refuse_programs()
        return python_program(self.derivation, self.preamble())

    def javascript(self) -> str:
        """A program that integrates the flow in any JavaScript engine, without libraries.

        ``makeFlow`` is the derived flow; a page takes it with ``integrate`` below it.
        """
        self._refuse_programs()
        return javascript_program(self.derivation, self.preamble())

    def __repr__(self) -> str:
        return f"Equations of {self.problem.short()}:\n{self.text()}".rstrip()

    def _repr_latex_(self) -> str:
        inside = self.latex().replace("{align}", "{aligned}").strip()
        return f"$\\displaystyle {inside}$"

    def _repr_html_(self) -> str:
        """In a notebook: the equations as MathML, and what their symbols stand for."""
        said = "".join(f"<p>{escape(line)}</p>" for line in self.preamble())
        return f"{said}{''.join(f'<p>{math}</p>' for math in self.mathml().values())}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "text": self.text(),
            "latex": self.latex(),
            "python": self.python() if self._as_programs else None,
            "javascript": self.javascript() if self._as_programs else None,
        }

    def preamble(self) -> list[str]:
        """The formulas behind the equations, a line each."""
        problem = self.derivation.problem
        of_batches = problem.uses_batch and not problem.squares
        shared = ["m of a step's M examples share mu and sigma: all of them by default."]
        return [
            f"student field f = {problem.scheme_.formula},",
            f"activation g(h) = {problem.activation_.formula};",
            f"f = shift + scale u with scale = {self.derivation.scale},",
            f"shift = {self.derivation.shift}; u, v standard normal, corr(u, v) = R.",
            *(["v = R u + sqrt(1 - R^2) z; u = ubar + s uhat;"] if of_batches else []),
            *(shared if problem.uses_batch else []),
            *self._of_the_loss(),
            *self._under_momentum(),
            *self._of_the_optimiser(),
        ]

    def _of_the_loss(self) -> list[str]:
        given = self.problem
        if given.squares:
            return []
        loss = f"delta = -(dl/do) g'(f) of the loss l = {given.loss_.formula}, o = g(f),"
        clipped = "" if given.clip is None else f", clipped where |delta df/da| > {given.clip:g}"
        return [loss, f"labels y: {given.labels}, noise law {given.noise_law}{clipped};"]

    def _of_the_optimiser(self) -> list[str]:
        given = self.problem
        clipped = f"steps are clipped where a gradient is longer than {given.step_clip};"
        chi = "MeanChi(M) = E sqrt(Y) of a chi-square Y of M degrees of freedom;"
        kept = (
            "KeptDrift(M, x) = E[f Y]/M, KeptNoise(M, x) = E[f^2 Y]/M, f = min(1, M/(x sqrt(Y)));"
        )
        b2 = "the optimiser is adagrad-norm: b2 is 1 + sum |gradient|^2 / N, 1 at the start;"
        if given.plain_steps or given.accumulates:
            return [b2] * given.accumulates
        return [clipped, kept] if given.step_clip else [f"the optimiser is {given.optimiser};", chi]

    def _under_momentum(self) -> list[str]:
        given = self.problem
        if not given.momentum:
            return []
        decay = ", lambda is lambda (1 - momentum)" * given.decoupled_decay
        return [f"eta is the learning rate / (1 - momentum), momentum = {given.momentum:g}{decay};"]


def derive(problem: Problem) -> Equations | CommitteeEquations:
    """Derive the order-parameter equations of a problem (theory page 3).

    Parameters
    ----------
    problem
        Its formulas decide the equations; its numbers enter the Python and JavaScript source alone.
        Under momentum ``eta`` stands for ``eta / (1 - momentum)`` (`teacher_student.momentum`).

    Returns
    -------
    Equations, or CommitteeEquations of several units
        With ``text()``, ``latex()``, ``mathml()``, ``python()`` and ``javascript()``; of several
        units, text and LaTeX.

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
    check_problem(problem)
    if problem.several_units:
        return CommitteeEquations(problem)
    refuse_running(problem, "the equations are averages over running statistics, of no closed form")
    return Equations(derive_drift(problem.limit), problem)
