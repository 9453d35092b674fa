"""The code model as Python, for numba to compile and Python to run; readable on the way out."""

from __future__ import annotations

import math

import sympy
from sympy import Expr
from sympy.printing.pycode import PythonCodePrinter

from ..model import Assign, Call, Function, LookUp, Loop, Return, Table, entry
from .statements import StatementPrinter

#: Look-ups fill whole blocks of numbers.
BLOCK = 16


class PythonExpressions(PythonCodePrinter):
    """Sympy's Python printer, for scalar code that numba compiles and Python can run."""

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True})

    def _print_Heaviside(self, expression: sympy.Heaviside) -> str:
        return f"(1.0 if {self._print(expression.args[0])} > 0 else 0.0)"

    def _print_Piecewise(self, expression: sympy.Piecewise) -> str:
        *cases, (otherwise, last) = expression.args
        if last != True:  # noqa: E712  (sympy's own truth value)
            return str(super()._print_Piecewise(expression))
        chosen = "".join(f"{self._print(value)} if {self._print(c)} else " for value, c in cases)
        return f"({chosen}{self._print(otherwise)})"

    def _print_Abs(self, expression: sympy.Abs) -> str:
        return f"abs({self._print(expression.args[0])})"

    def _print_Softplus(self, expression: sympy.Function) -> str:
        x = self._print(expression.args[0])
        return f"(max(0.0, {x}) + math.log1p(math.exp(-abs({x}))))"

    def _print_Clip(self, expression: sympy.Function) -> str:
        return f"min(1.0, max(-1.0, {self._print(expression.args[0])}))"

    def _print_Hypot(self, expression: sympy.Function) -> str:
        x, y = map(self._print, expression.args)
        return f"math.hypot({x}, {y})"

    def _print_Angle(self, expression: sympy.Function) -> str:
        y, x = map(self._print, expression.args)
        return f"math.atan2({y}, {x})"

    def _print_RootOfRest(self, expression: sympy.Function) -> str:
        x = self.parenthesize(expression.args[0], 60)
        return f"math.sqrt(max(0.0, 1.0 - {x}*{x}))"

    def _print_MeanChi(self, expression: sympy.Function) -> str:
        return f"mean_chi({self._print(expression.args[0])})"

    def _print_KeptDrift(self, expression: sympy.Function) -> str:
        degrees, size = map(self._print, expression.args)
        return f"kept_drift({degrees}, {size})"

    def _print_KeptNoise(self, expression: sympy.Function) -> str:
        degrees, size = map(self._print, expression.args)
        return f"kept_noise({degrees}, {size})"

    def _print_Indexed(self, expression: sympy.Indexed) -> str:
        return f"{expression.base}[{', '.join(map(str, expression.indices))}]"

    def _print_NaN(self, expression: Expr) -> str:
        return "math.nan"

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


class PythonPrinter(StatementPrinter):
    """Functions under the decorator ``@kernel``, which need ``math``, and NumPy as ``np``."""

    DECORATOR = "@kernel"

    def __init__(self) -> None:
        self.expressions = PythonExpressions()

    def code(self, expression: Expr) -> str:
        """Print one expression.

        Examples
        --------
        >>> PythonPrinter().code(sympy.sympify("x**2 + 1"))
        '(x*x) + 1.0'
        """
        return str(self.expressions.doprint(expression))

    def constant(self, name: str, value: object) -> str:
        """See `StatementPrinter`."""
        if isinstance(value, tuple):
            return f"{name} = np.array([{', '.join(map(repr, value))}], dtype=np.float64)"
        return f"{name} = {'math.inf' if value == math.inf else repr(value)}"

    def function(self, function: Function) -> str:
        """See `StatementPrinter`."""
        head = f"def {self.name(function.name)}({', '.join(function.arguments)}):"
        lines = [*([self.DECORATOR] if self.DECORATOR else []), head]
        if function.comment:
            lines.append(f'{self.INDENT}"""{function.comment}"""')
        return "\n".join([*lines, *self.indented(function.body)]) + "\n"

    def table(self, table: Table) -> str:
        """The numbers that hold it, and where it begins."""
        return f"p, {table.place}"

    def assign(self, assign: Assign) -> str:
        """See `StatementPrinter`."""
        if not isinstance(assign.target, tuple):
            return f"{self.code(assign.target)} = {self.value(assign.value)}"
        return f"{_tuple(list(map(self.code, assign.target)))} = {self.value(assign.value)}"

    def look_up(self, look_up: LookUp) -> list[str]:
        """See `StatementPrinter`."""
        call = self.call(Call("look_up", (look_up.table, *look_up.point, sympy.Symbol("values"))))
        read = [Assign(s, entry("values", i)) for i, s in enumerate(look_up.targets)]
        room = -(-len(read) // BLOCK) * BLOCK
        return [f"values = np.empty({room})", call, *map(self.assign, read)]

    def loop(self, loop: Loop) -> list[str]:
        """See `StatementPrinter`."""
        return [f"for {loop.index} in range({loop.array}.size):", *self.indented(loop.body)]

    def returned(self, returned: Return) -> str:
        """Every number as a float: NumPy's and Python's would be two types to numba."""
        if not isinstance(returned.value, tuple):
            return f"return float({self.code(returned.value)})"
        return f"return {_tuple([f'float({self.code(value)})' for value in returned.value])}"


def _tuple(entries: list[str]) -> str:
    return ", ".join(entries) + ("," if len(entries) == 1 else "")


PYTHON = PythonPrinter()
