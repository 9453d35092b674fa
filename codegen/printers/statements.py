"""What the printers of all languages share: a walk over the statements of a function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from sympy import Expr

from ..model import (
    Assign,
    Block,
    Call,
    Function,
    Increase,
    LookUp,
    Loop,
    Module,
    Return,
    Statement,
    Table,
    shared,
)


class StatementPrinter(ABC):
    """Prints modules, functions and statements; a language says how each of these looks.

    Attributes
    ----------
    INDENT
        How far the body of a function or loop is moved in.
    """

    INDENT = "    "

    def module(self, module: Module) -> str:
        """The source text of a module."""
        constants = [self.constant(name, value) for name, value in module.constants.items()]
        return "\n".join([*constants, *map(self.function, module.functions)])

    @abstractmethod
    def constant(self, name: str, value: object) -> str:
        """The line that defines a constant."""

    @abstractmethod
    def function(self, function: Function) -> str:
        """The source text of one function."""

    @abstractmethod
    def code(self, expression: Expr) -> str:
        """Print one expression."""

    @abstractmethod
    def table(self, table: Table) -> str:
        """A table as an argument of a call."""

    def name(self, function: str) -> str:
        """A function's name."""
        return function

    def call(self, call: Call) -> str:
        """A call."""
        arguments = (
            self.table(a) if isinstance(a, Table) else self.code(a) for a in call.arguments
        )
        return f"{self.name(call.function)}({', '.join(arguments)})"

    def value(self, value: Expr | Call) -> str:
        """What stands on the right-hand side of an assignment."""
        return self.call(value) if isinstance(value, Call) else self.code(value)

    def lines(self, body: Iterable[Statement]) -> list[str]:
        """The lines of statements, one after the other."""
        return [line for statement in body for line in self._statement(statement)]

    def indented(self, body: Iterable[Statement]) -> list[str]:
        """The same, moved in."""
        return [self.INDENT + line for line in self.lines(body)]

    def _statement(self, statement: Statement) -> list[str]:
        match statement:
            case Assign():
                return [self.assign(statement)]
            case Block():
                return [self.assign(one) for one in shared(statement)]
            case Increase():
                return [self.increase(statement)]
            case LookUp():
                return self.look_up(statement)
            case Loop():
                return self.loop(statement)
            case Return():
                return [self.returned(statement)]

    @abstractmethod
    def assign(self, assign: Assign) -> str:
        """An assignment."""

    def increase(self, increase: Increase) -> str:
        """A product added to a sum."""
        product = "*".join(map(self.code, increase.factors))
        return f"{self.code(increase.target)} += {product}"

    @abstractmethod
    def look_up(self, look_up: LookUp) -> list[str]:
        """A look-up in a table."""

    @abstractmethod
    def loop(self, loop: Loop) -> list[str]:
        """A loop."""

    @abstractmethod
    def returned(self, returned: Return) -> str:
        """The end of a function."""
