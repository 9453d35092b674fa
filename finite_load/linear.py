"""Linear student on ``P = alpha N`` examples: closed forms (theory page 7).

Training minimises ``sum_mu (y_mu - v.x_mu)^2 / 2 + (lambda/2) |v|^2``. Everything follows from
``G(lambda) = (1/N) tr (X^T X + lambda)^-1``, which the Marchenko-Pastur law gives in closed form:

    b = lambda + alpha - 1,  s = sqrt(b^2 + 4 lambda),  G = 2 / (b + s).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from ..results.checks import integer, number
from .student import checked_decays, checked_loads


@dataclass(frozen=True)
class LinearStudent:
    """Overlap ``m = v.w*/N`` and squared norm ``q = |v|^2/N`` of a trained linear student, a load.

    Attributes
    ----------
    alpha, m, q, error : ndarray, shape (loads,)
        Dimensionless. ``error = (1 - 2 m + q) / 2``; ``q`` and ``error`` are ``inf`` where the
        student diverges (no decay and ``alpha = 1``, with label noise).
    """

    alpha: NDArray[np.float64]
    m: NDArray[np.float64]
    q: NDArray[np.float64]

    @property
    def error(self) -> NDArray[np.float64]:
        # from 2 eps = 1 - 2m + q, and q itself was built from 2 eps: no digits are lost here
        return 0.5 * (1.0 - 2.0 * self.m + self.q)

    def scaled(self, factor: float) -> LinearStudent:
        """Return the student ``factor * v``."""
        return LinearStudent(self.alpha, factor * self.m, factor**2 * self.q)


def least_squares(alpha: ArrayLike, noise: float = 0.0) -> LinearStudent:
    """Return the vanilla student: least squares, of minimal norm where ``alpha < 1``.

    Parameters
    ----------
    alpha : array_like
        Loads ``P / N > 0``.
    noise : float, default 0
        Label-noise variance ``S >= 0``.

    Returns
    -------
    LinearStudent

    Raises
    ------
    ValueError
        If a load or the noise is out of range.

    Notes
    -----
    ``2 eps = 1 - alpha + S alpha/(1 - alpha)`` below ``alpha = 1`` and ``S/(alpha - 1)`` above:
    theory page 7, the limit ``lambda -> 0+`` of :func:`ridge`.

    Examples
    --------
    >>> least_squares([0.5, 2.0], noise=0.25).error.tolist()
    [0.375, 0.125]
    """
    loads = checked_loads(alpha)
    noise = number("noise", noise, least=0.0)
    gap = np.abs(loads - 1.0)
    m = np.minimum(loads, 1.0)
    at_one = np.inf if noise > 0.0 else 0.0
    excess = np.where(gap > 0, noise * m / np.where(gap > 0, gap, 1.0), at_one)
    return LinearStudent(loads, m, m + excess)


def ridge(alpha: ArrayLike, decay: ArrayLike, noise: float = 0.0) -> LinearStudent:
    """Return the student trained with ``(lambda/2) |v|^2``; WN with gamma decay is the same one.

    WN covers all of R^N and has ``|v|^2 = N gamma^2``, so its gamma decay is exactly this penalty.

    Parameters
    ----------
    alpha : array_like
        Loads ``P / N > 0``.
    decay : array_like
        ``lambda >= 0`` against the **sum** of the losses, broadcast against ``alpha``.
    noise : float, default 0
        Label-noise variance ``S >= 0``.

    Returns
    -------
    LinearStudent

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    theory page 7: with ``G`` above, ``m = 1 - lambda G`` and
    ``2 eps = lambda G (lambda + lambda G)/s + S [G - lambda G (1 + G)/s]``.

    Examples
    --------
    >>> float(ridge(1.0, decay=0.25, noise=0.25).error[0]).__round__(6)
    0.195194
    """
    loads = checked_loads(alpha)
    noise = number("noise", noise, least=0.0)
    lam = checked_decays(decay, loads)
    plain = least_squares(loads, noise)
    safe = np.where(lam > 0, lam, 1.0)
    b = safe + loads - 1.0
    s = np.hypot(b, 2.0 * np.sqrt(safe))
    # the two forms of one root: each adds numbers of one sign, so neither cancels
    G = np.where(b > 0, 2.0 / np.where(b > 0, b + s, 1.0), (s - b) / (2.0 * safe))
    lamG = safe * G
    m = np.where(lam > 0, 1.0 - lamG, plain.m)
    twice = lamG * (safe + lamG) / s + noise * (G - lamG * (1.0 + G) / s)
    return LinearStudent(loads, m, np.where(lam > 0, twice - 1.0 + 2.0 * m, plain.q))


def population_normalised(alpha: ArrayLike, zeta: float, noise: float = 0.0) -> LinearStudent:
    """Return the student trained with PN (statistics of the training set) and gamma decay.

    Its penalty is ``zeta gamma^2 / 2`` an example with ``gamma^2 = |X v|^2 / P``: the training
    variance, not ``|v|^2``. So it is ``1 / (1 + zeta)`` times least squares.

    Parameters
    ----------
    alpha : array_like
        Loads ``P / N > 0``.
    zeta : float
        Decay in the flow of gamma (theory page 2), per example, ``>= 0``.
    noise : float, default 0
        Label-noise variance ``S >= 0``.

    Returns
    -------
    LinearStudent

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> float(population_normalised(2.0, zeta=1.0).error[0])
    0.125
    """
    zeta = number("zeta", zeta, least=0.0)
    return least_squares(alpha, noise).scaled(1.0 / (1.0 + zeta))


def bn_shrinkage(batch_size: int) -> float:
    """Return ``kappa_M``, the factor by which BN shrinks a linear student of batch size ``M``.

    ``kappa_M = sqrt(2/M) Gamma(M/2) / Gamma((M-1)/2) = 1 - 3/(4M) + ...`` (theory page 2):
    the mean of the (1/M) standard deviation of ``M`` normals, the slope of the batch-normalised
    field on the true one.

    Examples
    --------
    >>> round(bn_shrinkage(32), 5)
    0.97635
    """
    M = float(integer("batch_size", batch_size, 2))
    return float(np.sqrt(2.0 / M) * np.exp(gammaln(M / 2.0) - gammaln((M - 1.0) / 2.0)))


def batch_normalised(alpha: ArrayLike, batch_size: int, noise: float = 0.0) -> LinearStudent:
    """Return the converged BN student at small learning rate: ``kappa_M`` times least squares.

    Parameters
    ----------
    alpha : array_like
        Loads ``P / N > 0``.
    batch_size : int
        ``M >= 2``.
    noise : float, default 0
        Label-noise variance ``S >= 0``.

    Returns
    -------
    LinearStudent

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    The batch fields ``uhat`` obey ``sum uhat^2 = M`` exactly, so the loss of a direction with
    training correlation ``r`` to the labels is ``1 - 2 gamma kappa_M r + gamma^2`` in units of the
    label variance: least squares has the largest ``r``, and ``gamma = kappa_M r`` shrinks it.

    Examples
    --------
    >>> float(batch_normalised(2.0, 32).error[0]).__round__(8)
    0.00027974
    """
    return least_squares(alpha, noise).scaled(bn_shrinkage(batch_size))
