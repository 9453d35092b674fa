"""A small model of code: what is generated is built of these nodes, and printed by `printers`.

Values are sympy expressions; an entry of an array is an ``Indexed`` one (`entry`). A node says
what is to happen, not how a language writes it: the same function is printed for Python and
numba, for SIMD lanes and for JavaScript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import sympy
from sympy import Expr, Indexed, IndexedBase, Symbol

Target: TypeAlias = Symbol | Indexed


@dataclass(frozen=True)
class Table:
    """A packed table among the numbers `p`, as an argument.

    Attributes
    ----------
    place
        Where it begins; a language whose `p` is a record has it there by name.
    """

    place: Expr | int


@dataclass(frozen=True)
class Call:
    """A call of a function of the same module, or of one that every language has.

    Attributes
    ----------
    function
        Its name, in lower case with underscores.
    arguments
        Expressions, or tables.
    """

    function: str
    arguments: tuple[Expr | Table, ...]


@dataclass(frozen=True)
class Assign:
    """``target = value``, or ``first, second = call``, whose targets are a tuple."""

    target: Target | tuple[Symbol, ...]
    value: Expr | Call


@dataclass(frozen=True)
class Block:
    """Assignments at once: what their values share is computed once (`shared`)."""

    values: Mapping[Target, Expr]


@dataclass(frozen=True)
class Increase:
    """``target += product``, whose factors are multiplied in the order in which they stand."""

    target: Symbol
    factors: tuple[Expr, ...]


@dataclass(frozen=True)
class LookUp:
    """The first moments of a table at a point of its three axes."""

    targets: tuple[Symbol, ...]
    table: Table
    point: tuple[Expr, ...]


@dataclass(frozen=True)
class Loop:
    """A loop over the places of an array."""

    index: Symbol
    array: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Return:
    """What a function returns: a number, or a tuple of numbers."""

    value: Expr | tuple[Expr, ...]


Statement: TypeAlias = Assign | Block | Increase | LookUp | Loop | Return


@dataclass(frozen=True)
class Function:
    """A function of numbers and arrays.

    Attributes
    ----------
    name
        In lower case with underscores.
    arguments
        Names.
    body
        Statements.
    comment
        A sentence about it.
    """

    name: str
    arguments: tuple[str, ...]
    body: tuple[Statement, ...]
    comment: str = ""


@dataclass(frozen=True)
class Module:
    """Constants (numbers, truth values, texts; a tuple is an array) and functions, in order."""

    constants: Mapping[str, object] = field(default_factory=dict)
    functions: Sequence[Function] = ()


def entry(array: str, *place: int | Symbol) -> Indexed:
    """An entry of an array, as a value or a target.

    Examples
    --------
    >>> entry("J", 0, 1)
    J[0, 1]
    """
    return IndexedBase(array)[place]


def shared(block: Block) -> list[Assign]:
    """The assignments of a block, common subexpressions taken out first.

    Examples
    --------
    >>> x, y, a, b = sympy.symbols("x y a b")
    >>> for line in shared(Block({a: (x + y) ** 2, b: (x + y) ** 3})):
    ...     print(line.target, "=", line.value)
    t0 = x + y
    a = t0**2
    b = t0**3
    """
    temporaries = sympy.numbered_symbols("t", real=True)
    common, reduced = sympy.cse(list(block.values.values()), symbols=temporaries, order="canonical")
    return [Assign(*pair) for pair in [*common, *zip(block.values, reduced, strict=True)]]


def point_function(
    name: str, arguments: Sequence[str], values: Mapping[str, Expr], comment: str = ""
) -> Function:
    """A function that evaluates several expressions at one point and returns them in order.

    Parameters
    ----------
    name, arguments, comment
        Of the function.
    values
        Expressions by the names of local variables.
    """
    named = {Symbol(key): value for key, value in values.items()}
    return Function(name, tuple(arguments), (Block(named), Return(tuple(named))), comment)
