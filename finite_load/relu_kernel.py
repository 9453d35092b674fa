"""Compiled averages of the replica-symmetric theory of a ReLU student (theory page 7).

One example with label ``y`` pulls the student's field from its leave-one-out value ``omega`` to

    h(omega) = argmin_h  (y - max(0, h))^2 / 2 + zeta h^2 / 2 + (h - omega)^2 / (2 V),

which is piecewise linear in ``omega``. Given the teacher field ``u`` the leave-one-out field is
``N(m u, q - m^2)``, so the inner average is a sum of moments of truncated normals in closed form;
only ``u`` and ``y`` are left to Gauss-Legendre panels, split at the kinks ``u = 0`` and ``y = 0``.
"""

import math
from functools import cache

import numpy as np

from ..codegen.jit import kernel

REACH = 8.0  # standard deviations kept of every Gaussian: the tail beyond holds 1e-15
SQRT2 = math.sqrt(2.0)
SQRT2PI = math.sqrt(2.0 * math.pi)


@kernel
def _density(z: float) -> float:
    return math.exp(-0.5 * z * z) / SQRT2PI


@kernel
def _add_piece(
    out: np.ndarray,
    weight: float,
    u: float,
    mean: float,
    width: float,
    low: float,
    high: float,
    const: float,
    slope: float,
) -> None:
    """Add one linear piece ``h - omega = const + slope * omega`` on ``low < omega < high``."""
    a, b = (low - mean) / width, (high - mean) / width
    pa, pb = _density(a), _density(b)
    m0 = 0.5 * (math.erfc(-b / SQRT2) - math.erfc(-a / SQRT2))
    if a > 0.0:  # the same difference without cancellation in the upper tail
        m0 = 0.5 * (math.erfc(a / SQRT2) - math.erfc(b / SQRT2))
    m1 = pa - pb
    m2 = m0 + (a * pa if math.isfinite(a) else 0.0) - (b * pb if math.isfinite(b) else 0.0)
    at_mean, tilt = const + slope * mean, slope * width
    out[0] -= weight * slope * m0
    out[4] += weight * slope * slope * m0
    out[2] += weight * u * (at_mean * m0 + tilt * m1)
    out[3] += weight * (at_mean * at_mean * m0 + 2.0 * at_mean * tilt * m1 + tilt * tilt * m2)


@kernel
def _add_example(
    out: np.ndarray,
    weight: float,
    u: float,
    y: float,
    mean: float,
    width: float,
    V: float,
    zeta: float,
) -> None:
    """Add the average over ``omega`` of one example with teacher field ``u`` and label ``y``."""
    if math.isinf(V):  # every field sits where its own loss is least
        if y > 0.0 or zeta > 0.0:
            target = max(y, 0.0) / (1.0 + zeta)
            _add_piece(out, weight, u, mean, width, -math.inf, math.inf, target, -1.0)
        else:
            _add_piece(out, weight, u, mean, width, 0.0, math.inf, 0.0, -1.0)
        return
    low_slope = -V * zeta / (1.0 + V * zeta)
    up_slope = -V * (1.0 + zeta) / (1.0 + V * (1.0 + zeta))
    up_const = V * y / (1.0 + V * (1.0 + zeta))
    if y > 0.0:  # two minima: h jumps where they are equally deep
        spread = math.sqrt(1.0 + V / (1.0 + V * zeta))
        cut = -y * (spread - 1.0) * (1.0 + V * zeta)
        jump = up_const + (up_slope - low_slope) * cut
        there = weight * _density((cut - mean) / width) / width
        out[1] -= there * jump
        out[5] += there * jump * jump
        _add_piece(out, weight, u, mean, width, -math.inf, cut, 0.0, low_slope)
        _add_piece(out, weight, u, mean, width, cut, math.inf, up_const, up_slope)
    else:  # h waits at the kink
        _add_piece(out, weight, u, mean, width, -math.inf, 0.0, 0.0, low_slope)
        _add_piece(out, weight, u, mean, width, 0.0, -V * y, 0.0, -1.0)
        _add_piece(out, weight, u, mean, width, -V * y, math.inf, up_const, up_slope)


@kernel
def _add_labels(
    out: np.ndarray,
    weight: float,
    u: float,
    noise: float,
    m: float,
    width: float,
    V: float,
    zeta: float,
    nodes: np.ndarray,
    weights: np.ndarray,
) -> None:
    """Add the average over the label of one teacher field ``u``."""
    clean = max(u, 0.0)
    if noise == 0.0:
        _add_example(out, weight, u, clean, m * u, width, V, zeta)
        return
    spread = math.sqrt(noise)
    bottom, top = clean - REACH * spread, clean + REACH * spread
    start = max(bottom, 0.0)
    for i in range(nodes.size):
        # y = start + t^2 crowds the nodes where the jump leaves a layer of width V^(-1/2)
        t = nodes[i] * math.sqrt(top - start)
        y = start + t * t
        share = 2.0 * t * math.sqrt(top - start) * weights[i]
        share *= _density((y - clean) / spread) / spread
        _add_example(out, weight * share, u, y, m * u, width, V, zeta)
    if bottom >= 0.0:
        return
    for i in range(nodes.size):
        t = nodes[i] * math.sqrt(-bottom)
        y = -t * t
        share = 2.0 * t * math.sqrt(-bottom) * weights[i]
        share *= _density((y - clean) / spread) / spread
        _add_example(out, weight * share, u, y, m * u, width, V, zeta)


@kernel
def replica_averages(
    m: float,
    q: float,
    V: float,
    noise: float,
    zeta: float,
    nodes: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Return the averages over one example, with Gauss-Legendre ``nodes, weights`` on (0, 1).

    In this order: the smooth part and the jump part of ``1 - dh/domega``; ``(h - omega) u``;
    ``(h - omega)^2``; the smooth part of ``(1 - dh/domega)^2``; and ``jump^2`` times the density
    of ``omega`` at the jump.
    """
    out = np.zeros(6)
    width = math.sqrt(q - m * m)
    edge = min(REACH * math.sqrt(noise), 0.5 * REACH)
    edges = np.array([-REACH, 0.0, edge, REACH])
    for panel in range(3):
        low, span = edges[panel], edges[panel + 1] - edges[panel]
        if span == 0.0:
            continue
        for i in range(nodes.size):
            u = low + span * nodes[i]
            weight = span * weights[i] * _density(u)
            _add_labels(out, weight, u, noise, m, width, V, zeta, nodes, weights)
    return out


@cache
def unit_nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Gauss-Legendre nodes and weights on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return 0.5 * (nodes + 1.0), 0.5 * weights
