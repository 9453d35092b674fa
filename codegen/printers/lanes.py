"""The code model for many flows at once: one loop over lanes, which becomes SIMD code."""

from __future__ import annotations

import sympy
from sympy import Expr

from ..model import Function
from .python import PythonExpressions, PythonPrinter


class LaneExpressions(PythonExpressions):
    """Arguments have one more axis, the lane; inverse cosine and sine are free of branches.

    Parameters
    ----------
    arguments
        Names of the function's arguments.
    """

    def __init__(self, arguments: tuple[str, ...]) -> None:
        super().__init__()
        self._arguments = arguments

    def _print_Symbol(self, expression: sympy.Symbol) -> str:
        name = str(super()._print_Symbol(expression))
        return f"{name}[lane]" if name in self._arguments else name

    def _print_Indexed(self, expression: sympy.Indexed) -> str:
        lane = ", lane" if str(expression.base) in self._arguments else ""
        return f"{expression.base}[{', '.join(map(str, expression.indices))}{lane}]"

    def _print_acos(self, expression: Expr) -> str:
        return f"acos_lane({self._print(expression.args[0])})"

    def _print_asin(self, expression: Expr) -> str:
        return f"asin_lane({self._print(expression.args[0])})"


class LanePrinter(PythonPrinter):
    """A function without a return value becomes one of arrays whose last axis is the lane."""

    DECORATOR = "@lane_kernel"

    def function(self, function: Function) -> str:
        """The function under its name and ``_lanes``."""
        self.expressions = LaneExpressions(function.arguments)
        lines = [self.DECORATOR, f"def {function.name}_lanes({', '.join(function.arguments)}):"]
        lines.append(
            f'{self.INDENT}"""`{function.name}` of every lane, the last axis of arrays."""'
        )
        lines.append(f"{self.INDENT}for lane in range(LANES):")
        lines += [self.INDENT + line for line in self.indented(function.body)]
        return "\n".join(lines) + "\n"
