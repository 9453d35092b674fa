"""Columns of a diffusion's table: sums of moments that always come together share one.

Those of ``(g(v) - g(f))^4``, for instance, are one column instead of five.
"""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol


def column(index: int) -> Symbol:
    """The symbol of a column."""
    return Symbol(f"column{index}", real=True)


def in_columns(expression: Expr, tabulated: set[Symbol], columns: list[Expr]) -> Expr:
    """Write a sum of tabulated moments in terms of table columns.

    Parameters
    ----------
    expression
        A sum of products; those with more than one tabulated moment keep each its own column.
    tabulated
        The moments that a table holds.
    columns
        Extended by the sums of moments that are asked for.

    Examples
    --------
    >>> x, a, b = sympy.symbols("x a b")
    >>> columns = []
    >>> in_columns(x * (a - 2 * b), {a, b}, columns), columns
    (column0*x, [a - 2*b])
    """
    rest, sums = sympy.Integer(0), dict[Expr, Expr]()
    for term in sympy.Add.make_args(sympy.expand(expression)):
        number, factors = term.as_coeff_mul()
        inside = [f for f in factors if f in tabulated]
        if len(inside) != 1 or not term.is_polynomial(*inside):
            rest += term  # without a tabulated moment, or a product of two: those stand alone
            continue
        front = sympy.Mul(*(f for f in factors if f not in tabulated))
        sums[front] = sums.get(front, sympy.Integer(0)) + number * inside[0]
    # In an order of their own: that of a set would differ from process to process.
    for moment in sorted(rest.free_symbols & tabulated, key=str):
        rest = rest.xreplace({moment: _position(moment, columns)})
    return rest + sum(front * _position(moments, columns) for front, moments in sums.items())


def _position(moments: Expr, columns: list[Expr]) -> Expr:
    scale, moments = moments.as_content_primitive()
    if -moments in columns:
        scale, moments = -scale, -moments
    if moments not in columns:
        columns.append(moments)
    return scale * column(columns.index(moments))
