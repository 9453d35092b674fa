"""How equations name the averages in them, as text and in LaTeX."""

from __future__ import annotations

from sympy import Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ..derivation.batch_moments import BatchMoment, PairMoment, moment_tuple
from ..derivation.batch_signals import BatchSignal, PairSignal
from ..derivation.expectations import AnyMoment
from ..derivation.signal_moments import SignalMoment


def factors_of(moment: AnyMoment) -> tuple[tuple[str, int], ...]:
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


class TextPrinter(StrPrinter):
    """Prints a moment's symbol as the average it stands for."""

    def __init__(self, moments: dict[Symbol, AnyMoment]) -> None:
        super().__init__()
        self._moments = moments

    def _print_Symbol(self, symbol: Symbol) -> str:
        if symbol not in self._moments:
            return str(symbol.name)
        factors = factors_of(self._moments[symbol])
        return "<" + " ".join(n if p == 1 else f"{n}^{p}" for n, p in factors) + ">"


class LatexEquations(LatexPrinter):
    """The same in LaTeX."""

    def __init__(self, moments: dict[Symbol, AnyMoment]) -> None:
        super().__init__()
        self._moments = moments

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        if symbol not in self._moments:
            return latex_name(symbol.name)
        factors = [(n.replace("delta", r"\delta"), p) for n, p in factors_of(self._moments[symbol])]
        inside = r"\,".join(n if p == 1 else f"{{{n}}}^{{{p}}}" for n, p in factors)
        return rf"\left\langle {inside} \right\rangle"


def latex_name(name: str) -> str:
    """An order parameter or a parameter in LaTeX."""
    if name == "gamma_rate":
        return r"r_\gamma"
    return rf"\{name}" if name in ("eta", "gamma", "zeta", "lambda", "beta") else str(name)
