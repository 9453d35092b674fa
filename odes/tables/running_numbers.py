"""What flows of schemes with running statistics take of their law, as numbers (theory page 8).

These are averages over the running statistics, in units of the true ones: of a batch and the
statistics that it finds, which are independent. The flows themselves know no law.
"""

from __future__ import annotations

import math

import numpy as np

from .running_law import RunningLaw
from .running_rule import variance_rule

Array = np.ndarray
#: Nodes of the rule over ``V^-1/2``: exact for its powers up to 11, which is what polynomials on
#: either side of 0 ask for (4); for other activations see `odes.flow.running`.
NODES = 6
#: Below this part of its size a node of a rule that has fewer is left out.
NOTHING = 1e-9


def tracked_numbers(law: RunningLaw, power: float, nodes: int = NODES) -> Array:
    """The variance of the mean, then nodes and weights of a rule over ``V^-1/2``.

    Parameters
    ----------
    law
        Of the running statistics.
    power
        The largest power of 1/V that is averaged; its mean exists.
    nodes
        How many.

    Returns
    -------
    array
        Of shape (1 + 2 nodes,).

    Examples
    --------
    >>> law = RunningLaw(m=8, rho=0.1)
    >>> tau, *rule = tracked_numbers(law, 2.0)
    >>> roots, weights = np.split(np.array(rule), 2)
    >>> bool(abs(weights @ roots**4 / law.inverse_moment(2.0) - 1) < 1e-8)
    True
    """
    V, weight = variance_rule(law, power)
    roots, weights = gauss_rule(1.0 / np.sqrt(V), weight / weight.sum(), nodes)
    return np.concatenate([[law.tau], roots, weights])


def gauss_rule(x: Array, weight: Array, nodes: int) -> tuple[Array, Array]:
    """The Gauss rule of a discrete law: exact for polynomials up to degree ``2 nodes - 1``.

    By the Lanczos recursion in ``(x - mean)/spread``; a law of fewer values has weights of 0.

    Parameters
    ----------
    x, weight
        The law's values and their probabilities, shape (values,).
    nodes
        How many the rule has.

    Returns
    -------
    nodes, weights
        Of shape (nodes,).
    """
    mean = float(weight @ x)
    spread = math.sqrt(float(weight @ (x - mean) ** 2)) or 1.0
    z, basis = (x - mean) / spread, [np.sqrt(weight)]
    diagonal, beside = [], []
    for _ in range(nodes):
        step = z * basis[-1]
        diagonal.append(float(basis[-1] @ step))
        for _ in range(2):  # once more: rounding would bring the first vectors back
            step = step - np.array(basis).T @ (np.array(basis) @ step)
        size = float(np.linalg.norm(step))
        if size < NOTHING or len(diagonal) == nodes:
            break
        beside.append(size)
        basis.append(step / size)
    jacobi = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    found, vectors = np.linalg.eigh(jacobi)
    left = nodes - len(found)
    at = mean + spread * np.concatenate([found, np.zeros(left)])
    return at, np.concatenate([vectors[0] ** 2, np.zeros(left)])


def corrected_numbers(law: RunningLaw, r_max: float, d_max: float) -> Array:
    """Averages over a batch and the running statistics of batch renormalisation's r and d.

    Parameters
    ----------
    law
        Of the running statistics; of at least 4 examples.
    r_max, d_max
        Where r and d are clipped.

    Returns
    -------
    array
        ``E[r s] + E[d ubar]``, ``E r^2 + E d^2``, ``E[r / s]`` and ``E[r^2 / s^2]`` of the batch's
        mean and (1/m) spread, shape (4,).

    Examples
    --------
    >>> pull, square, *_ = corrected_numbers(RunningLaw(8, 0.1), 1.0, 0.0)  # batch normalisation
    >>> round(float(pull), 4), round(float(square), 4)
    (0.9027, 1.0)
    """
    V, weight = variance_rule(law, 1.0)
    averages = np.array([*_spreads(law.m, np.sqrt(V), r_max), *_shifts(law, V, d_max)]) @ weight
    r_s, r2, r_by_s, r2_by_s2, d_ubar, d2 = averages / weight.sum()
    return np.array([r_s + d_ubar, r2 + d2, r_by_s, r2_by_s2])


def _spreads(m: int, root: Array, r_max: float) -> tuple[Array, ...]:
    """``E`` of ``r s, r^2, r/s, r^2/s^2`` at every running spread, ``r = clip(s / root)``."""
    low, high = root / r_max, root * r_max

    def mean(power: int) -> tuple[Array, Array, Array]:
        """``E s^power`` below, between and above the clips."""
        below, until = _below(m, power, low), _below(m, power, high)
        return below, until - below, _below(m, power, np.full(root.shape, np.inf)) - until

    def clipped(degree: int, power: int) -> Array:
        """``E r^degree s^power``."""
        least, most = mean(power)[0], mean(power)[2]
        inside = mean(power + degree)[1]
        return least / r_max**degree + inside / root**degree + most * r_max**degree

    return clipped(1, 1), clipped(2, 0), clipped(1, -1), clipped(2, -2)


def _below(m: int, power: int, end: Array) -> Array:
    """``E[s^power; s < end]`` of ``m s^2 ~ chi^2_{m-1}``."""
    from scipy.special import gammainc

    half = (m - 1) / 2
    whole = math.exp(math.lgamma(half + power / 2) - math.lgamma(half)) * (2 / m) ** (power / 2)
    return np.asarray(whole * gammainc(half + power / 2, m * end**2 / 2))


def _shifts(law: RunningLaw, V: Array, d_max: float) -> tuple[Array, Array]:
    """``E`` of ``d ubar`` and ``d^2`` at every running variance, ``d = clip((ubar - mu)/sqrt V)``.

    ``x = (ubar - mu)/sqrt V`` is normal, and ``E[ubar | x]`` the part ``(1/m)/(1/m + tau)`` of
    ``x sqrt V``; by Stein's lemma ``E[d x] = Var x P(|x| < d_max)``.
    """
    from scipy.special import ndtr

    own, both = 1.0 / law.m, 1.0 / law.m + law.tau
    variance = both / V
    z = d_max / np.sqrt(variance)
    inside = 1.0 - 2.0 * ndtr(-z)
    density = np.exp(-(z**2) / 2) / math.sqrt(2.0 * math.pi)
    d2 = variance * (inside - 2.0 * z * density) + d_max**2 * (1.0 - inside)
    return own / both * np.sqrt(V) * variance * inside, d2
