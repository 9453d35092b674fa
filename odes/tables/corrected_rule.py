"""Batch and running statistics of batch renormalisation as one quadrature rule (theory page 8).

Given the running variance V the batch's spread s is independent of ``y = (ubar - mu)/sqrt(V)``, and
``ubar`` is normal given y. Panels of s and of y end where r and d are clipped.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from .batch_law import gauss_legendre, panels
from .running_law import RunningLaw
from .running_numbers import gauss_rule
from .running_rule import variance_rule

Array = np.ndarray
#: How far normals are followed, chi about its mode, and the longest panels of both.
REACH, WIDE, LONGEST = 7.0, 5.2, 3.0


class Nodes(NamedTuple):
    """How many nodes: of the running variance, of a panel of s and of y, of ubar given y."""

    variance: int
    spread: int
    shift: int
    mean: int


class Corrected(NamedTuple):
    """A rule over a batch and the statistics that it finds, each of shape (nodes,).

    Attributes
    ----------
    ubar, s
        Mean and (1/m) spread of the batch.
    r, d
        The corrections.
    weight
        Weights, which sum to 1.
    """

    ubar: Array
    s: Array
    r: Array
    d: Array
    weight: Array


def corrected_rule(law: RunningLaw, r_max: float, d_max: float, nodes: Nodes) -> Corrected:
    """The rule; nodes of equal r and d follow each other.

    Parameters
    ----------
    law
        Of the running statistics; of at least 4 examples.
    r_max, d_max
        Where r and d are clipped.
    nodes
        How fine.

    Examples
    --------
    >>> rule = corrected_rule(RunningLaw(8, 0.1), 1.3, 0.4, Nodes(4, 8, 8, 4))
    >>> bool(abs(rule.weight.sum() - 1) < 1e-6), bool(abs(rule.weight @ rule.s**2 - 7 / 8) < 1e-6)
    (True, True)
    """
    V, weight = variance_rule(law, 2.0 if law.exists(2.0) else 1.0)
    roots, weights = gauss_rule(1.0 / np.sqrt(V), weight / weight.sum(), nodes.variance)
    eta, weight_eta = _normal(nodes.mean)
    both = 1.0 / law.m + law.tau
    own = 1.0 / (law.m * math.sqrt(both))  # of ubar per unit of zeta
    rest = math.sqrt(law.tau / (law.m * both))
    parts = []
    for root, w in zip(roots, weights, strict=True):
        if w == 0.0:
            continue
        s, weight_s = _spread(law.m, [1.0 / (root * r_max), r_max / root], nodes.spread)
        edge = d_max / (math.sqrt(both) * root)
        zeta, weight_z = _shift(edge, nodes.shift)
        r = np.clip(s * root, 1.0 / r_max, r_max)
        d = np.clip(math.sqrt(both) * root * zeta, -d_max, d_max)
        ubar = np.add.outer(own * zeta, rest * eta)
        shape = (s.size, *ubar.shape)
        whole = w * np.multiply.outer(weight_s, np.multiply.outer(weight_z, weight_eta))
        columns = (ubar[None], s[:, None, None], r[:, None, None], d[None, :, None], whole)
        parts.append([np.broadcast_to(x, shape).ravel() for x in columns])
    return Corrected(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _normal(count: int) -> tuple[Array, Array]:
    x, w = np.polynomial.hermite_e.hermegauss(count)
    return x, w / w.sum()


def _shift(edge: float, count: int) -> tuple[Array, Array]:
    """Of a standard normal, in panels that end at both edges."""
    if edge >= REACH or edge == 0.0:
        return _normal(2 * count)
    borders = panels([-edge, edge], -REACH, REACH, LONGEST)
    z, weight = gauss_legendre(borders, count)
    weight = weight * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return z, weight / weight.sum()


def _spread(m: int, cuts: list[float], count: int) -> tuple[Array, Array]:
    """``s = chi_{m-1} / sqrt(m)``, in panels that end at the cuts."""
    mode, root = math.sqrt(m - 1), math.sqrt(m)
    low, high = max(0.0, mode - WIDE), mode + WIDE
    inner = [c * root for c in cuts]
    borders = panels([c for c in inner if _apart(c, inner)], low, high, LONGEST)
    chi, weight = gauss_legendre(borders, count)
    norm = (1 - (m - 1) / 2) * math.log(2) - math.lgamma((m - 1) / 2)
    weight = weight * np.exp(norm + (m - 2) * np.log(chi) - chi**2 / 2)
    return chi / root, weight / weight.sum()


def _apart(cut: float, cuts: list[float]) -> bool:
    """Of cuts that coincide, none is needed: r is constant."""
    return not any(a != b and math.isclose(a, b) for a, b in itertools.permutations(cuts, 2)) and (
        cuts.count(cut) == 1
    )
