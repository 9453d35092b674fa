"""How long the next step is, and when a flow counts as diverged: the same in every loop."""

import math

import numpy as np
from bntheory.codegen.jit import kernel

COMPLETE, DIVERGED, TOO_MANY_STEPS = 0, 1, 2
#: Beyond this times its start (or one) an order parameter counts as diverged; and so does a step
#: this small, relative to the time and to the first step.
HUGE, SMALLEST_STEP = 1e8, 1e-14
#: What is aimed at, relative to the step that would just be accepted; and how much shorter and
#: longer a step may become at once.
SAFETY, SHORTEST, LONGEST = 0.9, 0.2, 5.0
#: Errors of the step before the first one, and of a step that has none.
FIRST_ERROR, LEAST_ERROR = 1e-4, 1e-10


@kernel
def next_step(h: float, error: float, before: float, roots: bool) -> tuple[float, float]:
    """The next step's length after one of length ``h``, which counts if its error is at most 1.

    A proportional-integral controller.

    Parameters
    ----------
    h, error
        Of the step tried; the error in units of tolerance.
    before
        Error of the last step that counted.
    roots
        Whether powers are taken by square roots, which lanes do at once, with exponents rounded
        to fit.

    Returns
    -------
    step, before
        Both for the next call.
    """
    if not error <= 1.0:
        if not math.isfinite(error):
            return h * SHORTEST, before
        wanted = SAFETY / math.sqrt(math.sqrt(error)) if roots else SAFETY * error**-0.2
        return h * max(SHORTEST, wanted), before
    error = max(error, LEAST_ERROR)
    if roots:
        quarter = math.sqrt(math.sqrt(before / (error * error)))
        wanted = SAFETY * math.sqrt(math.sqrt(quarter))
    else:
        wanted = SAFETY * error**-0.14 * before**0.08
    return h * min(LONGEST, max(SHORTEST, wanted)), error


@kernel
def beyond_measure(y: np.ndarray, orders: int) -> float:
    """The size of order parameters, the first of y, at which a flow from it counts as diverged."""
    size = 1.0
    for i in range(orders):
        size = max(size, abs(y[i]))
    return HUGE * size


@kernel
def time_left(t: float, times: np.ndarray) -> float:
    """What a first step counts as at most: near a rest it is beyond all measure."""
    return max(0.0, times[-1] - t) if times.size else 0.0


@kernel
def vanishes(h: float, t: float, first: float) -> bool:
    """Whether a step is too small to get anywhere; ``first`` is the first step."""
    return h < SMALLEST_STEP * max(t, first)
