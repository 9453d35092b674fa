"""Functions of numbers that computer algebra leaves as they are, and every printer knows."""

from __future__ import annotations

from typing import Any

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


class MeanChi(sympy.Function):
    """``E sqrt(Y)`` of a chi-square Y of so many degrees of freedom."""

    nargs = 1

    def _latex(self, printer: Any) -> str:
        return rf"E[\chi_{{{printer._print(self.args[0])}}}]"


class KeptDrift(sympy.Function):
    """``E[f Y]/M`` of ``f = min(1, M / (x sqrt(Y)))`` and a chi-square Y of M degrees."""

    nargs = 2


class KeptNoise(sympy.Function):
    """``E[f^2 Y]/M`` of the same."""

    nargs = 2


def choice(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """One value if a condition holds, otherwise the other."""
    return Piecewise((yes, condition), (no, True))
