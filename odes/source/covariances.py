"""Covariances of a batch scheme's step, in terms of those of its elements (`batch_diffusion`)."""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol

from ..derivation.batch_diffusion import Combination
from ..derivation.symbols import BATCH, NOISE, STATISTICS_SIZE
from .system_module import RENAMED


def mean_of(combination: Combination, means: dict[int, Expr]) -> Expr:
    return sum((front * means[i] for front, i in combination), sympy.Integer(0))


def in_groups(of_a_group: Expr, mean: Expr = sympy.S.Zero) -> Expr:
    """A second moment of the mean over ``M/m`` independent groups."""
    share = STATISTICS_SIZE / BATCH
    return (share * of_a_group + (1 - share) * mean).xreplace(RENAMED)


def tabulated_covariances(
    count: int, powers: int
) -> tuple[list[Symbol], dict[tuple[int, int], Expr]]:
    """The table's columns in order, and the covariances of elements in terms of them.

    They are polynomials in the noise with so many powers.
    """
    columns: list[Symbol] = []
    covariance: dict[tuple[int, int], Expr] = {}
    for i in range(count):
        for j in range(i, count):
            parts = sympy.symbols([f"cov{i}_{j}_{n}" for n in range(powers)], real=True)
            columns += parts
            value = sum((NOISE**n * part for n, part in enumerate(parts)), sympy.Integer(0))
            covariance[i, j] = covariance[j, i] = value
    return columns, covariance


def covariance_of(a: Combination, b: Combination, of: dict[tuple[int, int], Expr]) -> Expr:
    total: Expr = sympy.Integer(0)
    for front, i in a:
        for other, j in b:
            total += front * other * of[i, j]
    return total
