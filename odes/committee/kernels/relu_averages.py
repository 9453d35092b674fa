"""Closed Gaussian averages of max(0, x): moments of orthants.

With all zero thresholds a moment of two variables over an orthant follows from orthant
probabilities of fewer variables by partial integration (Tallis, J. R. Statist. Soc. B 23, 223,
1961).
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .orthants import arcsine, hexadecant, quadrant

TWO_PI = 2.0 * math.pi
#: Of ``1 - rho^2``: below it a pair counts as one variable, as the two limits of its term cancel.
SAME = 1e-14


@kernel
def correlation(a: float, b: float, c: float) -> float:
    """Of variances a, b and covariance c; 0 where a variable is constant."""
    size = a * b
    return min(1.0, max(-1.0, c / math.sqrt(size))) if size > 0.0 else 0.0


@kernel
def overlap(a: float, b: float, c: float) -> float:
    """``I2 = E[g(x) g(y)]`` at variances a, b and covariance c."""
    rho = correlation(a, b, c)
    across = math.sqrt((1.0 - rho) * (1.0 + rho))
    return math.sqrt(max(0.0, a * b)) * (across + (math.pi - math.acos(rho)) * rho) / TWO_PI


@kernel
def response(a: float, b: float, c: float) -> tuple[float, float]:
    """``I3 = E[g'(x) z g(y)] = alpha cov(x, z) + beta cov(y, z)``."""
    rho = correlation(a, b, c)
    across = math.sqrt((1.0 - rho) * (1.0 + rho))
    alpha = math.sqrt(b / a) * across / TWO_PI if a > 0.0 else 0.0
    return alpha, (math.pi - math.acos(rho)) / TWO_PI


@kernel
def slopes(a: float, b: float, c: float) -> float:
    """``E[g'(x) g'(y)]``."""
    return quadrant(correlation(a, b, c))


@kernel
def prepare(G: np.ndarray, students: int, work: np.ndarray, four: np.ndarray) -> None:
    """Correlations, their arcsines, and all orthants of four variables, two of them students.

    ``work`` has the correlations, then the arcsines, then the densities of pairs at zero, each
    n x n; ``four`` the orthants by the sum of ``2^k`` of the variables.
    """
    n = G.shape[0]
    for a in range(n):
        work[a, a], work[n + a, a], work[2 * n + a, a] = 1.0, 0.5 * math.pi, 0.0
        for b in range(a):
            rho = correlation(G[a, a], G[b, b], G[a, b])
            left = (1.0 - rho) * (1.0 + rho)
            dense = 0.0
            if left > SAME and G[a, a] * G[b, b] > 0.0:
                dense = 1.0 / (TWO_PI * math.sqrt(left * G[a, a] * G[b, b]))
            work[a, b] = work[b, a] = rho
            work[n + a, b] = work[n + b, a] = arcsine(rho)
            work[2 * n + a, b] = work[2 * n + b, a] = dense
    for a in range(students):
        for b in range(a + 1, students):
            for c in range(b + 1, n):
                for d in range(c + 1, n):
                    four[(1 << a) + (1 << b) + (1 << c) + (1 << d)] = hexadecant(a, b, c, d, work)


@kernel
def partial(work: np.ndarray, a: int, b: int, c: int, d: int) -> float:
    """The correlation of c and d given a and b."""
    r, x, y = work[a, b], work[a, c], work[a, d]
    z, w = work[b, c], work[b, d]
    own = (1.0 - r) * (1.0 + r)
    u = own - x * x - z * z + 2.0 * r * x * z
    v = own - y * y - w * w + 2.0 * r * y * w
    cross = work[c, d] * own - x * y - z * w + r * (x * w + y * z)
    return cross / math.sqrt(u * v) if u > 0.0 and v > 0.0 else 0.0


@kernel
def moment(
    G: np.ndarray, i: int, j: int, p: int, q: int, work: np.ndarray, four: np.ndarray
) -> float:
    """``I4 = E[x_p x_q]`` over where x_i, x_j, x_p, x_q are all positive."""
    n = G.shape[0]
    s0, s1, s2, s3 = i, 0, 0, 0
    count = 1
    for one in (j, p, q):
        known = one == s0 or (count > 1 and one == s1) or (count > 2 and one == s2)
        if not known:
            if count == 1:
                s1 = one
            elif count == 2:
                s2 = one
            else:
                s3 = one
            count += 1
    if count == 1:
        return 0.5 * G[p, q]
    if count == 2:
        orthant = 0.25 + work[n + s0, s1] / TWO_PI
    elif count == 3:
        orthant = 0.125 + (work[n + s0, s1] + work[n + s0, s2] + work[n + s1, s2]) / (2 * TWO_PI)
    else:
        orthant = four[(1 << s0) + (1 << s1) + (1 << s2) + (1 << s3)]
    total = G[p, q] * orthant
    for pair in range(count * (count - 1) // 2):
        # The pairs of count variables, and what is left of four of them.
        a, b, c, d = s0, s1, s2, s3
        if pair == 1:
            a, b, c, d = s0, s2, s1, s3
        elif pair == 2:
            a, b, c, d = s1, s2, s0, s3
        elif pair == 3:
            a, b, c, d = s0, s3, s1, s2
        elif pair == 4:
            a, b, c, d = s1, s3, s0, s2
        elif pair == 5:
            a, b, c, d = s2, s3, s0, s1
        dense = work[2 * n + a, b]
        if dense == 0.0:
            continue
        left = 1.0
        if count == 3:
            left = 0.5
        elif count == 4:
            left = quadrant(partial(work, a, b, c, d))
        both = G[p, a] * (G[q, b] - G[a, b] * G[q, a] / G[a, a])
        both += G[p, b] * (G[q, a] - G[a, b] * G[q, b] / G[b, b])
        total += both * dense * left
    return total


@kernel
def square(
    G: np.ndarray, i: int, j: int, c: np.ndarray, work: np.ndarray, four: np.ndarray
) -> float:
    """``E[g'(x_i) g'(x_j) (sum_p c_p g(x_p))^2] = sum_pq c_p c_q I4(i, j, p, q)``."""
    total = 0.0
    for p in range(c.size):
        for q in range(p + 1):
            term = c[p] * c[q] * moment(G, i, j, p, q, work, four)
            total += term if p == q else 2.0 * term
    return total
