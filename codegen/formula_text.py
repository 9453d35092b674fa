"""Formulas given as expressions of sympy: their text, as the parser of formulas reads it."""

from __future__ import annotations

from typing import Any

from .formula import FormulaError

#: How sympy's functions are called in formulas, where the names differ.
NAMES = {"Abs": "abs", "Max": "max", "Min": "min", "Heaviside": "step", "Softplus": "softplus"}


def formula_text(value: Any, variables: str) -> str | None:
    """The text of an expression of sympy; None for what is none.

    Parameters
    ----------
    value
        Anything.
    variables
        The names of the formula's variables, which the message for a function shows.

    Raises
    ------
    FormulaError
        For a Python function, with the way to write it as a formula; for a part of an expression
        that formulas do not have.

    Examples
    --------
    >>> import sympy
    >>> formula_text(sympy.Max(0, sympy.Symbol("h")), "h")
    'max(0, h)'
    """
    if isinstance(value, str) or value is None:
        return None
    if not isinstance(value, type) and hasattr(value, "free_symbols"):
        return _printed(value)
    if callable(value):
        first = variables.split()[0]
        raise FormulaError(
            f"a Python function cannot be differentiated or compiled here; a formula is accepted, "
            f'as text ("tanh({first})") or of sympy (sympy.tanh(sympy.Symbol("{first}")))'
        )
    return None


def _printed(expression: Any) -> str:
    import sympy
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):
        """Sympy's own text, with the names that formulas have."""

        def _print_Function(self, function: Any) -> str:
            name = NAMES.get(type(function).__name__, type(function).__name__)
            # A step has its value at 0 as a second argument.
            arguments = function.args[:1] if name in ("step", "abs") else function.args
            return f"{name}({', '.join(map(self.doprint, arguments))})"

        _print_Max = _print_Min = _print_Abs = _print_Heaviside = _print_Function

        def _print_Exp1(self, number: Any) -> str:
            return "exp(1)"

        def _print_Piecewise(self, choice: Any) -> str:
            raise FormulaError(
                "Piecewise is no part of a formula; max, min, abs and step are: "
                "step(h)*h is h for h > 0 and else 0"
            )

    return str(Printer({"full_prec": False}).doprint(sympy.sympify(expression)))
