"""Diffusion and finite-size drift of a batch scheme, derived from its update (theory pages 4, 6).

One step's increment is a polynomial in statistics of its batch: the mean ``ubar`` and spread
``s`` of the fields, and

    d_i = mean(delta uhat^i),  z_i = mean(delta z uhat^i),  e_i = mean(delta^2 uhat^i),
    z, zuhat = mean(z), mean(uhat z),      v_k = rho u_k + sqrt(1 - rho^2) z_k,

with ``delta`` the residual signal. The student turns towards the teacher by
``sum_k c_k (v_k - rho u_k) = sqrt(1 - rho^2) sum_k c_k z_k`` only: written so, with the root in
front, what scatters R near ``|R| = 1`` is not a small difference of large numbers.

Sorted by what stands in front of them (order parameters and parameters, which move along a
flow), these polynomials fall into a few *elements*, functions of the batch alone at a given
field and overlap. Their covariance is what `batch_sampling` tabulates; four examples and more
enter it, so that no quadrature of low dimension gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sympy
from sympy import Expr, Integer, Poly, Symbol

from ...teacher_student.formula_kernels import structure
from ...teacher_student.problem import Problem
from .student_field import student_field
from .symbols import (
    BATCH,
    DECAY,
    ETA,
    GAMMA_RATE,
    SIGN,
    SPREAD,
    STATISTICS_SIZE,
    UBAR,
    UHAT,
    L,
    R,
)

ACROSS = Symbol("across", nonnegative=True)
ZBAR, ZUHAT = sympy.symbols("zbar zuhat", real=True)
#: Powers of uhat that fields of degree one in it can ask for.
POWERS = 4
SIGNAL = sympy.symbols(f"d:{POWERS}", real=True)
ACROSS_SIGNAL = sympy.symbols(f"z:{POWERS}", real=True)
SQUARE = sympy.symbols(f"e:{POWERS}", real=True)
STATISTICS = (*SIGNAL, *ACROSS_SIGNAL, *SQUARE, ZBAR, ZUHAT, UBAR, SPREAD)
_OF_THE_BATCH = frozenset({*STATISTICS, STATISTICS_SIZE})

#: A sum of elements: what stands in front of an element, and which element it is.
Combination = tuple[tuple[Expr, int], ...]


@dataclass(frozen=True)
class BatchDiffusion:
    """One step of a batch scheme in terms of elements.

    Attributes
    ----------
    scattering
        Elements whose covariance counts: functions of `STATISTICS` and m.
    increments
        N times a step's increment of ``gamma, beta, R, L`` as far as they exist, up to constants
        and to first order in the step, in terms of them; the factors hold order parameters,
        parameters and `ACROSS`, which stands for ``sqrt(1 - R^2)``.
    averaged, finite_size
        Elements whose mean counts, and f1 of ``L^2`` in terms of them
        (`odes.derivation.diffusion`), of a step whose examples all share their statistics.
    in_plane
        How far a step leads along the student and across it, on average, in terms of them.

    Notes
    -----
    A step of G groups of m examples adds the mean of what the groups add, which are independent:
    it scatters G times less, and the square of its part in the plane is ``square/G + (1 - 1/G)
    mean^2``.
    """

    scattering: tuple[Expr, ...]
    increments: dict[str, Combination]
    averaged: tuple[Expr, ...]
    finite_size: Combination
    in_plane: tuple[Combination, ...]


def derive_batch_diffusion(problem: Problem) -> BatchDiffusion:
    """Derive what one step of a batch scheme adds, and how it scatters."""
    return _derive(structure(problem), problem)


@lru_cache(maxsize=64)
def _derive(formulas: str, problem: Problem) -> BatchDiffusion:
    step = _Step(student_field(problem).derivatives)
    along = step.sum_over(SIGN * UBAR, SIGN * SPREAD, SIGN)
    plane = step.sum_over(ZBAR, ZUHAT, Integer(0), Integer(1))
    longer = ETA**2 / (2 * BATCH * L) * step.mean_square  # what the step's length adds to L
    pull = 2 * step.mean("n2")
    shrink = (pull - DECAY) * L
    every = {
        "gamma": ETA * GAMMA_RATE * step.mean("gamma"),
        "beta": ETA * GAMMA_RATE * step.mean("beta"),
        "R": (ETA * ACROSS * plane - R * longer) / L,
        "L": ETA * (along + pull * L) + longer,
    }
    # |w'|^2: the in-plane part of an input has length 2/N in the mean, the rest (N - 2)/N.
    outside = 2 / STATISTICS_SIZE * step.mean_square
    finite = ETA**2 * ((shrink + along) ** 2 + plane**2 - outside)
    scattering: list[Expr] = []
    averaged: list[Expr] = []
    increments = {
        name: tuple(_sorted(every[name], scattering)) for name in problem.order_parameters
    }
    finite_size = tuple(_sorted(finite, averaged))
    in_plane = tuple(tuple(_sorted(ETA * x, averaged)) for x in (shrink + along, plane))
    return BatchDiffusion(tuple(scattering), increments, tuple(averaged), finite_size, in_plane)


class _Step:
    """Batch means of a step, given the field's derivatives."""

    def __init__(self, by: dict[str, Expr]):
        self._by = by

    def mean(self, name: str, weight: Expr = sympy.S.One, of: Sequence[Symbol] = SIGNAL) -> Expr:
        """``mean(delta f_name weight)``; with ``of`` another signal than delta."""
        total: Expr = Integer(0)
        for (power,), coefficient in Poly(sympy.expand(self._by[name] * weight), UHAT).terms():
            total += coefficient * of[power]
        return total

    def sum_over(self, mean_y: Expr, along_y: Expr, u: Expr, z: Expr = sympy.S.Zero) -> Expr:
        """``sum_k c_k y_k`` of ``y = u u' + z z``, given ``mean(y)`` and ``mean(uhat y)``."""
        direct = self.mean("a", u * (UBAR + SPREAD * UHAT)) + z * self.mean("a", of=ACROSS_SIGNAL)
        return direct + self.mean("mu") * mean_y + SIGN * self.mean("sigma") * along_y

    @property
    def mean_square(self) -> Expr:
        """Mean of ``(M c_k)^2``."""
        by_mean, by_spread = self.mean("mu"), SIGN * self.mean("sigma")
        direct = self.mean("a", self._by["a"], SQUARE)
        crossed = by_mean * self.mean("a") + by_spread * self.mean("a", UHAT)
        return direct + 2 * crossed + by_mean**2 + by_spread**2


def _sorted(expression: Expr, elements: list[Expr]) -> Iterator[tuple[Expr, int]]:
    """Sort a polynomial by what is not of the batch; extends the elements."""
    found: dict[Expr, Expr] = {}
    for term in sympy.Add.make_args(sympy.expand(expression)):
        number, factors = term.as_coeff_mul()
        own = [f for f in factors if f.free_symbols <= _OF_THE_BATCH]
        front = sympy.Mul(*(_even(f) for f in factors if not f.free_symbols <= _OF_THE_BATCH))
        found[front] = found.get(front, Integer(0)) + number * sympy.Mul(*own)
    for front, element in found.items():
        scale, element = sympy.expand(element).as_content_primitive()
        if element == 0:
            continue
        if -element in elements:
            scale, element = -scale, -element
        if element not in elements:
            elements.append(element)
        yield scale * front, elements.index(element)


def _even(factor: Expr) -> Expr:
    """Put in ``sign^2 = 1``."""
    base, exponent = factor.as_base_exp()
    return SIGN ** (exponent % 2) if base == SIGN else factor
