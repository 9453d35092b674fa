"""BN as a regulariser: the gamma decay zeta that batch statistics imply (theory page 2)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .activations import Activation
from .formula_kernels import compiled_activation
from .normal_quadrature import FINE, fill_rule, rule_size
from .problem import Problem


def decay(problem: Problem) -> float:
    """The gamma decay of a problem as a number; 0 where nothing decays.

    ``zeta`` is always the coefficient in the *flow* of gamma, ``d gamma/dt = eta (... - zeta
    gamma)``. For ``"auto"`` it is, to first order in 1/M (theory page 2, Gaussian
    fields)::

        zeta = E[g'(u)^2 u^2] / (4 M)  +  E[g'(u)^2] / (2 M)
                 from sigma_B               from mu_B

    Examples
    --------
    >>> round(decay(Problem(activation="relu", scheme="pn", batch_size=32)) * 32, 9)  # 3/8
    0.375
    """
    if problem.zeta != "auto":
        return float(problem.zeta or 0.0)
    return sum(zeta_sources(problem.formula("activation"), problem.m))


def zeta_sources(activation: str, M: int, kurtosis: float = 0.0) -> tuple[float, float]:
    """The parts of zeta that come from ``mu_B`` and from ``sigma_B``.

    Parameters
    ----------
    activation
        A shipped name or a formula in ``h``.
    M
        Batch size.
    kurtosis
        Excess kurtosis rho of the field, at least -2; the spread's part holds ``(rho + 2)/8``.

    Examples
    --------
    >>> [round(part * 32, 9) for part in zeta_sources("relu", 32)]
    [0.25, 0.125]
    """
    slope2, fisher = slope_moments(Activation.named(activation))
    return slope2 / (2 * M), (kurtosis + 2) / (8 * M) * fisher


@lru_cache(maxsize=64)
def slope_moments(activation: Activation) -> tuple[float, float]:
    """``E[g'(u)^2]`` and the Fisher information of gamma, ``E[g'(u)^2 u^2]``, at gamma = 1."""
    kernels = compiled_activation(activation)
    u, weight = np.empty((2, rule_size(kernels.KINKS.size, FINE)))
    filled = fill_rule(kernels.KINKS, FINE, u, weight)
    slope = np.array([kernels.activation(h)[1] for h in u[:filled]])
    return float(weight[:filled] @ slope**2), float(weight[:filled] @ (slope * u[:filled]) ** 2)
