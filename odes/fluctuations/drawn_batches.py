"""Batches that are drawn for the scatter of a step, and what they weigh."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...teacher_student.problem import Problem
from ..tables.table_quadrature import laurent_values

Array = np.ndarray


def drawn_batches(
    problem: Problem, spec: Any, groups: int, size: int
) -> Iterator[tuple[Array, ...]]:
    """Groups of batches: ``uhat, z, xi, ubar, s, x0, x1, weight``.

    A group holds so many batches as its size; xi is the label noise in units of
    ``sqrt(S)``, or what Bernoulli labels are drawn by.

    Half of the spreads are drawn from the law tilted by ``s^-order``, ``order`` the largest
    power of 1/s in a covariance, and weighted accordingly: where the integrand is largest
    there are samples, and no weight exceeds 2.
    """
    M, degrees = problem.m, problem.noise_law_.degrees
    order, rng = 2 * spec["order"], np.random.default_rng(M)
    for _ in range(groups):
        fields, z, xi = rng.standard_normal((3, size, M))
        if problem.heavy_tails:
            xi = rng.standard_t(degrees, (size, M))
        if problem.labels_.sharpness:
            xi = rng.random((size, M))
        fields -= fields.mean(axis=1, keepdims=True)
        uhat = fields / np.sqrt((fields**2).mean(axis=1, keepdims=True))
        ubar = rng.standard_normal(size) / math.sqrt(M)
        freedom = np.where(np.arange(size) % 2, M - 1, M - 1 - order)
        s = np.sqrt(2 * rng.standard_gamma(freedom / 2) / M)
        log_norm = math.lgamma((M - 1 - order) / 2) - math.lgamma((M - 1) / 2)
        tilted = np.exp(-log_norm + order * (0.5 * math.log(2 / M) - np.log(s)))
        x0, x1 = (laurent_values(terms, ubar, s) for terms in (spec["x0"], spec["x1"]))
        yield uhat, z, xi, ubar, s, x0, x1, 2 / (1 + tilted)
