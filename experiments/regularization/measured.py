"""The regularisation of BN, measured: batches drawn, normalised, and compared (theory page 2).

A student aligned with its teacher has no loss with population statistics at ``gamma = 1``; what
BN's loss is there, and which gamma makes it smallest, are the effect of batch statistics alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from ...teacher_student.activations import Activation
from ...teacher_student.formula_kernels import compiled_activation

Array = np.ndarray
#: Groups of batches whose scatter gives the standard errors.
GROUPS = 64
#: Where the best gamma is looked for.
GAMMA_RANGE = (1e-3, 1e3)


class Measured(NamedTuple):
    """A measured number and its standard error."""

    value: float
    sem: float


def measure(
    activation: str, M: int, kurtosis: float, examples: int, seed: int
) -> tuple[Measured, Measured]:
    """The extra loss of BN at gamma = 1, and the gamma that minimises the BN loss.

    Parameters
    ----------
    activation
        A shipped name or a formula in ``h``.
    M
        Batch size, at least 2.
    kurtosis
        Excess kurtosis of the fields (`draw_fields`).
    examples
        How many are drawn; at least one batch in each of `GROUPS`.
    seed
        Seed of all random numbers.

    Returns
    -------
    loss_gap, gamma
    """
    g = _vectorised(activation)
    batches = max(1, examples // (M * GROUPS))
    gaps, gammas = np.empty(GROUPS), np.empty(GROUPS)
    for group, child in enumerate(np.random.SeedSequence(seed).spawn(GROUPS)):
        u = draw_fields(kurtosis, (batches, M), np.random.default_rng(child))
        normalised = (u - u.mean(axis=1, keepdims=True)) / u.std(axis=1, keepdims=True)
        target = g(u)[0]
        gaps[group] = np.mean((target - g(normalised)[0]) ** 2) / 2
        gammas[group] = _best_gamma(g, target, normalised)
    return _mean(gaps), _mean(gammas)


def _mean(values: Array) -> Measured:
    return Measured(float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))))


def _best_gamma(
    g: Callable[[Array], tuple[Array, Array]], target: Array, normalised: Array
) -> float:
    def slope(log_gamma: float) -> float:
        gamma = math.exp(log_gamma)
        output, derivative = g(gamma * normalised)
        return float(np.mean((output - target) * derivative * normalised))

    low, high = map(math.log, GAMMA_RANGE)
    step = 0.0
    while abs(step) < high and slope(-step) * slope(step) >= 0:
        step += 0.5
    return math.exp(brentq(slope, max(-step, low), min(step, high), xtol=1e-10))


def _vectorised(activation: str) -> Callable[[Array], tuple[Array, Array]]:
    kernels = compiled_activation(Activation.named(activation))
    evaluate: Callable[[Array], tuple[Array, Array]] = kernels.evaluate
    return evaluate


def draw_fields(kurtosis: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Fields of mean 0, variance 1 and the given excess kurtosis, from symmetric laws.

    Normal at 0; Student's t above; a beta law below, down to two points at -2.
    """
    if kurtosis == 0.0:
        return rng.standard_normal(shape)
    if kurtosis > 0.0:
        nu = 4.0 + 6.0 / kurtosis
        return rng.standard_t(nu, shape) * math.sqrt((nu - 2) / nu)
    a = -3.0 / kurtosis - 1.5
    return (2.0 * rng.beta(a, a, shape) - 1.0) * math.sqrt(2 * a + 1)
