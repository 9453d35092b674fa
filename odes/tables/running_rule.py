"""A quadrature rule over the running variance, from the inversion of its Laplace transform.

At every node of ``x = log V`` the density is a contour integral of ``E exp(-s V) exp(s V)``. The
contour, Talbot's, goes through about the saddle point and bends around the singular half-line as
fast as the path of steepest descent does, so that nothing cancels and a few dozen nodes do; the
density is analytic in x, where the trapezoid rule converges exponentially.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from .running_law import RunningLaw

Array = np.ndarray
#: Densities, times the powers of 1/V that are to be averaged, are followed down to exp(-FAR).
FAR = 30.0
#: Steps in units of the density's width, and at most.
FINE, STEP = 0.5, 0.2
#: The same along the contour, and how far that is followed.
TURN, TURNS, WIDTHS = 0.4, 40, 9.0
#: Variances below which two nodes are exact to rounding.
NARROW = 1e-12
#: How far the contour stays off the singular half-line, in units of 1/V.
ROOM = 3.0


@lru_cache(maxsize=256)
def variance_rule(law: RunningLaw, power: float) -> tuple[Array, Array]:
    """Nodes V and weights for functions that grow no faster than ``V^-power`` as V vanishes.

    Parameters
    ----------
    law
        Of the running statistics.
    power
        At least 0; ``E V^-power`` exists.

    Returns
    -------
    nodes, weights
        Arrays of equal length. Means of powers of V are those of the one integral to 1e-9
        (`tests/odes/tables/test_running_law.py`).
    """
    assert law.exists(power)
    if law.variance < NARROW:
        spread = math.sqrt(law.variance)
        return np.array([1.0 - spread, 1.0 + spread]), np.array([0.5, 0.5])
    step = min(STEP, FINE * math.sqrt(law.variance))
    low, high = (_end(law, side * step, power) for side in (-1, 1))
    x = step * np.arange(low, high + 1)
    return np.exp(x), step * np.exp(x) * _density(law, np.exp(x))


def _end(law: RunningLaw, step: float, power: float) -> int:
    """How many steps from ``V = 1`` it takes until nothing is left."""
    count, jump = 0, 1
    while True:
        x = np.array([step * (count + jump)])
        s = _saddle(law, np.exp(x))
        left = law.log_laplace(s) + s * np.exp(x) - power * x
        if left[0] < -FAR:
            return (count + jump) * int(math.copysign(1, step))
        count += jump


def _saddle(law: RunningLaw, V: Array) -> Array:
    """Where ``E exp(-s V) exp(s V)`` is stationary, about; right of the singular half-line.

    The batch of the last step is taken as it is, all before it as one chi^2 of their variance.
    """
    last, before = max(ROOM, (law.m - 1) / 2), 1.0 / law.variance
    apart = (1.0 - law.rho) / law.edge  # one over the distance of their singularities
    rest = V - (last + before) * apart
    root = np.sqrt(rest**2 + 4.0 * V * last * apart)
    above = np.where(rest > 0, 2.0 * last, root - rest)
    return above / np.where(rest > 0, rest + root, 2.0 * V * apart) - law.edge


def _density(law: RunningLaw, V: Array) -> Array:
    """The density of V at some values."""
    s, rho = _saddle(law, V), law.rho
    # What the path of steepest descent at V = 1 is wider by than that of a single chi^2.
    size = (s + law.edge) * (3.0 - 3.0 * rho + rho**2) / (2.0 - rho)
    width = 1.0 / (size * np.sqrt(_curvature(law, s)))
    turn = np.minimum(math.pi / TURNS, TURN * width)
    most = float(np.max(np.minimum(math.pi, WIDTHS * width) / turn))
    theta = turn[:, None] * np.arange(1, math.ceil(most))
    within = theta < math.pi * (1 - 1e-9)
    theta = np.where(within, theta, 1.0)
    cot = 1.0 / np.tan(theta)
    path = s[:, None] + size[:, None] * (theta * cot - 1.0 + 1j * theta)
    speed = size[:, None] * (1.0 + 1j * (theta * (1.0 + cot**2) - cot))
    inner = np.exp(law.log_laplace(path) + path * V[:, None]) * speed
    middle = np.exp(law.log_laplace(s) + s * V) * size
    return turn / math.pi * (middle / 2 + np.where(within, inner.real, 0.0).sum(axis=1))


def _curvature(law: RunningLaw, s: Array) -> Array:
    """The second derivative of ``log E exp(-s V)``, by differences."""
    h, f = 1e-3 * (s + law.edge), law.log_laplace
    return (f(s + h) - 2 * f(s) + f(s - h)) / h**2
