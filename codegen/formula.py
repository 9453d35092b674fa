"""Formulas typed by users: parsed by a whitelist, never evaluated as Python.

`check` needs the standard library alone, so that a problem can be validated (and its compiled
kernels found on disk) without importing sympy; `to_sympy` does the translation.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy

#: Longest formula accepted, in characters, and the largest constant exponent: both keep a
#: malicious or mistyped formula from taking the machine's memory.
MAX_LENGTH = 500
MAX_EXPONENT = 64
#: Largest power of anything within a formula, its product with the powers within it.
MAX_DEGREE = 128
#: Largest constant, and most choices (max, abs, ...), each of which doubles the pieces.
LARGEST = 1e100
MAX_CHOICES = 8
#: Most functions within functions: derivatives, and their code, double with each.
MAX_NESTED = 5
CHOICES = ("abs", "sign", "step", "max", "min", "relu")
#: A formula's text ends up in generated files: no quotes, comments or line breaks.
CHARACTERS = re.compile(r"[0-9A-Za-z_ .,+*/^()-]*")

CONSTANTS = ("pi",)
FUNCTIONS = (
    *("exp", "log", "sqrt", "tanh", "sinh", "cosh", "sin", "cos", "tan", "atan", "erf", "erfc"),
    *("abs", "sign", "step", "max", "min", "relu", "sigmoid", "softplus"),
)
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UAdd, ast.USub)


class FormulaError(ValueError):
    """A text that is not a formula in the variables asked for."""


def check(text: str, variables: Collection[str]) -> frozenset[str]:
    """Return the variables that a formula uses; refuse whatever is not a formula.

    Parameters
    ----------
    text
        Numbers, ``+ - * / ** ^``, parentheses, `FUNCTIONS`, ``pi`` and the variables.
    variables
        The names that may stand for a quantity.

    Raises
    ------
    FormulaError
        With the offending piece and what is accepted.

    Examples
    --------
    >>> sorted(check("h/(1+exp(-h))", {"h"}))
    ['h']
    """
    return frozenset(
        node.id
        for node in ast.walk(_checked_tree(text, variables))
        if isinstance(node, ast.Name) and node.id in variables
    )


def to_sympy(text: str, variables: dict[str, sympy.Symbol]) -> sympy.Expr:
    """Translate a formula into sympy; decimal numbers become exact rationals.

    Raises
    ------
    FormulaError
        As `check`, and when the formula has no finite real value (``1/0``).
    """
    import sympy

    from .softplus import Softplus

    expression = sympy.sympify(_translate(_checked_tree(text, variables), text, variables))
    return Softplus.recognised(expression)


def _checked_tree(text: str, variables: Iterable[str]) -> ast.expr:
    accepted = f"a formula in {', '.join(sorted(variables))}, such numbers and operators as "
    accepted += f"2*(x+1)**2, pi, and the functions {' '.join(FUNCTIONS)}"
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"formula of {len(text)} characters; at most {MAX_LENGTH} are accepted")
    try:
        if not CHARACTERS.fullmatch(text):
            raise FormulaError("a character that is not part of a formula")
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
        for node in ast.walk(tree):
            _check_node(node, variables)
        _check_size(tree)
    except FormulaError as problem:
        raise FormulaError(f"{text!r}: {problem}; accepted is {accepted}") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{text!r} is not a formula; accepted is {accepted}") from None
    return tree


def _check_node(node: ast.AST, variables: Iterable[str]) -> None:
    match node:
        case ast.Constant(value=bool()) | ast.Constant(value=complex()):
            raise FormulaError(f"{node.value!r} is not a real number")
        case ast.Constant(value=int() | float() as value):
            if not abs(value) < LARGEST:
                raise FormulaError(f"the number {value!r} is too large")
        case ast.BinOp(op=ast.Pow(), right=exponent):
            size = _constant(exponent)
            if size is not None and abs(size) > MAX_EXPONENT:
                raise FormulaError(f"an exponent of {size!r} is above {MAX_EXPONENT}")
            if size is None and any(isinstance(n, ast.Pow) for n in ast.walk(exponent)):
                raise FormulaError("a power within an exponent is not accepted")
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            accepted = len(args) >= 2 if name in ("max", "min") else len(args) == 1
            if not accepted:
                raise FormulaError(f"{name} was given {len(args)} arguments")
        case ast.Call():
            raise FormulaError(f"unknown function {ast.unparse(node.func)!r}")
        case ast.Name(id=name):
            if name not in variables and name not in FUNCTIONS and name not in CONSTANTS:
                raise FormulaError(f"unknown name {name!r}")
        case ast.BinOp() | ast.UnaryOp() | ast.Load():
            pass
        case ast.operator() | ast.unaryop() if isinstance(node, OPERATORS):
            pass
        case _:
            raise FormulaError(f"{ast.unparse(node) or '//'!r} is not part of a formula")


def _check_size(tree: ast.expr) -> None:
    nodes = list(ast.walk(tree))
    called = {id(node.func): node.func for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in FUNCTIONS and id(node) not in called:
            raise FormulaError(f"the function {node.id!r} needs an argument")
    names = [func.id for func in called.values() if isinstance(func, ast.Name)]
    if sum(name in CHOICES for name in names) > MAX_CHOICES:
        raise FormulaError(f"more than {MAX_CHOICES} of {' '.join(CHOICES)}")
    if (nested := _nested(tree)) > MAX_NESTED:
        raise FormulaError(f"{nested} functions within one another; at most {MAX_NESTED}")
    if (degree := _degree(tree)) > MAX_DEGREE:
        raise FormulaError(f"a power of {degree:g} in all is above {MAX_DEGREE}")


def _nested(node: ast.AST) -> int:
    """How many functions are called within one another, at most."""
    within = max(map(_nested, ast.iter_child_nodes(node)), default=0)
    return within + isinstance(node, ast.Call)


def _degree(node: ast.AST) -> float:
    """A bound on the degree of a formula as a polynomial of its names and numbers."""
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            size = _constant(right)
            return _degree(left) * max(1.0, abs(size if size is not None else 1.0))
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            return _degree(left) + _degree(right)
        case ast.Constant():
            return 0.5  # numbers beside a name are cheap, powers of numbers are not
        case _:
            return max((_degree(child) for child in ast.iter_child_nodes(node)), default=1.0)


def _constant(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=value)):
            return float(value)  # type: ignore[arg-type]  # complex was refused by its own node
        case _:
            return None


def _translate(node: ast.expr, text: str, variables: dict[str, sympy.Symbol]) -> Any:
    import sympy

    match node:
        case ast.Constant(value=value):
            return sympy.Rational(repr(value))
        case ast.Name(id="pi"):
            return sympy.pi
        case ast.Name(id=name) if name in variables:
            return variables[name]
        case ast.UnaryOp(op=op, operand=operand):
            value = _translate(operand, text, variables)
            return -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=op, right=right):
            x, y = (_translate(side, text, variables) for side in (left, right))
            if isinstance(op, ast.Pow) and y.is_number and not abs(float(y)) <= MAX_EXPONENT:
                raise FormulaError(f"{text!r}: an exponent of {float(y):g} is above {MAX_EXPONENT}")
            return _finite(_arithmetic()[type(op)](x, y), text)
        case ast.Call(func=ast.Name(id=name), args=args):
            value = _functions()[name](*(_translate(arg, text, variables) for arg in args))
            return _finite(value, text)
    raise FormulaError(f"{text!r} is not a formula")


def _finite(value: Any, text: str) -> Any:
    """Refuse constants that are not real, or too large to be carried on exactly."""
    import sympy

    if value.has(sympy.zoo, sympy.oo, sympy.nan, sympy.I):
        raise FormulaError(f"{text!r} has no finite real value")
    if value.is_number:
        size = abs(sympy.N(value, 15))
        if not (size < LARGEST) == True:  # noqa: E712  (sympy's own truth values)
            raise FormulaError(f"{text!r} has a constant above {LARGEST:g}")
    return value


def _arithmetic() -> dict[type[ast.operator], Callable[[Any, Any], Any]]:
    return {
        ast.Add: lambda x, y: x + y,
        ast.Sub: lambda x, y: x - y,
        ast.Mult: lambda x, y: x * y,
        ast.Div: lambda x, y: x / y,
        ast.Pow: lambda x, y: x**y,
    }


def _functions() -> dict[str, Callable[..., Any]]:
    import sympy

    from .softplus import Softplus

    own = {
        "abs": sympy.Abs,
        "max": sympy.Max,
        "min": sympy.Min,
        "step": sympy.Heaviside,
        "relu": lambda x: sympy.Max(0, x),
        "sigmoid": lambda x: (1 + sympy.tanh(x / 2)) / 2,
        "softplus": Softplus,
    }
    return {name: own.get(name) or getattr(sympy, name) for name in FUNCTIONS}
