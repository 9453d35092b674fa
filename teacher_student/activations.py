"""Activations: each is one formula in the field ``h``; everything else is derived from it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..codegen.formula import FormulaError, check, to_sympy
from ..results.errors import InputError

if TYPE_CHECKING:
    import sympy

#: The shipped activations. ``erf`` is scaled as in the literature on teacher-student dynamics.
ACTIVATIONS = {
    "relu": "max(0, h)",
    "identity": "h",
    "erf": "erf(h/sqrt(2))",
    "tanh": "tanh(h)",
    "sigmoid": "sigmoid(h)",
    "softplus": "softplus(h)",
    "gelu": "h*(1 + erf(h/sqrt(2)))/2",
    "leaky-relu": "max(h, 0.01*h)",
}

#: Fields at which a formula must have a value.
TRIED = (-7, -2.3, 0, 1.7, 7)


@lru_cache(maxsize=256)
def activation_formula(activation: str) -> str:
    """The formula in ``h`` of a shipped activation's name, or of a user's formula.

    Raises
    ------
    FormulaError
        If it is neither.

    Examples
    --------
    >>> activation_formula("relu")
    'max(0, h)'
    """
    if activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    try:
        used = check(activation, {"h"})
    except FormulaError as problem:
        names = ", ".join(ACTIVATIONS)
        raise FormulaError(f"{problem}; or one of the names {names}") from None
    if not used:
        raise FormulaError(f"{activation!r} does not depend on h; a formula in h is accepted")
    return activation


@lru_cache(maxsize=64)
def activation_expression(activation: str) -> sympy.Expr:
    """The activation as a sympy expression of the real symbol ``h``.

    Raises
    ------
    InputError
        If it is not a finite real number for every ``h`` tried: the field is Gaussian, so
        that it takes every value.
    """
    h = field_symbol()
    try:
        expression = to_sympy(activation_formula(activation), {"h": h})
    except FormulaError as problem:
        raise InputError("activation", activation, str(problem)) from None
    for value in TRIED:
        g = expression.subs(h, value).evalf()
        if not (g.is_number and g.is_finite and g.is_real):
            raise InputError(
                "activation",
                activation,
                f" is not a finite real number at h={value}; a formula that is one for every h is "
                "accepted",
            )
    return expression


def field_symbol() -> sympy.Symbol:
    """The symbol ``h`` of an activation's formula."""
    import sympy

    return sympy.Symbol("h", real=True)


@lru_cache(maxsize=64)
def slope_expression(activation: str) -> sympy.Expr:
    """The derivative g'(h); a kink's own value is that of the left or right side."""
    import sympy

    slope = sympy.diff(activation_expression(activation), field_symbol())
    # Products such as h*Dirac(h) are zero; a jump in g itself has no usable gradient.
    slope = slope.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    return sympy.expand(slope) if slope.has(sympy.Heaviside) else slope


@lru_cache(maxsize=64)
def kinks(activation: str) -> tuple[float, ...]:
    """Where the formula is not smooth, in increasing order (quadrature is split there).

    Examples
    --------
    >>> kinks("relu"), kinks("tanh"), kinks("min(max(h, -1), 1)")
    ((0.0,), (), (-1.0, 1.0))
    """
    import sympy

    h = field_symbol()
    expression = activation_expression(activation)
    borders = {inner.args[0] for inner in expression.atoms(sympy.Abs, sympy.sign, sympy.Heaviside)}
    pieces = [_pieces(choice) for choice in expression.atoms(sympy.Max, sympy.Min)]
    borders |= {x - y for some in pieces for i, x in enumerate(some) for y in some[i + 1 :]}
    borders = {piece for border in borders for piece in _pieces(border)}
    roots = {root for border in borders for root in _real_roots(border, h, activation)}
    return tuple(sorted(roots))


def _pieces(expression: sympy.Expr) -> list[sympy.Expr]:
    """The smooth expressions among which nested max, min and abs choose."""
    import sympy

    choices = expression.atoms(sympy.Max, sympy.Min, sympy.Abs)
    if not choices:
        return [expression]
    outer = max(choices, key=lambda choice: (choice.count_ops(), str(choice)))
    arguments = outer.args if not isinstance(outer, sympy.Abs) else (outer.args[0], -outer.args[0])
    return [piece for a in arguments for piece in _pieces(expression.xreplace({outer: a}))]


def _real_roots(border: sympy.Expr, h: sympy.Symbol, activation: str) -> list[float]:
    import sympy

    numerator = sympy.numer(sympy.together(border))
    if not numerator.is_polynomial(h):
        raise InputError(
            "activation",
            activation,
            f" changes its form where {border} = 0; kinks are found for polynomials in h only",
        )
    if not numerator.has(h):
        return []
    return [float(root) for root in sympy.Poly(numerator, h).real_roots()]
