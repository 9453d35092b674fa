"""The law of a Gaussian batch as a quadrature rule (theory page 4).

The batch's fields are ``u = r n`` with ``r ~ chi_M`` and ``n`` uniform on the sphere; with
``alpha`` the angle between ``n`` and ``(1, ..., 1)``,

    ubar = r cos(alpha) / sqrt(M),        s = r sin(alpha) / sqrt(M),

of density ``sin^(M-2) alpha``. The rest of the direction, ``uhat / sqrt(M)``, is uniform on a
sphere in M - 1 dimensions. One example's component of it has the density
``(1 - x^2)^((M-4)/2)``, ``x = uhat_1 / sqrt(M-1)``; with ``p_n`` the polynomials orthonormal
under it, two components satisfy (Funk and Hecke)

    E[A(x_1) B(x_2)] = sum_n lambda_n E[A p_n] E[B p_n],    lambda_n = C_n(t) / C_n(1),

``C_n`` the Gegenbauer polynomials of index ``(M-3)/2`` and ``t = -1/(M-1)``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...codegen.special import half_step

Array = np.ndarray
#: Densities are cut off where they are below about exp(-REACH^2 / 2).
REACH = 7.5


@dataclass(frozen=True)
class Fineness:
    """How fine a rule is: nodes in a panel of alpha, of r, of uhat; polynomials of uhat."""

    alpha: int
    r: int
    uhat: int
    degree: int


def panels(cuts: Sequence[float], low: float, high: float, longest: float) -> Array:
    """Borders of panels between ``low`` and ``high``, split at the cuts."""
    inner = sorted({low, high, *(c for c in cuts if low < c < high)})
    pieces = [
        np.linspace(a, b, math.ceil((b - a) / longest) + 1)[:-1]
        for a, b in itertools.pairwise(inner)
    ]
    return np.append(np.concatenate(pieces), high)


def gauss_legendre(borders: Array, points: int) -> tuple[Array, Array]:
    """Nodes and weights of a composite rule."""
    x, w = np.polynomial.legendre.leggauss(points)
    half = np.diff(borders)[:, None] / 2
    middle = (borders[:-1] + borders[1:])[:, None] / 2
    return (middle + half * x).ravel(), (half * w).ravel()


def statistics_rule(M: int, cuts: Sequence[float], fine: Fineness) -> tuple[Array, Array, Array]:
    """Nodes ``ubar, s`` and weights of a batch's mean and spread.

    Parameters
    ----------
    M
        Batch size, at least 3.
    cuts
        Values of ``ubar / s`` where an integrand is not smooth.
    fine
        How fine.
    """
    width = min(math.pi / 2, REACH / math.sqrt(M - 1))
    angles = [math.atan2(1.0, c) for c in cuts]
    longest = min(1.6, 4.5 / math.sqrt(M))
    borders = panels(angles, math.pi / 2 - width, math.pi / 2 + width, longest)
    alpha, weight = gauss_legendre(borders, fine.alpha)
    weight = weight * np.exp((M - 2) * np.log(np.sin(alpha)))
    weight *= half_step((M - 1) / 2) / math.sqrt(math.pi)
    r, weight_r = radius_rule(M, fine.r)
    root = math.sqrt(M)
    ubar = np.multiply.outer(np.cos(alpha), r) / root
    s = np.multiply.outer(np.sin(alpha), r) / root
    return ubar.ravel(), s.ravel(), np.multiply.outer(weight, weight_r).ravel()


def radius_rule(M: int, points: int) -> tuple[Array, Array]:
    """Nodes and weights of ``r ~ chi_M``: by Gauss-Legendre, as 1/s is singular at r = 0.

    For large batches r stays away from 0 and Gauss-Laguerre in ``r^2 / 2`` needs fewer nodes.
    """
    from scipy.special import gammaln

    if M >= 64:
        half_square, weight = gamma_rule(M / 2, points // 2)
        return np.sqrt(2 * half_square), weight
    root = math.sqrt(M)
    r, weight = gauss_legendre(np.array([max(0.0, root - 5.2), root + 5.2]), points)
    norm = (1 - M / 2) * math.log(2) - gammaln(M / 2)
    return r, weight * np.exp(norm + (M - 1) * np.log(r) - r**2 / 2)


def gamma_rule(shape: float, points: int) -> tuple[Array, Array]:
    """The Gauss rule of the law Gamma(shape, 1): nodes, and weights that sum to 1.

    By Golub and Welsch, from the Jacobi matrix of the generalised Laguerre polynomials in
    ``(x - shape) / sqrt(shape)``: weights by way of Gamma(shape) overflow from shape 172 on.
    """
    from scipy.linalg import eigh_tridiagonal

    n = np.arange(points)
    root = math.sqrt(shape)
    aside = np.sqrt(n[1:] * (1 + (n[1:] - 1) / shape))
    y, vectors = eigh_tridiagonal(2 * n / root, aside)
    return shape + root * y, vectors[0] ** 2


def pair_weights(M: int, degree: int) -> Array:
    """``lambda_n`` for n below ``degree``, as far as they matter, faded out smoothly.

    For kinked integrands the terms fall like a power of n only, yet they oscillate; a smooth
    fade over the upper half leaves an error far below the first term left out.
    """
    index, t = (M - 3) / 2, -1 / (M - 1)
    weights = np.ones(degree)
    weights[1] = t
    for n in range(1, degree - 1):
        weights[n + 1] = 2 * (n + index) * t * weights[n] - n * weights[n - 1]
        weights[n + 1] /= n + 2 * index
    large = np.flatnonzero(np.abs(weights) > 1e-12)
    weights = weights[: max(3, large[-1] + 1)]
    if weights.size == degree:
        x = np.clip(2 * np.arange(degree) / degree - 1, 1e-3, 1 - 1e-3)
        weights = weights / (1 + np.exp(1 / (1 - x) - 1 / x))
    return weights


def recurrence(M: int, degree: int) -> Array:
    """``b_n`` of ``b_{n+1} p_{n+1} = x p_n - b_n p_{n-1}`` of the orthonormal ``p_n(x)``."""
    index = (M - 3) / 2
    n = np.arange(2, degree + 2)
    b = np.sqrt(n * (n + 2 * index - 1) / (4 * (n + index) * (n + index - 1)))
    return np.concatenate([[0.0, math.sqrt(1 / (2 * (1 + index)))], b])
