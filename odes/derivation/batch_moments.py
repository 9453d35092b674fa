"""What the drift of a batch scheme asks for, and for which batches it exists (theory page 4).

Examples of one batch are exchangeable, so every batch mean reduces to one or two examples:

    E[mean(P)] = E[P_1],        E[mean(P) mean(Q)] = E[P_1 Q_1] / M + (1 - 1/M) E[P_1 Q_2].

Their fields are ``u_k = ubar + s uhat_k``; ``ubar``, ``s`` and the direction ``uhat`` are
independent, ``ubar ~ N(0, 1/M)``, ``M s^2 ~ chi^2_{M-1}``, ``uhat`` uniform on the sphere
``mean(uhat) = 0, mean(uhat^2) = 1``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import sympy
from sympy import Expr, Integer, Poly, Symbol

from ...teacher_student.activations import Activation
from .student_field import laurent
from .symbols import NOISE, SLOPE, SPREAD, UBAR, UHAT, XI, G, T, V


class BatchMoment(NamedTuple):
    """Exponents of ``E[g(f)^g g'(f)^slope uhat^uhat ubar^ubar s^s g(v)^teacher v^v]``."""

    g: int
    slope: int
    uhat: int
    ubar: int
    s: int
    teacher: int
    v: int


class Half(NamedTuple):
    """One example's part of a moment of two."""

    g: int
    slope: int
    uhat: int
    teacher: int


class PairMoment(NamedTuple):
    """Exponents of a moment of two examples; ``ubar`` and ``s`` are those of their batch."""

    first: Half
    second: Half
    ubar: int
    s: int


LAURENT = (UBAR, SPREAD, 1 / SPREAD)
_FIRST = (G, SLOPE, UHAT, T, XI)
_SECOND = sympy.symbols("g_f2 slope2 uhat2 g_v2 xi2", real=True)

Moments = dict[Symbol, "BatchMoment | PairMoment"]


def collect_moment(integrand: Expr, moments: Moments) -> Expr:
    """Average over one example of a batch; note in ``moments`` what that asks for."""
    total: Expr = Integer(0)
    generators = (G, SLOPE, UHAT, *LAURENT, T, V, XI)
    for powers, coefficient in Poly(sympy.expand(integrand), *generators).terms():
        g, slope, uhat, ubar, s, s_inverse, t, v, xi = powers
        if xi % 2 or coefficient == 0:
            continue  # the label noise is centred
        noise = NOISE ** (xi // 2) * sympy.factorial2(xi - 1) if xi else 1
        moment = BatchMoment(g, slope, uhat, ubar, s - s_inverse, t, v)
        total += coefficient * noise * _symbol(moment, moments)
    return total


def collect_pair(first: Expr, second: Expr, moments: Moments) -> Expr:
    """Average the product of two examples' parts; note in ``moments`` what that asks for."""
    other = second.xreplace(dict(zip(_FIRST, _SECOND, strict=True)))
    total: Expr = Integer(0)
    generators = (*_FIRST, *_SECOND, *LAURENT)
    for powers, coefficient in Poly(sympy.expand(first * other), *generators).terms():
        *one, xi = powers[:5]
        *two, xi2 = powers[5:10]
        ubar, s, s_inverse = powers[10:]
        if xi or xi2 or coefficient == 0:
            continue  # the noises of two examples are independent
        halves = sorted((Half(*one), Half(*two)))
        moment = PairMoment(halves[0], halves[1], ubar, s - s_inverse)
        total += coefficient * _symbol(moment, moments)
    return total


def _symbol(moment: BatchMoment | PairMoment, moments: Moments) -> Expr:
    numbers = moment_tuple(moment)
    if not any(numbers):
        return Integer(1)
    kind = "P_" if isinstance(moment, PairMoment) else "B_"
    symbol = Symbol(kind + "".join(map(str, numbers)).replace("-", "m"), real=True)
    moments[symbol] = moment
    return symbol


def smallest_batch(activation: Activation, X: Expr, moments: Iterable[Any]) -> int:
    """The smallest batch at which all moments exist.

    As ``s -> 0`` the density of the spread falls like ``s^(M-2)``, so ``E[s^-k]`` needs
    ``M > k + 1``. A field with ``ubar / s`` in it brings further powers: an activation that
    grows follows it, one that is bounded cuts it off where ``|ubar|`` is beyond about ``s``.
    """
    degree = activation.growth
    pole = max([-s for _, _, s in laurent(X.coeff(UHAT, 0))], default=0)
    worst = 1  # a spread needs two examples
    for moment in moments:
        halves = (moment.first, moment.second) if isinstance(moment, PairMoment) else (moment,)
        order = -moment.s
        if degree == 0 and pole:
            order -= moment.ubar
        order += pole * sum(degree * x.g + (degree - 1) * x.slope for x in halves if degree)
        worst = max(worst, order + 1)
    return worst + 1


def moment_tuple(moment: tuple[Any, ...]) -> tuple[int, ...]:
    """All exponents of a moment in a row."""
    if isinstance(moment, PairMoment):
        return tuple(itertools.chain(moment.first, moment.second, moment[2:]))
    return tuple(moment)
