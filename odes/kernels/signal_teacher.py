"""Template: moments of the signal of any loss, of labels that are the teacher's noisy output.

Integrals over the student's u, the teacher's v given u, and the noise, each split where the signal
has a kink or a jump along it. With noise it is three-fold: slow, and the last resort.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import (
    NODES,
    POINTS,
    REACH,
    WEIGHTS,
    fill_rule,
    rule_size,
)

from .signal_rule import (
    MOST_ROOTS,
    NUMBER,
    SINH,
    STRAIGHT,
    TEACHER,
    add_roots,
    graded_cuts,
    graded_rule,
    power,
)
from .supervision import BORDERS, DEGREES, GROWTH, KINKS, POLYNOMIAL, activation, loss, signal

#: Intervals in which roots are looked for: along u and v, and along the noise.
INTERVALS, NOISE_INTERVALS = 64, 16
#: The largest power of the signal, and the logarithm of the noise's mass that is left out.
MOST, LEFT_OUT = 4, 32.0
#: Half-width of the interval of asinh(noise), of Student's law.
WIDTH = 0.0 if math.isinf(DEGREES) else LEFT_OUT / max(DEGREES - 2.0 * GROWTH, 0.2) + 3.0
KIND = NUMBER if math.isinf(DEGREES) else SINH


@kernel
def noise_rule(cuts: np.ndarray, panel: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes in noise, or in asinh of Student's noise, and their probability."""
    if math.isinf(DEGREES):
        size = rule_size(cuts.size, panel)
        x, weight = np.empty(size), np.empty(size)
        size = fill_rule(cuts, panel, x, weight)
        return x[:size], weight[:size]
    pieces = cuts.size + 1
    size = POINTS * (int(2.0 * WIDTH / panel) + 2 * pieces)
    x, weight = np.empty(size), np.empty(size)
    front = math.lgamma(0.5 * (DEGREES + 1.0)) - math.lgamma(0.5 * DEGREES)
    front = math.exp(front) / math.sqrt(math.pi * DEGREES)
    filled, left = 0, -WIDTH
    for piece in range(pieces):
        right = min(WIDTH, max(-WIDTH, cuts[piece])) if piece < cuts.size else WIDTH
        if right > left:
            panels = math.ceil((right - left) / panel)
            half = 0.5 * (right - left) / panels
            for p in range(panels):
                middle = left + (2 * p + 1) * half
                for i in range(POINTS):
                    s = middle + half * NODES[i]
                    square = math.sinh(s) ** 2 / DEGREES
                    density = front * math.exp(-0.5 * (DEGREES + 1.0) * math.log1p(square))
                    x[filled] = s
                    weight[filled] = half * WEIGHTS[i] * density * math.cosh(s)
                    filled += 1
            left = right
    return x[:filled], weight[:filled]


@kernel
def add_noisy(
    y: float,
    f: float,
    std: float,
    pull: float,
    panel: float,
    centres: np.ndarray,
    scales: np.ndarray,
    sums: np.ndarray,
) -> None:
    """The means over the noise of the powers of the signal, and of the loss at the end.

    A loss bends at its kinks and where label and output are the same, over a residual of order 1.
    """
    o, slope = activation(f)
    sums[:] = 0.0
    count = 0
    if not POLYNOMIAL:
        same = (o - y) / std
        centres[0], count = same if KIND == NUMBER else math.asinh(same), 1
    if BORDERS > 0:
        reach = REACH if KIND == NUMBER else WIDTH
        line = (y, std, f, 0.0)
        count = add_roots(KIND, line, pull, reach, NOISE_INTERVALS, centres, count)
    for k in range(count):
        over = std if KIND == NUMBER else std * math.cosh(centres[k])
        scales[k] = STRAIGHT if POLYNOMIAL else 1.0 / over
    x, weight = noise_rule(graded_cuts(centres, scales, count, panel), panel)
    for i in range(x.size):
        noise = x[i] if KIND == NUMBER else math.sinh(x[i])
        delta = signal(y + std * noise, o, slope, pull)
        share = weight[i]
        for a in range(MOST + 1):
            sums[a] += share
            share *= delta
        sums[MOST + 1] += weight[i] * loss(y + std * noise, o)


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
    """``E[delta^a u^b v^c]`` with a at most 4; arguments as in `signal_classes`.

    Parameters
    ----------
    noise
        S.
    """
    across, std = math.sqrt(max(0.0, 1.0 - rho * rho)), math.sqrt(noise)
    room = KINKS.size + 1 + BORDERS * MOST_ROOTS
    centres, scales = np.empty(room), np.empty(room)
    inner, inner_scales = np.empty(room), np.empty(room)
    places, place_scales = np.empty(room), np.empty(room)
    sums = np.empty(MOST + 2)
    count = KINKS.size + 1
    for k in range(count):
        centres[k] = ((KINKS[k] if k < KINKS.size else 0.0) - shift) / max(q, 1e-12)
    scales[:count] = STRAIGHT if POLYNOMIAL else 1.0 / max(q, 1e-12)
    if BORDERS > 0:
        first = count
        line = (0.0, rho, shift, q)
        count = add_roots(TEACHER, line, pull, REACH, INTERVALS, centres, count)
        scales[first:count] = math.hypot(across, std) / max(abs(rho) + q, 1e-12)
    u, weight = graded_rule(centres, scales, count, panel)
    out[:] = 0.0
    for i in range(u.size):
        f = shift + q * u[i]
        o, slope = activation(f)
        for k in range(KINKS.size):
            inner[k] = (KINKS[k] - rho * u[i]) / max(across, 1e-12)
            inner_scales[k] = 1.0
        found = KINKS.size
        if BORDERS > 0:
            line = (rho * u[i], across, f, 0.0)
            found = add_roots(TEACHER, line, pull, REACH, INTERVALS, inner, found)
            # Noise rounds the kink off, over its own width.
            inner_scales[KINKS.size : found] = std / max(across, 1e-12) if std > 0.0 else 1.0
        z, weight_z = graded_rule(inner, inner_scales, found, panel)
        for j in range(z.size):
            v = rho * u[i] + across * z[j]
            y = activation(v)[0]
            if std > 0.0:
                add_noisy(y, f, std, pull, panel, places, place_scales, sums)
            else:
                delta = signal(y, o, slope, pull)
                sums[0] = 1.0
                for a in range(MOST):
                    sums[a + 1] = sums[a] * delta
                sums[MOST + 1] = loss(y, o)
            for m in range(out.size):
                factor = power(u[i], powers[m, 1]) * power(v, powers[m, 2])
                mean = sums[powers[m, 0] if powers[m, 0] >= 0 else MOST + 1]
                out[m] += weight[i] * weight_z[j] * mean * factor
