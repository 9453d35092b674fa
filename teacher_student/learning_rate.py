"""A learning rate is a number, or a schedule: a formula in the time ``t``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..codegen.formula import FormulaError, check, to_sympy
from ..results.errors import InputError
from .named_numbers import put_in
from .parameters import PARAMETERS

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Schedule:
    """A learning rate that changes in time, resolved.

    Attributes
    ----------
    formula
        In ``t``, steps over N.

    Examples
    --------
    >>> Schedule("1/(1 + t)").expression
    1/(t + 1)
    """

    formula: str

    @cached_property
    def expression(self) -> sympy.Expr:
        """The formula as a sympy expression of the real symbol ``t``."""
        import sympy

        return to_sympy(self.formula, {"t": sympy.Symbol("t", real=True)})


def rate(eta: object, numbers: Mapping[str, float] | None = None) -> float | str:
    """The learning rate as a number where it is one, else as a checked formula in t.

    Parameters
    ----------
    eta
        Anything.
    numbers
        Those that have a name in the formula.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> rate("0.5"), rate("exp(-t)")
    (0.5, 'exp(-t)')
    """
    row, also = PARAMETERS["eta"], " or a formula in t"
    if not isinstance(eta, str):
        return row.bounded(eta, also)
    try:
        constant = float(eta)
    except ValueError:
        pass
    else:
        return row.bounded(constant, also)
    try:
        check(put_in(eta, numbers or {}), row.formula_in.split())
    except FormulaError as problem:
        reason = str(problem).removeprefix(f"{eta!r}: ")
        raise InputError("eta", eta, reason) from None
    return eta
