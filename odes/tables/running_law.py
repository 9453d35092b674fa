"""The stationary law of the running statistics of batch normalisation (theory page 8).

With momentum ``rho`` (torch's) each step takes ``running = (1 - rho) running + rho batch``, the
variance being that with ``m - 1``. In units of the true mean and variance, for weights that hardly
move within ``1 / rho`` steps and for Gaussian fields,

    mu ~ N(0, tau),    tau = rho / ((2 - rho) m),
    V = sum_k rho (1 - rho)^k chi^2_{m-1} / (m - 1),

independent of each other and of the batch that is looked at. V has no simple density, but its
Laplace transform is a product, and with it every inverse moment is one integral.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

Array = np.ndarray
#: From here on the product over the past is multiplied out, until its weights are below rounding.
FEW_TERMS, TERMS = 0.02, 40.0
#: The step of the trapezoid rule in log s, and how far the integrand is followed: to exp(-FAR).
STEP, FAR = 0.2, 42.0
#: Below this the dilogarithm is its series, 12 terms to the last bit.
NEAR = 0.05
#: Numbers that are worked on at a time.
PIECE = 2**20


@dataclass(frozen=True)
class RunningLaw:
    """The law of running mean and variance, in units of the true ones.

    Attributes
    ----------
    m
        Examples that share statistics, at least 2.
    rho
        Momentum, above 0 and at most 1; or 0, the limit in which so many batches are averaged that
        nothing scatters.

    Examples
    --------
    >>> law = RunningLaw(m=8, rho=1.0)
    >>> law.tau, round(law.inverse_moment(1.0), 12)
    (0.125, 1.4)
    """

    m: int
    rho: float

    @property
    def tau(self) -> float:
        """Variance of the running mean, in units of the field's variance."""
        return self.rho / ((2.0 - self.rho) * self.m)

    @property
    def variance(self) -> float:
        """Variance of the running variance, whose mean is 1."""
        return 2.0 * self.rho / ((2.0 - self.rho) * (self.m - 1))

    @cached_property
    def edge(self) -> float:
        """The Laplace transform of V is singular at ``-edge`` and left of it alone."""
        return (self.m - 1) / (2.0 * self.rho)

    def exists(self, power: float) -> bool:
        """Whether ``E V^-power`` is finite: always with memory, else below ``(m - 1) / 2``."""
        return self.rho < 1.0 or power < (self.m - 1) / 2

    def inverse_moment(self, power: float) -> float | None:
        """``v_p = E V^-p``, to a relative 1e-9; None where it is infinite.

        Parameters
        ----------
        power
            p, positive.
        """
        if not self.exists(power):
            return None
        if self.rho == 0.0:
            return 1.0
        if self.rho == 1.0:
            n = (self.m - 1) / 2
            return math.exp(math.lgamma(n - power) - math.lgamma(n) + power * math.log(n))
        return _inverse_moment(self, power)

    def log_laplace(self, s: Array) -> Array:
        """``log E exp(-s V)``, real or complex, off the half-line below ``-edge``.

        Parameters
        ----------
        s
            Any shape.
        """
        z = np.asarray(s) / self.edge
        if self.rho < FEW_TERMS:
            return -(self.m - 1) / 2 * _long_memory(z, -math.log1p(-self.rho))
        count = math.ceil(TERMS / self.rho) if self.rho < 1.0 else 1
        weights = (1.0 - self.rho) ** np.arange(count)
        flat = z.reshape(-1)
        total = np.empty_like(flat, dtype=np.result_type(z, float))
        rows = max(1, PIECE // count)
        for first in range(0, flat.size, rows):
            some = flat[first : first + rows, None]
            total[first : first + rows] = np.log1p(some * weights).sum(axis=1)
        return -(self.m - 1) / 2 * total.reshape(z.shape)


def _long_memory(z: Array, decay: float) -> Array:
    """``sum_k log(1 + z exp(-decay k))`` by Euler and Maclaurin, to about decay^7."""
    from scipy.special import spence

    sigma = z / (1 + z)
    bend = sigma * (1 - sigma)
    third = bend * (1 - 2 * sigma)
    fifth = third * (1 - 12 * bend)
    ends = decay * sigma / 12 - decay**3 * third / 720 + decay**5 * fifth / 30240
    small = np.abs(z) < NEAR
    near = np.where(small, z, 0.0)
    series = sum((-1) ** (n + 1) / n**2 * near**n for n in range(1, 13))
    dilogarithm = np.where(small, series, -spence(1 + np.where(small, 1.0, z)))
    return dilogarithm / decay + np.log1p(z) / 2 + ends


@lru_cache(maxsize=4096)
def _inverse_moment(law: RunningLaw, power: float) -> float:
    """``(1/Gamma(p)) int s^(p-1) E exp(-s V) ds`` in ``x = log s``, by the trapezoid rule.

    The integrand is analytic up to ``pi/2`` off the real line, which leaves ``exp(-pi^2/STEP)``,
    and falls off like ``exp(p x)`` to the left.
    """
    left, right = -FAR / power, 4.0
    while power * right + law.log_laplace(np.exp([right]))[0] > -FAR:
        right += 2.0
    x = np.arange(left, right, STEP)
    exponents = power * x + law.log_laplace(np.exp(x)) - math.lgamma(power)
    return float(STEP * np.exp(exponents).sum())
