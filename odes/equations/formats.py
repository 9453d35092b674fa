"""A derived flow as text, LaTeX, or standalone Python or JavaScript source."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from sympy import Expr, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ...teacher_student.loss_checks import refuse_losses
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem, refuse_running
from ..derivation.batch_moments import BatchMoment, PairMoment, moment_tuple
from ..derivation.batch_signals import BatchSignal, PairSignal
from ..derivation.drift import Derivation, derive_drift
from ..derivation.expectations import AnyMoment
from ..derivation.signal_moments import SignalMoment
from ..derivation.symbols import GAMMA, L
from .committees import CommitteeEquations
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
        refuse_losses(self.problem, "programs of other losses need this package's quadratures")
        return python_program(self.derivation, self.preamble())

    def javascript(self) -> str:
        """A program that integrates the flow in any JavaScript engine, without libraries.

        ``makeFlow`` is the derived flow; a page takes it with ``integrate`` below it.
        """
        refuse_losses(self.problem, "programs of other losses need this package's quadratures")
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
            "python": self.python() if self.problem.squares else None,
            "javascript": self.javascript() if self.problem.squares else None,
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
        ]

    def _of_the_loss(self) -> list[str]:
        given = self.problem
        if given.squares:
            return []
        loss = f"delta = -(dl/do) g'(f) of the loss l = {given.loss_.formula}, o = g(f),"
        clipped = "" if given.clip is None else f", clipped where |delta df/da| > {given.clip:g}"
        return [loss, f"labels y: {given.labels}, noise law {given.noise_law}{clipped};"]

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


def _factors(moment: AnyMoment) -> tuple[tuple[str, int], ...]:
    """What a moment averages, as names and powers; ``_1 _2`` are two examples of a batch."""
    one: tuple[str, ...] = ("g(f)", "g'(f)", "u", "g(v)", "v")
    if isinstance(moment, SignalMoment):
        named = zip(("delta", "u", "v"), moment[:3], strict=True)
        return tuple((name, power) for name, power in named if power)
    if isinstance(moment, BatchSignal | PairSignal):
        two = ("delta_1", "uhat_1", "delta_2", "uhat_2", "ubar", "s")
        single = ("delta", "uhat", "ubar", "s", "z/sqrt(1 - R^2)")
        names = single if isinstance(moment, BatchSignal) else two
        found = zip(names, map(int, moment[:-1]), strict=True)
        return tuple((name, power) for name, power in found if power)
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
        factors = [(n.replace("delta", r"\delta"), p) for n, p in _factors(self._moments[symbol])]
        inside = r"\,".join(n if p == 1 else f"{{{n}}}^{{{p}}}" for n, p in factors)
        return rf"\left\langle {inside} \right\rangle"


def _latex_name(name: str) -> str:
    if name == "gamma_rate":
        return r"r_\gamma"
    return rf"\{name}" if name in ("eta", "gamma", "zeta", "lambda", "beta") else str(name)
