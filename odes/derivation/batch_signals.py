"""Moments of the signal within a batch: of a batch scheme trained with any loss and labels.

They are those of `batch_moments`, with the signal delta in place of outputs and slopes. The
teacher's field is written ``v = rho u + sqrt(1 - rho^2) z``, and what a moment holds is
``z / sqrt(1 - rho^2)``: what turns a student is proportional to that root squared, and this way no
small difference of large numbers is left of it next to alignment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import sympy
from sympy import Expr, Integer, Poly, Symbol

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from .batch_moments import LAURENT
from .signal_moments import SIGNAL
from .student_field import laurent, student_field
from .symbols import SIGN, SPREAD, UBAR, UHAT, R, V

#: ``z / sqrt(1 - rho^2)`` of an example.
ACROSS = Symbol("z_across", real=True)
_OTHER = {SIGNAL: Symbol("delta2", real=True), UHAT: Symbol("uhat2", real=True)}


class BatchSignal(NamedTuple):
    """Exponents of ``E[delta^delta uhat^uhat ubar^ubar s^s (z/sqrt(1 - rho^2))^z]``."""

    delta: int
    uhat: int
    ubar: int
    s: int
    z: int
    problem: Problem


class PairSignal(NamedTuple):
    """Exponents of ``E[delta_1^a uhat_1^b delta_2^c uhat_2^d ubar^ubar s^s]`` of two examples."""

    a: int
    b: int
    c: int
    d: int
    ubar: int
    s: int
    problem: Problem


Moments = dict[Symbol, "BatchSignal | PairSignal"]


def collect_one(integrand: Expr, problem: Problem, moments: Moments) -> Expr:
    """Average over one example of a batch; note in ``moments`` what that asks for.

    Parameters
    ----------
    integrand
        A polynomial in `signal_moments.SIGNAL`, ``v`` and the factors of a batch.
    problem
        Of the moments.
    moments
        Extended by those met.

    Examples
    --------
    >>> collect_one(SIGNAL * UHAT / SPREAD, Problem(loss="logistic", labels="sign"), {})
    D1_110m10
    """
    field = R * SIGN * (UBAR + SPREAD * UHAT) + (1 - R**2) * ACROSS
    total: Expr = Integer(0)
    generators = (SIGNAL, UHAT, *LAURENT, ACROSS)
    for powers, coefficient in Poly(sympy.expand(integrand.subs(V, field)), *generators).terms():
        delta, uhat, ubar, s, s_inverse, z = powers
        moment = BatchSignal(delta, uhat, ubar, s - s_inverse, z, problem)
        total += coefficient * _symbol("D1_", moment, moments)
    return total


def collect_two(first: Expr, second: Expr, problem: Problem, moments: Moments) -> Expr:
    """Average the product of two examples' parts; note in ``moments`` what that asks for."""
    total: Expr = Integer(0)
    generators = (SIGNAL, UHAT, *_OTHER.values(), *LAURENT)
    product = sympy.expand(first * second.xreplace(_OTHER))
    for powers, coefficient in Poly(product, *generators).terms():
        (a, b), (c, d) = sorted((powers[:2], powers[2:4]))
        ubar, s, s_inverse = powers[4:]
        moment = PairSignal(a, b, c, d, ubar, s - s_inverse, problem)
        total += coefficient * _symbol("D2_", moment, moments)
    return total


def _symbol(kind: str, moment: BatchSignal | PairSignal, moments: Moments) -> Expr:
    numbers = moment[:-1]
    if not any(numbers):
        return Integer(1)
    symbol = Symbol(kind + "".join(map(str, numbers)).replace("-", "m"), real=True)
    moments[symbol] = moment
    return symbol


def smallest_signal_batch(problem: Problem, moments: Iterable[BatchSignal | PairSignal]) -> int:
    """The smallest batch at which all moments exist (`batch_moments.smallest_batch`)."""
    degree, worst = signal_degree(problem), 1
    pole = max([-s for _, _, s in laurent(student_field(problem).X.coeff(UHAT, 0))], default=0)
    if pole and math.isinf(degree):
        reason = f" has a signal that grows faster than any power, and scheme={problem.scheme!r} a "
        reason += "field of which no exponential has a mean; a loss that grows less is accepted"
        raise InputError("loss", problem.loss, reason)
    for moment in moments:
        deltas = moment.a + moment.c if isinstance(moment, PairSignal) else moment.delta
        order = (pole * int(degree) * deltas if pole else 0) - moment.s
        if pole and is_cut_off(problem):
            order -= moment.ubar
        worst = max(worst, order + 1)
    return worst + 1


@lru_cache(maxsize=256)
def is_cut_off(problem: Problem) -> bool:
    """Whether the signal vanishes where the batch's mean is far beyond its spread.

    That of the logistic loss does if g saturates, else not: far on the wrong side it stays 1.

    Examples
    --------
    >>> [is_cut_off(Problem(g, loss="logistic", labels="sign")) for g in ("tanh", "relu")]
    [True, False]
    """
    if signal_degree(problem) > 0:
        return False
    return problem.activation_.growth == 0 or problem.loss_.fades


@lru_cache(maxsize=256)
def signal_degree(problem: Problem) -> float:
    """With which power of the student's field the signal grows; 0 of a bounded one, or infinite.

    Examples
    --------
    >>> signal_degree(Problem(loss="logistic", labels="sign")), signal_degree(Problem("h**2"))
    (0, 3)
    """
    steep, outward = problem.activation_.growth, problem.loss_.output_growth
    if steep == 0:
        return 0
    return outward if math.isinf(outward) else steep * math.ceil(outward) + steep - 1
