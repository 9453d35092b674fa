"""Template: moments of the signal of a loss of ``y - o``, of a linear student and teacher.

The residual ``e = v + sqrt(S) xi - shift - q u`` is Gaussian, of variance
``1 - 2 q rho + q^2 + S``, and u and v depend on it as Gaussians do: what is left is one integral
over e. Student's noise is Gaussian given ``chi^2_nu``, with ``S nu/chi^2`` in place of S; it is
averaged by the trapezoid in ``log chi^2``, in which the integrand is analytic. Its branch point
``chi^2 = -S nu/e^2`` lies pi off the axis, however near it comes to chi^2 = 0.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .signal_rule import MOST_ROOTS, SINH, STRAIGHT, add_roots, graded_rule, power
from .supervision import BORDERS, DEGREES, GROWTH, LOSS_GROWTH, POLYNOMIAL, loss, signal

#: Where kinks are looked for: residuals up to sinh of the first, in so many intervals.
WIDEST, INTERVALS = 20.0, 100
#: Step of the trapezoid, in units of 1 and of the standard deviation of log chi^2 of many degrees
#: of freedom; and the logarithm of the weight that is left out.
STEP, STEP_MANY, LEFT_OUT = 0.3, 0.7, 37.0


@kernel
def add_gaussian(
    q: float,
    shift: float,
    rho: float,
    noise: float,
    pull: float,
    panel: float,
    share: float,
    kinks: np.ndarray,
    powers: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add ``share`` times the moments with Gaussian noise of a variance; kinks are residuals."""
    std = math.sqrt((rho - q) ** 2 + max(0.0, 1.0 - rho * rho) + noise)
    along_u = (rho - q) / std if std > 0.0 else 0.0
    along_v = (1.0 - rho * q) / std if std > 0.0 else 0.0
    centres, scales = np.empty(kinks.size), np.empty(kinks.size)
    for k in range(kinks.size):
        centres[k] = (kinks[k] + shift) / max(std, 1e-12)
    scales[:] = STRAIGHT if POLYNOMIAL else 1.0 / max(std, 1e-12)
    x, weight = graded_rule(centres, scales, kinks.size, panel)
    given = np.empty((3, 3))
    for i in range(x.size):
        delta = signal(std * x[i] - shift, 0.0, 1.0, pull)
        u, v = along_u * x[i], along_v * x[i]
        given[0, 0], given[1, 0], given[0, 1] = 1.0, u, v
        given[2, 0] = u * u + 1.0 - along_u * along_u
        given[1, 1] = u * v + rho - along_u * along_v
        given[0, 2] = v * v + 1.0 - along_v * along_v
        for m in range(out.size):
            e = std * x[i] - shift
            factor = power(delta, powers[m, 0]) if powers[m, 0] >= 0 else loss(e, 0.0)
            out[m] += share * weight[i] * factor * given[powers[m, 1], powers[m, 2]]


@kernel
def log_weight(x: float, degrees: float) -> float:
    """The logarithm of the density of ``x = log chi^2``."""
    half = 0.5 * degrees
    return half * (x - 0.6931471805599453) - 0.5 * math.exp(x) - math.lgamma(half)


@kernel
def signal_moments(
    q: float,
    shift: float,
    rho: float,
    noise: float,
    pull: float,
    panel: float,
    powers: np.ndarray,
    out: np.ndarray,
) -> None:
    """``E[delta^a u^b v^c]`` with b + c at most 2; arguments as in `signal_classes`.

    Parameters
    ----------
    noise
        S.
    """
    out[:] = 0.0
    kinks = np.zeros(1 + BORDERS * MOST_ROOTS)
    count = 1
    if BORDERS > 0:
        count = add_roots(SINH, (0.0, 1.0, 0.0, 0.0), pull, WIDEST, INTERVALS, kinks, 1)
        for k in range(1, count):
            kinks[k] = math.sinh(kinks[k])
    kinks = kinks[:count]
    if noise == 0.0 or math.isinf(DEGREES):
        add_gaussian(q, shift, rho, noise, pull, panel, 1.0, kinks, powers, out)
        return
    largest = 0.0
    for m in range(out.size):
        own = powers[m, 0] * GROWTH if powers[m, 0] >= 0 else LOSS_GROWTH
        largest = max(largest, own)
    # Of a small chi^2 the moments grow like its root's inverse to this power.
    rest = DEGREES - largest
    step = min(STEP, STEP_MANY * math.sqrt(2.0 / DEGREES))
    if rest <= 0.0:
        out[:] = math.inf
        return
    peak = math.log(rest)
    top = 0.5 * rest * peak - 0.5 * rest
    for side in range(2):
        k = side
        while True:
            x = peak + (k if side == 0 else -k) * step
            if 0.5 * rest * x - 0.5 * math.exp(x) < top - LEFT_OUT:
                break
            share = step * math.exp(log_weight(x, DEGREES))
            variance = noise * DEGREES * math.exp(-x)
            add_gaussian(q, shift, rho, variance, pull, panel, share, kinks, powers, out)
            k += 1
