"""Averages over a chi-square that compiled code needs: of clipped and of normalised gradients."""

import math

from .jit import kernel
from .special import half_step

#: Relative size of the last term of a series or a continued fraction, and of a zero in the latter.
SMALLEST, TINY = 1e-16, 1e-300


@kernel
def mean_chi(degrees: float) -> float:
    """``E sqrt(Y)`` of a chi-square.

    Examples
    --------
    >>> round(mean_chi(1.0) ** 2 * math.pi / 2, 12)
    1.0
    """
    return math.sqrt(2.0) * half_step(0.5 * degrees)


@kernel
def chi_square_below(degrees: float, x: float) -> float:
    """The chance that a chi-square is below x: series below the mean, continued fraction above.

    (Abramowitz and Stegun 6.5.29 and 6.5.31.)

    Examples
    --------
    >>> round(chi_square_below(2.0, 3.0) + math.exp(-1.5), 12)
    1.0
    """
    a, x = 0.5 * degrees, 0.5 * x
    if x <= 0.0:
        return 0.0
    if x - a > 40.0 * (1.0 + math.sqrt(a)):  # less than rounding is left
        return 1.0
    head = math.exp(a * math.log(x) - x - math.lgamma(a + 1.0))
    if x < a + 1.0:
        term = total = 1.0
        n = a
        while term > SMALLEST * total:
            n += 1.0
            term *= x / n
            total += term
        return head * total
    b = x + 1.0 - a
    c, d = 1.0 / TINY, 1.0 / b
    value, change, n = d, 2.0, 0.0
    while abs(change - 1.0) > SMALLEST and n < 1e6:  # Lentz's method
        n += 1.0
        step = -n * (n - a)
        b += 2.0
        d, c = step * d + b, b + step / c
        d = 1.0 / (d if abs(d) > TINY else TINY)
        c = c if abs(c) > TINY else TINY
        change = d * c
        value *= change
    return 1.0 - a * head * value


@kernel
def kept_drift(degrees: float, size: float) -> float:
    """``E[f Y]/M`` of ``f = min(1, M / (size sqrt(Y)))`` and a chi-square Y of M degrees.

    Examples
    --------
    >>> kept_drift(4.0, 0.0), round(kept_drift(4.0, 1e6) * 1e6 / mean_chi(4.0), 12)
    (1.0, 1.0)
    """
    if size <= 0.0:
        return 1.0
    z = degrees / size
    beyond = 1.0 - chi_square_below(degrees + 1.0, z * z)
    return chi_square_below(degrees + 2.0, z * z) + beyond * mean_chi(degrees) / size


@kernel
def kept_noise(degrees: float, size: float) -> float:
    """``E[f^2 Y]/M`` of the same.

    Examples
    --------
    >>> kept_noise(4.0, 0.0), round(kept_noise(4.0, 1e6) * 1e12, 9)
    (1.0, 4.0)
    """
    if size <= 0.0:
        return 1.0
    z = degrees / size
    beyond = 1.0 - chi_square_below(degrees, z * z)
    return chi_square_below(degrees + 2.0, z * z) + beyond * degrees / (size * size)
