"""Special functions that compiled code needs and numba lacks."""

import math

from .jit import kernel


@kernel
def half_step(x: float) -> float:
    """``Gamma(x + 1/2) / Gamma(x)``: by its series where a difference of logarithms is rounded.

    Examples
    --------
    >>> round(half_step(0.5) * math.sqrt(math.pi), 15)
    1.0
    """
    if x < 50.0:
        return math.exp(math.lgamma(x + 0.5) - math.lgamma(x))
    y = 0.125 / x
    return math.sqrt(x) * (1 - y + y**2 / 2 + 5 * y**3 / 2 - 21 * y**4 / 8 - 399 * y**5 / 8)
