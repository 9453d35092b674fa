"""Functions of numbers that computer algebra leaves as they are, and every printer knows."""

from __future__ import annotations

import sympy
from sympy import Expr, Piecewise


class Clip(sympy.Function):
    """A cosine, kept in [-1, 1]: a trial step may leave it by a rounding error."""

    nargs = 1


class Hypot(sympy.Function):
    """The length of a vector of two components."""

    nargs = 2


class Angle(sympy.Function):
    """``atan2(y, x)``, which sympy would rewrite as ``atan(y/x)`` for a positive ``x``."""

    nargs = 2


class RootOfRest(sympy.Function):
    """``sqrt(1 - x^2)`` of a cosine, 0 where ``|x|`` exceeds 1 by a rounding error."""

    nargs = 1


def choice(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """One value if a condition holds, otherwise the other."""
    return Piecewise((yes, condition), (no, True))
