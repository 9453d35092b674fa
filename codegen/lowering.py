"""Lowering: sympy expressions in, Python source text out. Pure, and readable on the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy
from sympy.printing.pycode import PythonCodePrinter


class KernelPrinter(PythonCodePrinter):
    """Sympy's Python printer, for scalar code that numba compiles and Python can run."""

    def _print_Heaviside(self, expression: sympy.Heaviside) -> str:
        return f"(1.0 if {self._print(expression.args[0])} > 0 else 0.0)"

    def _print_Abs(self, expression: sympy.Abs) -> str:
        return f"abs({self._print(expression.args[0])})"

    def _print_Softplus(self, expression: sympy.Function) -> str:
        x = self._print(expression.args[0])
        return f"(max(0.0, {x}) + math.log1p(math.exp(-abs({x}))))"

    def _print_Rational(self, expression: sympy.Rational) -> str:
        return repr(float(expression))

    def _print_Integer(self, expression: sympy.Integer) -> str:
        return f"{int(expression)}.0"

    def _print_Pow(self, expression: sympy.Pow, rational: bool = False) -> str:
        """Small integer powers as products: `pow` is a call, a product is not."""
        base, exponent = expression.args
        if exponent.is_Integer and 2 <= abs(int(exponent)) <= 4:
            product = "*".join([self.parenthesize(base, 60)] * abs(int(exponent)))
            return f"({product})" if exponent > 0 else f"(1.0/({product}))"
        if exponent.is_Integer:
            text = f"{self.parenthesize(base, 60)}**{int(exponent)}"
            return f"({text})" if exponent != -1 else f"(1.0/{self.parenthesize(base, 60)})"
        text = super()._print_Pow(expression, rational=rational)
        return f"({text})"


_PRINTER = KernelPrinter({"fully_qualified_modules": True})


def code(expression: sympy.Expr) -> str:
    """Print one expression."""
    return str(_PRINTER.doprint(expression))


def assignments(targets: Mapping[str, sympy.Expr]) -> list[str]:
    """Lines ``name = expression`` for every target, common subexpressions taken out first."""
    temporaries = sympy.numbered_symbols("t", real=True)
    shared, reduced = sympy.cse(list(targets.values()), symbols=temporaries, order="canonical")
    lines = [f"{symbol} = {code(value)}" for symbol, value in shared]
    return lines + [f"{name} = {code(e)}" for name, e in zip(targets, reduced, strict=True)]


def function(
    name: str,
    arguments: Sequence[str],
    body: Sequence[str],
    returns: Sequence[str],
    *,
    comment: str = "",
    decorator: str = "@kernel",
) -> str:
    """The source text of one function that returns a float, or a tuple of floats."""
    lines = [*([decorator] if decorator else []), f"def {name}({', '.join(arguments)}):"]
    if comment:
        lines.append(f'    """{comment}"""')
    lines += [f"    {line}" for line in body]
    if returns:
        lines.append(f"    return {', '.join(returns)}")
    return "\n".join(lines) + "\n"


def point_function(
    name: str, arguments: Sequence[str], values: Mapping[str, sympy.Expr], comment: str = ""
) -> str:
    """A kernel that evaluates several expressions at one point and returns them in order."""
    returns = [f"float({key})" for key in values]
    return function(name, arguments, assignments(values), returns, comment=comment)
