"""Sympy expressions as JavaScript: what `lowering` does for Python, with sympy's own printer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.jscode import JavascriptCodePrinter


class ScalarPrinter(JavascriptCodePrinter):
    """Sympy's JavaScript printer, with the functions of ``odes/equations/templates/special.js``."""

    def _print_Heaviside(self, expression: sympy.Heaviside) -> str:
        return f"({self._print(expression.args[0])} > 0 ? 1 : 0)"

    def _print_erf(self, expression: sympy.erf) -> str:
        return f"erf({self._print(expression.args[0])})"

    def _print_GammaRatio(self, expression: sympy.Function) -> str:
        x, y = map(self._print, expression.args)
        return f"gammaRatio({x}, {y})"

    def _print_Softplus(self, expression: sympy.Function) -> str:
        x = self._print(expression.args[0])
        return f"(Math.max(0, {x}) + Math.log1p(Math.exp(-Math.abs({x}))))"

    def _print_Rational(self, expression: sympy.Rational) -> str:
        return repr(float(expression))

    def _print_Pow(self, expression: sympy.Pow) -> str:
        """Small integer powers as products: `Math.pow` is a call, a product is not."""
        base, exponent = expression.args
        if exponent.is_Integer and 1 <= abs(int(exponent)) <= 4:
            product = "*".join([self.parenthesize(base, 60)] * abs(int(exponent)))
            return f"({product})" if exponent > 0 else f"(1/({product}))"
        return f"({super()._print_Pow(expression)})"


_PRINTER = ScalarPrinter()


def code(expression: sympy.Expr) -> str:
    """Print one expression.

    Raises
    ------
    ValueError
        If it holds a function that has no counterpart in JavaScript.
    """
    try:
        return str(_PRINTER.doprint(expression))
    except PrintMethodNotImplementedError as missing:
        raise ValueError(f"{expression} cannot be written in JavaScript: {missing}") from None


def assignments(targets: Mapping[str, sympy.Expr], *, declared: bool = False) -> list[str]:
    """Lines ``name = expression;``, common subexpressions taken out first.

    Parameters
    ----------
    targets
        Expressions by what they are assigned to.
    declared
        Whether the targets exist already, as the elements of an array do.
    """
    temporaries = sympy.numbered_symbols("t", real=True)
    shared, reduced = sympy.cse(list(targets.values()), symbols=temporaries, order="canonical")
    lines = [f"const {symbol} = {code(value)};" for symbol, value in shared]
    head = "" if declared else "const "
    return lines + [f"{head}{n} = {code(e)};" for n, e in zip(targets, reduced, strict=True)]


def function(name: str, arguments: Sequence[str], body: Sequence[str], comment: str = "") -> str:
    """The source text of one function, whose body ends with what it returns, if anything."""
    lines = [f"// {comment}"] if comment else []
    lines += [f"function {name}({', '.join(arguments)}) {{"]
    return "\n".join([*lines, *(f"  {line}" for line in body), "}"]) + "\n"
