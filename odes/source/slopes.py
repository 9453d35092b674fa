"""Derivatives of a drift by the order parameters, in closed form.

A closed form's derivative by rho may be a difference of infinite terms at |rho| = 1 until it is
simplified; a whole drift is too large to be simplified at once. So the chain rule goes through
the moments, each of whose derivatives is simplified on its own.
"""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol

from ..derivation.drift import Derivation
from ..derivation.symbols import FIELD_STD, ORDER_PARAMETERS, RHO, SHIFT, SIGN, R


def jacobian_entry(derivation: Derivation, row: str, column: str) -> Expr:
    """``d(dy_row/dt) / dy_column`` in terms of order parameters, ``q``, ``rho`` and ``shift``."""
    drift, by = derivation.drift[row], ORDER_PARAMETERS[column]
    closed = derivation.closed
    total = drift.diff(by).xreplace(closed)
    inner = {
        RHO: SIGN if by == R else sympy.Integer(0),
        FIELD_STD: SIGN * derivation.scale.diff(by),
        SHIFT: derivation.shift.diff(by),
    }
    for symbol in drift.free_symbols & set(closed):
        slope = sum(
            moment_slope(closed[symbol], variable) * factor
            for variable, factor in inner.items()
            if factor != 0
        )
        total += drift.diff(symbol).xreplace(closed) * slope
    return total


def moment_slope(closed: Expr, variable: Symbol) -> Expr:
    """A closed form's derivative, simplified until |rho| = 1 is harmless."""
    slope = sympy.diff(closed, variable)
    return sympy.radsimp(sympy.simplify(slope)) if slope.has(sympy.sqrt(1 - RHO**2)) else slope
