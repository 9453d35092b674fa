"""`Softplus`, a function of its own: ``log(1 + exp(x))`` and its slope overflow from x = 710."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr


class Softplus(sympy.Function):
    """``log(1 + exp(x))``, printed as ``max(0, x) + log(1 + exp(-|x|))``.

    Examples
    --------
    >>> x = sympy.Symbol("x", real=True)
    >>> Softplus(x).diff(x)
    tanh(x/2)/2 + 1/2
    """

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """A number has a value; anything else stays as it is."""
        return sympy.log(1 + sympy.exp(x)) if x.is_number else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """The logistic function."""
        return (1 + sympy.tanh(self.args[0] / 2)) / 2

    def _eval_is_extended_real(self) -> bool | None:
        return self.args[0].is_extended_real

    def _latex(self, printer: Any) -> str:
        return rf"\log\left(1 + e^{{{printer._print(self.args[0])}}}\right)"

    @classmethod
    def recognised(cls, expression: Expr) -> Expr:
        """The expression, with every ``log(1 + exp(x))`` in it written as this function."""
        return expression.replace(cls._is_written_out, lambda log: cls(_exponent(log)))

    @staticmethod
    def _is_written_out(part: Expr) -> bool:
        return isinstance(part, sympy.log) and isinstance(part.args[0] - 1, sympy.exp)


def _exponent(log: Expr) -> Expr:
    return (log.args[0] - 1).args[0]
