"""Moments of the signal itself: of losses whose signal is no polynomial in output and label.

Of the squared loss the signal is ``g'(f) (y - g(f))``, and a drift asks for moments of its factors
(`gaussian_moments`). Of any other loss it stays one random number delta, and a drift asks for
``E[delta^a u^b v^c]`` over the fields and the law of the label.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import sympy
from sympy import Expr, Poly, Symbol

from ...teacher_student.activations import field_symbol
from ...teacher_student.problem import Problem
from .symbols import U, V

if TYPE_CHECKING:
    from .expectations import Average, Point

#: The signal of an example.
SIGNAL = Symbol("delta", real=True)
#: What no finer rule shows, in units of the moment of absolute values: rounding.
ROUNDING = 1e-13


class SignalMoment(NamedTuple):
    """Exponents of ``E[delta^delta u^u v^v]``, and the problem whose loss and labels they are of.

    Attributes
    ----------
    delta, u, v
        Exponents.
    problem
        Only its formulas, and what it trains with, matter.
    """

    delta: int
    u: int
    v: int
    problem: Problem


def collect_signal(integrand: Expr, problem: Problem, moments: dict[Symbol, SignalMoment]) -> Expr:
    """Average a polynomial in the signal and the fields; note the moments it asks for.

    Parameters
    ----------
    integrand
        A polynomial in `SIGNAL`, ``u`` and ``v``; its coefficients may hold any other symbol.
    problem
        Of the moments.
    moments
        Extended by the moments met.

    Examples
    --------
    >>> collect_signal(SIGNAL**2 + 3 * SIGNAL * U, Problem(scheme="wn", loss="absolute"), {})
    3*D_110 + D_200
    """
    total: Expr = sympy.Integer(0)
    for (a, b, c), coefficient in Poly(integrand, SIGNAL, U, V).terms():
        if not (a or b or c):
            total += coefficient
            continue
        symbol = Symbol(f"D_{a}{b}{c}", real=True)
        moments[symbol] = SignalMoment(a, b, c, problem)
        total += coefficient * symbol
    return total


def rule_of(problem: Problem) -> str:
    """Which kernel averages: over classes, over a residual that is Gaussian, or over all."""
    if problem.labels_.classes:
        return "signal_classes"
    linear = problem.activation_.expression == field_symbol()
    return "signal_difference" if linear and problem.loss_.of_difference else "signal_teacher"


def powers_of(moments: Iterable[SignalMoment]) -> np.ndarray:
    """The exponents as kernels take them, shape (moments, 3)."""
    return np.array([moment[:3] for moment in moments], dtype=np.int64).reshape(-1, 3)


def signal_average(moment: SignalMoment, at: Point, panel: float, finer: float) -> Average:
    """A moment by the rule of a flow; a finer rule measures its error.

    Parameters
    ----------
    moment
        What is averaged.
    at
        The point; its noise and df/da count.
    panel, finer
        Longest panels of both rules.
    """
    from .expectations import Average
    from .signal_kernels import signal_kernels

    kernels, powers = signal_kernels(moment.problem), powers_of([moment])
    found = []
    for length in (panel, finer):
        out = np.empty(1)
        kernels.signal_moments(at.q, at.shift, at.rho, at.noise, at.pull, length, powers, out)
        found.append(float(out[0]))
    return Average(found[0], abs(found[0] - found[1]) + ROUNDING * (1.0 + abs(found[0])))
