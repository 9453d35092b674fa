"""Schemes: how the student's field is normalised. Each is one formula.

The symbols: ``a = w.x`` of the example, ``mu`` and ``sigma`` mean and 1/M standard deviation of
``a`` over the batch, ``n2 = |w|^2``, ``N`` the input dimension, and the trained scalars
``gamma`` and ``beta``. A formula that uses ``mu`` or ``sigma`` is a batch scheme: its gradient
flows through the batch statistics.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..codegen.formula import FormulaError, check, to_sympy
from ..results.errors import InputError

if TYPE_CHECKING:
    import sympy

SCHEMES = {
    "sgd": "a",
    "wn": "sqrt(N)*gamma*a/sqrt(n2)",
    "pn": "sqrt(N)*gamma*a/sqrt(n2)",
    "bn": "gamma*(a - mu)/sigma + beta",
    "mean-only-bn": "sqrt(N)*gamma*(a - mu)/sqrt(n2)",
    "var-only-bn": "gamma*a/sigma",
}
SYMBOLS = ("a", "mu", "sigma", "n2", "gamma", "beta", "N")
BATCH_STATISTICS = frozenset({"mu", "sigma"})


@lru_cache(maxsize=256)
def scheme_formula(scheme: str) -> str:
    """The field's formula of a shipped scheme's name, or of a user's formula.

    Raises
    ------
    FormulaError
        If it is neither, or does not depend on ``a``.

    Examples
    --------
    >>> scheme_formula("sgd")
    'a'
    """
    if scheme in SCHEMES:
        return SCHEMES[scheme]
    try:
        used = check(scheme, SYMBOLS)
    except FormulaError as problem:
        raise FormulaError(f"{problem}; or one of the names {', '.join(SCHEMES)}") from None
    if "a" not in used:
        raise FormulaError(f"{scheme!r} does not depend on a = w.x; one that does is accepted")
    return scheme


@lru_cache(maxsize=256)
def scheme_uses(scheme: str) -> frozenset[str]:
    """Which of `SYMBOLS` the scheme's formula uses."""
    return check(scheme_formula(scheme), SYMBOLS)


def uses_batch(scheme: str) -> bool:
    """Whether the field of one example depends on the rest of its batch."""
    return bool(scheme_uses(scheme) & BATCH_STATISTICS)


@lru_cache(maxsize=1)
def scheme_symbols() -> dict[str, sympy.Symbol]:
    """The sympy symbols of `SYMBOLS`, by name."""
    import sympy

    positive = {"sigma", "n2", "N"}
    return {
        name: sympy.Symbol(name, **({"positive": True} if name in positive else {"real": True}))
        for name in SYMBOLS
    }


@lru_cache(maxsize=64)
def field_expression(scheme: str, train_beta: bool) -> sympy.Expr:
    """The student field as a sympy expression; ``beta`` is 0 unless it is trained.

    Raises
    ------
    InputError
        If the field is not affine in ``a``: a normalisation shifts and scales.
    """
    import sympy

    symbols = scheme_symbols()
    try:
        field = to_sympy(scheme_formula(scheme), symbols)
    except FormulaError as problem:
        raise InputError("scheme", scheme, str(problem)) from None
    if not train_beta:
        field = field.subs(symbols["beta"], 0)
    if sympy.simplify(sympy.diff(field, symbols["a"], 2)) != 0:
        raise InputError(
            "scheme",
            scheme,
            " is not affine in a; a field of the form scale*a + shift is needed",
        )
    return field
