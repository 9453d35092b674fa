"""Derived equations as MathML, which browsers show without any script."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape, unescape
from typing import Any
from xml.dom.minidom import Element

from sympy import Add, Expr, Mul, Symbol
from sympy.printing.mathml import MathMLPresentationPrinter

Factors = tuple[tuple[str, int], ...]
GREEK = {"eta": "η", "zeta": "ζ", "gamma": "γ", "beta": "β", "lambda": "λ", "rho": "ρ",
         "uhat": "û", "ubar": "ū"}  # fmt: skip
#: How many characters of a sum go on one line.
LINE = 60
INVISIBLE_TIMES = "\u2062"


def equation(
    name: str, right: Expr, averages: Mapping[Symbol, Factors], *, derivative: bool = True
) -> str:
    """One equation as a ``math`` element, long sums broken into lines.

    Parameters
    ----------
    name
        What stands on the left.
    right
        What it is, or its time derivative.
    averages
        What the symbols of moments average: names of factors, and their powers.
    derivative
        Whether the left side is ``d name / dt``.

    Examples
    --------
    >>> print(equation("Q", 2 * Symbol("eta"), {}, derivative=False)[:40])
    <math display="block"><mtable><mtr><mtd>
    """
    printer = _Printer(averages)
    node, left = printer.node, printer.symbol(name)
    if derivative:
        time = node("mrow", node("mi", "d"), node("mi", "t"))
        left = node("mfrac", node("mrow", node("mi", "d"), left), time)
    rows, start = [], node("mrow", left, node("mo", "="))
    for line in printer.lines(right):
        rows.append(node("mtr", node("mtd", start), node("mtd", node("mrow", *line))))
        start = node("mrow")
    made = node("math", node("mtable", *rows))
    made.setAttribute("display", "block")
    text: str = made.toxml()
    return text


class _Printer(MathMLPresentationPrinter):
    """Sympy's, with averages in angle brackets and sums in lines."""

    def __init__(self, averages: Mapping[Symbol, Factors]) -> None:
        super().__init__()
        self._averages = averages

    def node(self, tag: str, *content: str | Element) -> Any:
        """An element with text, or with elements, inside."""
        made = self.dom.createElement(tag)
        for part in content:
            # Sympy's document writes text as it is.
            inside = self.dom.createTextNode(escape(part)) if isinstance(part, str) else part
            made.appendChild(inside)
        return made

    def symbol(self, name: str) -> Any:
        """A quantity's symbol; a number after an underscore is an index."""
        if name == "gamma_rate":
            return self.node("msub", self.node("mi", "r"), self.node("mi", "γ"))
        stem, _, index = name.partition("_")
        function, _, argument = stem.partition("(")
        shown = self.node("mi", GREEK.get(function.rstrip("'"), function.rstrip("'")))
        if function.endswith("'"):
            shown = self.node("msup", shown, self.node("mo", "′"))
        if argument:
            inner = self.node("mi", argument.rstrip(")"))
            shown = self.node("mrow", shown, self.node("mo", "("), inner, self.node("mo", ")"))
        return self.node("msub", shown, self.node("mn", index)) if index else shown

    def lines(self, right: Expr) -> list[list[Element]]:
        """A product with a sum in it, or a sum, in lines of some terms each."""
        sums = [f for f in Mul.make_args(right) if isinstance(f, Add)]
        longest = max(sums, key=lambda factor: len(factor.args), default=None)
        if longest is None:
            return [[self._print(right)]]
        before = right / longest
        made: list[list[Element]] = [[]]
        if before != 1:
            made[0] = [self._print(before), self.node("mo", INVISIBLE_TIMES), self.node("mo", "(")]
        room = LINE - sum(map(_breadth, made[0]))
        for k, term in enumerate(longest.as_ordered_terms()):
            minus = term.could_extract_minus_sign()
            printed = self._print(-term if minus else term)
            if room < _breadth(printed) and made[-1]:
                made.append([])
                room = LINE
            room -= _breadth(printed) + 3
            if minus or k:
                made[-1].append(self.node("mo", "−" if minus else "+"))
            made[-1].append(printed)
        if before != 1:
            made[-1].append(self.node("mo", ")"))
        return made

    def _print_GammaRatio(self, ratio: Expr) -> Any:
        """A quotient of gamma functions, as a fraction."""
        over, under = (
            self.node("mrow", self.node("mi", "Γ"), self.node("mo", "("), self._print(argument),
                      self.node("mo", ")"))
            for argument in ratio.args
        )  # fmt: skip
        return self.node("mrow", self.node("mfrac", over, under))

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> Any:
        if symbol not in self._averages:
            return self.symbol(symbol.name)
        row = self.node("mrow", self.node("mo", "⟨"))
        for name, power in self._averages[symbol]:
            factor = self.symbol(name)
            if power != 1:
                exponent = self.node("mn", str(power).replace("-", "−"))
                factor = self.node("msup", factor, exponent)
            row.appendChild(factor)
        row.appendChild(self.node("mo", "⟩"))
        return row


def _breadth(element: Any) -> int:
    """About how many characters wide an element is."""
    if not hasattr(element, "tagName"):
        return len(unescape(element.data).replace(INVISIBLE_TIMES, ""))
    parts = [_breadth(child) for child in element.childNodes]
    return max(parts, default=0) if element.tagName == "mfrac" else sum(parts)
