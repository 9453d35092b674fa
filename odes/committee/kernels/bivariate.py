"""Moments of spreads and correlation of two correlated fields over a batch.

``E[s1^p s2^q r^m]`` of the 1/M standard deviations and the correlation of M examples of a bivariate
normal of unit variances and correlation rho is a series of positive terms (the law of s1, s2 and r
is Fisher's, Biometrika 10, 507, 1915). It is summed from its largest term to both sides.
"""

import math

from bntheory.codegen.jit import kernel

#: Terms below this part of the sum end it; correlations are taken no larger than this.
NEGLIGIBLE, LARGEST = 1e-17, 0.9999


@kernel
def ratio(n: float, p: float, q: float, m: float, square: float, k: float) -> float:
    """Of the term k + 2 to the term k."""
    up = (n + p + k) * (n + q + k) * (k + m + 1.0)
    return square * up / ((k + 1.0) * (k + 2.0) * (k + m + n))


@kernel
def spread_moment(M: float, rho: float, p: int, q: int, m: int) -> float:
    """``E[s1^p s2^q r^m]`` of a batch of M, for M - 1 + p and M - 1 + q above 0."""
    n = M - 1.0
    rho = min(LARGEST, max(-LARGEST, rho))
    square, parity = rho * rho, m % 2
    if rho == 0.0 and parity == 1:
        return 0.0
    low, high = 0, 1
    while ratio(n, p, q, m, square, parity + 2.0 * high) > 1.0:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if ratio(n, p, q, m, square, parity + 2.0 * middle) > 1.0:
            low = middle
        else:
            high = middle
    largest = parity + 2.0 * low
    top = -math.lgamma(largest + 1.0) + math.lgamma(0.5 * (n + p + largest))
    top += math.lgamma(0.5 * (n + q + largest)) + math.lgamma(0.5 * (largest + m + 1.0))
    top -= math.lgamma(0.5 * (largest + m + n)) + math.lgamma(0.5 * n) + 0.5 * math.log(math.pi)
    top += 0.5 * (p + q) * math.log(2.0 / M)
    top += 0.5 * (n + p + q) * math.log((1.0 - rho) * (1.0 + rho))
    if largest > 0.0:
        top += largest * math.log(2.0 * abs(rho))
    total = term = 1.0
    k = largest
    while term > NEGLIGIBLE * total:
        term *= ratio(n, p, q, m, square, k)
        total += term
        k += 2.0
    term, k = 1.0, largest
    while k > parity and term > NEGLIGIBLE * total:
        k -= 2.0
        term /= ratio(n, p, q, m, square, k)
        total += term
    value = total * math.exp(top)
    return -value if parity == 1 and rho < 0.0 else value
