"""The code model for many flows at once: one loop over lanes, which becomes SIMD code."""

from __future__ import annotations

from collections.abc import Iterable

import sympy
from sympy import Expr

from ..model import Function, LookUp, Statement, Table
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

    def _print_Hypot(self, expression: sympy.Function) -> str:
        x, y = (self.parenthesize(x, 60) for x in expression.args)
        return f"math.sqrt({x}*{x} + {y}*{y})"

    def _print_asin(self, expression: Expr) -> str:
        return f"asin_lane({self._print(expression.args[0])})"


class LanePrinter(PythonPrinter):
    """A function without a return value becomes one of arrays whose last axis is the lane.

    A table is an argument of its own, ``table``, the same for all lanes. It is looked up in lane
    after lane, between a loop that says where and a loop that goes on with what was found.
    """

    DECORATOR = "@lane_kernel"

    def function(self, function: Function) -> str:
        """The function under its name and ``_lanes``."""
        self.expressions = LaneExpressions(function.arguments)
        lines = [self.DECORATOR, f"def {function.name}_lanes({', '.join(function.arguments)}):"]
        lines.append(
            f'{self.INDENT}"""`{function.name}` of every lane, the last axis of arrays."""'
        )
        places = [k for k, one in enumerate(function.body) if isinstance(one, LookUp)]
        body = self._looked_up(function.body, *places) if places else self._loop(function.body)
        return "\n".join([*lines, *(self.INDENT + line for line in body)]) + "\n"

    def table(self, table: Table) -> str:
        """The numbers that hold it, and where it begins."""
        return "table, 0"

    def _loop(self, body: Iterable[Statement]) -> list[str]:
        return ["for lane in range(LANES):", *self.indented(body)]

    def _looked_up(self, body: tuple[Statement, ...], place: int) -> list[str]:
        """The three loops of a body with one look-up."""
        before, look_up, after = body[:place], body[place], body[place + 1 :]
        assert isinstance(look_up, LookUp)
        at = [f"at[{k}, lane]" for k in range(len(look_up.point))]
        found = [f"found[{k}, lane]" for k in range(len(look_up.targets))]
        where = [f"{name} = {self.code(x)}" for name, x in zip(at, look_up.point, strict=True)]
        read = [f"{self.code(s)} = {f}" for s, f in zip(look_up.targets, found, strict=True)]
        indent = self.INDENT
        return [
            f"at, found = np.empty(({len(at)}, LANES)), np.empty(({len(found)}, LANES))",
            *self._loop(before),
            *(indent + line for line in where),
            "look_up_lanes(table, at, found)",
            *self._loop(before),
            *(indent + line for line in [*read, *self.lines(after)]),
        ]
