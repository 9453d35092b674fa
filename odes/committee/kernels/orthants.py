"""Probabilities that three or four Gaussian variables are all positive.

Of two and three they are arcsines; of four one integral is left (Plackett, Biometrika 41, 351,
1954): the correlations of one variable with the others are turned on from zero.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel


def _rule(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on (0, 1), closer together at 1, where the integrand may have a root."""
    x, weight = np.polynomial.legendre.leggauss(count)
    left = 0.5 - 0.5 * x
    return 1.0 - left * left, weight * left


#: The largest correlation at which the few nodes are exact to 1e-11.
EASY = 0.9
FEW_NODES, FEW_WEIGHTS = _rule(20)
MANY_NODES, MANY_WEIGHTS = _rule(48)


@kernel
def arcsine(x: float) -> float:
    """Of what may be beyond 1 by rounding."""
    return math.asin(min(1.0, max(-1.0, x)))


@kernel
def quadrant(correlation: float) -> float:
    """Of two variables."""
    return 0.25 + arcsine(correlation) / (2.0 * math.pi)


@kernel
def octant(x: float, y: float, z: float) -> float:
    """Of three variables with these correlations."""
    return 0.125 + (arcsine(x) + arcsine(y) + arcsine(z)) / (4.0 * math.pi)


@kernel
def turned(s: float, r0: float, r1: float, r2: float, a01: float, a02: float, a12: float) -> float:
    """The integrand: the derivative by s where the first variable's correlations are s r.

    Each term is the density of the first variable and of one other at zero, times the quadrant of
    the two that are left given that.
    """
    total = 0.0
    for _ in range(3):
        own = 1.0 - s * s * r0 * r0
        if r0 != 0.0 and own > 0.0:
            x, y = s * (r1 - r0 * a01), s * (r2 - r0 * a02)
            u = (1.0 - a01 * a01) * own - x * x
            v = (1.0 - a02 * a02) * own - y * y
            w = (a12 - a01 * a02) * own - x * y
            partial = w / math.sqrt(u * v) if u > 0.0 and v > 0.0 else 0.0
            total += r0 / math.sqrt(own) * quadrant(partial)
        r0, r1, r2, a01, a02, a12 = r1, r2, r0, a12, a01, a02
    return total / (2.0 * math.pi)


@kernel
def hexadecant(a: int, b: int, c: int, d: int, rho: np.ndarray) -> float:
    """Of four variables, of which ``rho`` has the correlations."""
    first, least = 0, 2.0
    for turn in range(4):
        x, y, z = abs(rho[a, b]), abs(rho[a, c]), abs(rho[a, d])
        if max(x, y, z) < least:
            least, first = max(x, y, z), turn
        a, b, c, d = b, c, d, a
    for _ in range(first):
        a, b, c, d = b, c, d, a
    r0, r1, r2 = rho[a, b], rho[a, c], rho[a, d]
    a01, a02, a12 = rho[b, c], rho[b, d], rho[c, d]
    total = 0.5 * octant(a01, a02, a12)
    if max(least, abs(a01), abs(a02), abs(a12)) < EASY:
        for k in range(FEW_NODES.size):
            total += FEW_WEIGHTS[k] * turned(FEW_NODES[k], r0, r1, r2, a01, a02, a12)
    else:
        for k in range(MANY_NODES.size):
            total += MANY_WEIGHTS[k] * turned(MANY_NODES[k], r0, r1, r2, a01, a02, a12)
    return total
