"""A scheme's field as N grows, as a function of the random factors of one example or one batch."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Expr, Integer

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ...teacher_student.schemes import scheme_symbols
from .symbols import BETA, GAMMA, SIGN, SPREAD, UBAR, UHAT, L, U

#: What the field is derived by; for one example's own field those by mu and sigma are zero.
DERIVATIVES = ("a", "mu", "sigma", "gamma", "beta", "n2")


@dataclass(frozen=True)
class StudentField:
    """A field ``f = shift + scale sign(scale) X``, and its derivatives.

    Attributes
    ----------
    scale, shift
        Functions of the order parameters alone; with population statistics ``X = u``.
    X
        What is random in the field: ``u`` for one example's own field, otherwise
        ``x0(ubar, s) + x1(ubar, s) uhat``.
    derivatives
        By `DERIVATIVES`, as functions of the random factors; the one by ``n2`` times N.
    """

    scale: Expr
    shift: Expr
    X: Expr
    derivatives: dict[str, Expr]


def student_field(problem: Problem, norm: Expr = L) -> StudentField:
    """Put ``a = L u``, ``|w|^2 = N L^2`` and the batch's statistics into the scheme's field.

    Parameters
    ----------
    problem
        The setting.
    norm
        ``|w|/sqrt(N)``, where inputs with a spectrum make it another than the spread L of ``w.x``.

    Raises
    ------
    ValueError
        For a batch scheme whose field does not separate into order parameters and randomness.
    """
    s = scheme_symbols()
    field = problem.scheme_.field
    by_name = {name: field.diff(s[name]) for name in DERIVATIVES}
    if any(derivative.has(sympy.DiracDelta) for derivative in by_name.values()):
        raise InputError("scheme", problem.scheme, "a field without jumps is accepted")
    by_name["n2"] *= s["N"]
    values = {s["n2"]: s["N"] * norm**2, s["gamma"]: GAMMA, s["beta"]: BETA}
    population = {s["a"]: L * SIGN * U, s["mu"]: Integer(0), s["sigma"]: L}
    batch = {s["a"]: L * SIGN * (UBAR + SPREAD * UHAT), s["mu"]: L * SIGN * UBAR}
    batch[s["sigma"]] = L * SPREAD
    f = sympy.expand(_large_dimension(field.xreplace({**values, **population})))
    scale, shift = sympy.simplify(f.coeff(U, 1) / SIGN), sympy.simplify(f.coeff(U, 0))
    random = {**values, **(batch if problem.uses_batch else population)}
    derivatives = {name: _large_dimension(e.xreplace(random)) for name, e in by_name.items()}
    X: Expr = U
    if problem.uses_batch:
        X = _batch_part(problem, _large_dimension(field.xreplace(random)), scale, shift)
    return StudentField(scale, shift, X, derivatives)


def _batch_part(problem: Problem, field: Expr, scale: Expr, shift: Expr) -> Expr:
    X = sympy.expand(sympy.simplify((field - shift) / (scale * SIGN)).subs(SIGN**2, 1))
    flipped = X.xreplace({UHAT: -UHAT, UBAR: -UBAR})
    if not X.free_symbols <= {UHAT, UBAR, SPREAD} or sympy.expand(flipped + X) != 0:
        raise InputError(
            "scheme",
            problem.scheme,
            "a flow is derived for batch fields of the form "
            "scale * X + shift, with scale and shift of gamma, beta and n2 alone and X odd in "
            "a and mu",
        )
    return X


def _large_dimension(expression: Expr) -> Expr:
    N = scheme_symbols()["N"]
    simple = sympy.simplify(expression)
    return sympy.limit(simple, N, sympy.oo) if simple.has(N) else simple


def laurent(expression: Expr) -> list[tuple[float, int, int]]:
    """A polynomial in ``ubar``, ``s`` and ``1/s`` as ``(coefficient, power, power)``."""
    if expression == 0:
        return []
    terms = sympy.Poly(sympy.expand(expression), UBAR, SPREAD, 1 / SPREAD).terms()
    return [(float(c), i, j - k) for (i, j, k), c in terms if c != Integer(0)]
