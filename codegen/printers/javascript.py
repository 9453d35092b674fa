"""The code model as JavaScript, with sympy's own printer of expressions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence

import sympy
from sympy import Expr, Indexed
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.jscode import JavascriptCodePrinter

from ..model import Assign, Call, Function, Increase, LookUp, Loop, Return, Statement, Table
from .statements import StatementPrinter


class JavaScriptExpressions(JavascriptCodePrinter):
    """Sympy's JavaScript printer, with the functions of ``odes/equations/templates/special.js``.

    Parameters
    ----------
    records
        Arrays that are records here: the names of their entries.
    """

    def __init__(self, records: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._records = records

    def _print_Heaviside(self, expression: sympy.Heaviside) -> str:
        return f"({self._print(expression.args[0])} > 0 ? 1 : 0)"

    def _print_Piecewise(self, expression: sympy.Piecewise) -> str:
        *cases, (otherwise, last) = expression.args
        if last != True:  # noqa: E712  (sympy's own truth value)
            return str(super()._print_Piecewise(expression))
        chosen = "".join(f"{self._print(c)} ? {self._print(value)} : " for value, c in cases)
        return f"({chosen}{self._print(otherwise)})"

    def _print_erf(self, expression: sympy.erf) -> str:
        return f"erf({self._print(expression.args[0])})"

    def _print_GammaRatio(self, expression: sympy.Function) -> str:
        x, y = map(self._print, expression.args)
        return f"gammaRatio({x}, {y})"

    def _print_Softplus(self, expression: sympy.Function) -> str:
        x = self._print(expression.args[0])
        return f"(Math.max(0, {x}) + Math.log1p(Math.exp(-Math.abs({x}))))"

    def _print_Clip(self, expression: sympy.Function) -> str:
        return f"clip({self._print(expression.args[0])})"

    def _print_Hypot(self, expression: sympy.Function) -> str:
        x, y = map(self._print, expression.args)
        return f"Math.hypot({x}, {y})"

    def _print_Angle(self, expression: sympy.Function) -> str:
        y, x = map(self._print, expression.args)
        return f"Math.atan2({y}, {x})"

    def _print_RootOfRest(self, expression: sympy.Function) -> str:
        x = self.parenthesize(expression.args[0], 60)
        return f"Math.sqrt(Math.max(0, 1 - {x}*{x}))"

    def _print_Indexed(self, expression: Indexed) -> str:
        name, places = str(expression.base), expression.indices
        if name in self._records:
            return f"{name}.{self._records[name][int(places[0])]}"
        return name + "".join(f"[{place}]" for place in places)

    def _print_NaN(self, expression: Expr) -> str:
        return "NaN"

    def _print_Rational(self, expression: sympy.Rational) -> str:
        return repr(float(expression))

    def _print_Pow(self, expression: sympy.Pow) -> str:
        """Small integer powers as products: `Math.pow` is a call, a product is not."""
        base, exponent = expression.args
        if exponent.is_Integer and 1 <= abs(int(exponent)) <= 4:
            product = "*".join([self.parenthesize(base, 60)] * abs(int(exponent)))
            return f"({product})" if exponent > 0 else f"(1/({product}))"
        return f"({super()._print_Pow(expression)})"


class JavaScriptPrinter(StatementPrinter):
    """Functions in camel case, whose local names are constants unless something is added to them.

    Parameters
    ----------
    records
        Arrays that are records here: the names of their entries. Tables are ``p.table``.
    """

    INDENT = "  "

    def __init__(self, records: Mapping[str, Sequence[str]] | None = None) -> None:
        self.expressions = JavaScriptExpressions(records or {})
        self._growing: set[Expr] = set()

    def code(self, expression: Expr) -> str:
        """Print one expression.

        Raises
        ------
        ValueError
            If it holds a function that has no counterpart in JavaScript.

        Examples
        --------
        >>> JavaScriptPrinter().code(sympy.sympify("x**2 + 1"))
        '(x*x) + 1'
        """
        try:
            return str(self.expressions.doprint(expression))
        except PrintMethodNotImplementedError as missing:
            raise ValueError(f"{expression} cannot be written in JavaScript: {missing}") from None

    def name(self, function: str) -> str:
        """A function's name in camel case."""
        first, *others = function.split("_")
        return first + "".join(word.capitalize() for word in others)

    def constant(self, name: str, value: object) -> str:
        """See `StatementPrinter`."""
        return f"const {name} = {'Infinity' if value == math.inf else json.dumps(value)};"

    def function(self, function: Function) -> str:
        """See `StatementPrinter`."""
        self._growing = set(_growing(function.body))
        lines = [f"// {function.comment}"] if function.comment else []
        lines += [f"function {self.name(function.name)}({', '.join(function.arguments)}) {{"]
        return "\n".join([*lines, *self.indented(function.body), "}"]) + "\n"

    def table(self, table: Table) -> str:
        """See `StatementPrinter`."""
        return "p.table"

    def assign(self, assign: Assign) -> str:
        """See `StatementPrinter`."""
        target, value = assign.target, self.value(assign.value)
        if isinstance(target, tuple):
            return f"const [{', '.join(map(self.code, target))}] = {value};"
        declared = "" if isinstance(target, Indexed) else "const "
        if target in self._growing:
            declared = "let "
        return f"{declared}{self.code(target)} = {value};"

    def increase(self, increase: Increase) -> str:
        """See `StatementPrinter`."""
        return super().increase(increase) + ";"

    def look_up(self, look_up: LookUp) -> list[str]:
        """See `StatementPrinter`."""
        count = sympy.Integer(len(look_up.targets))
        call = Call("look_up", (look_up.table, *look_up.point, count))
        return [self.assign(Assign(look_up.targets, call))]

    def loop(self, loop: Loop) -> list[str]:
        """See `StatementPrinter`."""
        i = loop.index
        head = f"for (let {i} = 0; {i} < {loop.array}.length; {i}++) {{"
        return [head, *self.indented(loop.body), "}"]

    def returned(self, returned: Return) -> str:
        """See `StatementPrinter`."""
        if not isinstance(returned.value, tuple):
            return f"return {self.code(returned.value)};"
        return f"return [{', '.join(map(self.code, returned.value))}];"


def _growing(body: Iterable[Statement]) -> Iterable[Expr]:
    """What something is added to, in loops as well."""
    for statement in body:
        if isinstance(statement, Increase):
            yield statement.target
        elif isinstance(statement, Loop):
            yield from _growing(statement.body)
