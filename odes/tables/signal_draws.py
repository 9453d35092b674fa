"""Drawn batches of which moments of any signal are averaged: scrambled Sobol sequences.

Of a batch of m examples two are drawn: the fields ``u_k = ubar + s uhat_k``, ``k = 1, 2``, of the
law of `batch_law`, what their teacher's fields have beside, and their label noises. Half of the
spreads are drawn with a density that is larger by ``1/s^order``, and every batch weighs less by
how much more often its spread is drawn: of the powers of 1/s up to that one none is drawn badly.

The first two coordinates of a sequence are those of one example's direction and of the spread:
what depends on these alone is averaged the best.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...teacher_student.sobol import sobol_points

Array = np.ndarray
#: Independently scrambled sequences, whose scatter is the error, and the draws of each, 2^DRAWS;
#: of a table over the shift, which has many more nodes, half of them.
SEQUENCES, DRAWS, SHIFTED_DRAWS = 8, 13, 12
#: Coordinates of a draw.
COORDINATES = 9
#: Quantiles are taken between this and 1 minus this.
EDGE = 1e-12


class Draws(NamedTuple):
    """Arrays of shape (sequences, draws).

    Attributes
    ----------
    s, uhat, uhat2
        The spread, and the deviations of two examples in units of it.
    weight
        Of mean 1.
    mean, one, two
        Normal numbers: of the batch's mean, and of each example's teacher.
    noise, noise2
        Label noises in units of ``sqrt(S)``.
    """

    s: Array
    uhat: Array
    uhat2: Array
    weight: Array
    mean: Array
    one: Array
    two: Array
    noise: Array
    noise2: Array


@lru_cache(maxsize=8)
def draws(m: int, order: int, degrees: float, count: int = DRAWS) -> Draws:
    """The draws of batches of m examples.

    Parameters
    ----------
    m
        At least ``order + 2``.
    order
        The largest power of ``1/s`` in what is averaged.
    degrees
        Of freedom of Student's noise; infinite of a Gaussian one.
    count
        The logarithm to base 2 of the draws of a sequence.
    """
    from scipy.special import gammaincinv, gammaln, ndtri, stdtrit

    uniform = np.stack([
        sobol_points(COORDINATES, seed, 2**count) for seed in range(SEQUENCES)
    ])  # fmt: skip
    uniform = np.moveaxis(np.clip(uniform, EDGE, 1.0 - EDGE), 2, 0)
    tilted, own = (m - 1 - order) / 2, (m - 1) / 2
    plain, second = uniform[1] < 0.5, 2.0 * uniform[1]
    half_square = np.where(
        plain, gammaincinv(own, second), gammaincinv(tilted, np.abs(second - 1.0))
    )
    half_square = np.maximum(half_square, EDGE**2)
    log_ratio = gammaln(tilted) - gammaln(own) + order / 2 * np.log(half_square)
    weight = 2.0 / (1.0 + np.exp(-log_ratio))
    first, beside = component(m - 1, uniform[0]), component(m - 2, uniform[2])
    cosine = -1.0 / (m - 1.0)
    across = math.sqrt(1.0 - cosine**2) * np.sqrt(np.maximum(0.0, 1.0 - first**2))
    root = math.sqrt(m - 1.0)
    noise = ndtri if math.isinf(degrees) else lambda x: stdtrit(degrees, x)
    return Draws(
        np.sqrt(2.0 * half_square / m),
        root * first,
        root * (cosine * first + across * beside),
        weight,
        ndtri(uniform[3]),
        ndtri(uniform[4]),
        ndtri(uniform[5]),
        noise(uniform[6]),
        noise(uniform[7]),
    )


def component(dimension: int, quantile: Array) -> Array:
    """One component of a direction that is uniform on the sphere in some dimensions."""
    from scipy.special import betaincinv

    if dimension < 2:  # of the two directions in one dimension; m = 2 leaves none for a second
        return np.sign(quantile - 0.5) * dimension
    half = (dimension - 1) / 2
    found: Array = 2.0 * betaincinv(half, half, quantile) - 1.0
    return found
