"""Template: moments of the signal where labels are classes, -1 or 1.

Given the student's u the teacher's field is ``N(rho u, T^2)``, ``T^2 = 1 - rho^2``: what is left
is one integral over u, of the signal times the probability of the label, or times the mean of v
or v^2 within it. Of signs these are Gaussian tails; of Bernoulli labels a second integral.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import REACH

from .signal_rule import MOST_ROOTS, NUMBER, STRAIGHT, add_roots, graded_rule
from .supervision import BORDERS, KINKS, POLYNOMIAL, SHARPNESS, activation, loss, signal

#: Intervals in which roots are looked for.
INTERVALS = 64
#: Labels that are less probable add nothing.
NEVER = 1e-30
#: As many spreads from the border on a sign is known: its opposite is less probable than that.
CERTAIN = 11.5


@kernel
def class_means(mean: float, across: float, panel: float, out: np.ndarray) -> None:
    """``E[v^k; label]`` of ``v = N(mean, across^2)``, k = 0 to 2, of labels -1 and 1."""
    if SHARPNESS == 0.0:
        ratio = mean / max(across, 1e-300)
        square = mean * mean + across * across
        density = small = 0.0
        if abs(ratio) < CERTAIN:
            density = across * math.exp(-0.5 * ratio * ratio) * 0.3989422804014327
            small = 0.5 * math.erfc(abs(ratio) * 0.7071067811865476)
        for k in range(2):
            sign = 2.0 * k - 1.0
            tail = small if sign * ratio < 0.0 else 1.0 - small
            out[k, 0] = tail
            out[k, 1] = mean * tail + sign * density
            out[k, 2] = square * tail + sign * mean * density
        return
    out[:] = 0.0
    centres, scales = np.empty(1), np.empty(1)
    centres[0] = -mean / max(across, 1e-12)
    scales[0] = 1.0 / (SHARPNESS * max(across, 1e-12))
    z, weight = graded_rule(centres, scales, 1, panel)
    for i in range(z.size):
        v = mean + across * z[i]
        chance = 1.0 / (1.0 + math.exp(-abs(SHARPNESS * v)))  # of the label that v is for
        own = 1 if v > 0.0 else 0
        for k in range(2):
            share = weight[i] * (chance if k == own else 1.0 - chance)
            out[k, 0] += share
            out[k, 1] += share * v
            out[k, 2] += share * v * v


@kernel
def class_rule(
    q: float, shift: float, rho: float, pull: float, panel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes in u and weights, split and graded where signal or label bend (`signal_moments`)."""
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    room = KINKS.size + 2 + 2 * BORDERS * MOST_ROOTS
    centres, scales = np.empty(room), np.empty(room)
    count = 0
    if q > 1e-12:
        for k in range(KINKS.size + 1):
            centres[count] = ((KINKS[k] if k < KINKS.size else 0.0) - shift) / q
            count += 1
        if BORDERS > 0:
            for k in range(2):
                line = (2.0 * k - 1.0, 0.0, shift, q)
                count = add_roots(NUMBER, line, pull, REACH, INTERVALS, centres, count)
        scales[:count] = STRAIGHT if POLYNOMIAL else 1.0 / q
    width = across if SHARPNESS == 0.0 else math.hypot(across, 1.0 / SHARPNESS)
    centres[count], scales[count] = 0.0, width / max(abs(rho), 1e-12)
    return graded_rule(centres, scales, count + 1, panel)


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
    """``E[delta^a u^b v^c]``.

    Parameters
    ----------
    q, shift, rho
        The student's field is ``shift + q u``, and rho the correlation of u and v.
    noise
        Not used: classes have none.
    pull
        df/da, which clipping compares.
    panel
        Longest panel of the rule.
    powers
        Rows ``a, b, c``, shape (moments, 3), with c at most 2. An a of -1 stands for the loss
        in place of a power of delta.
    out
        Output, shape (moments,).
    """
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    u, weight = class_rule(q, shift, rho, pull, panel)
    means = np.empty((2, 3))
    of_delta, of_u = 0, 0
    for m in range(out.size):
        of_delta, of_u = max(of_delta, powers[m, 0]), max(of_u, powers[m, 1])
    deltas, fields = np.ones(of_delta + 1), np.ones(of_u + 1)
    out[:] = 0.0
    for i in range(u.size):
        o, slope = activation(shift + q * u[i])
        class_means(rho * u[i], across, panel, means)
        for n in range(of_u):
            fields[n + 1] = fields[n] * u[i]
        for k in range(2):
            if means[k, 0] < NEVER:
                continue
            y = 2.0 * k - 1.0
            delta = signal(y, o, slope, pull)
            for n in range(of_delta):
                deltas[n + 1] = deltas[n] * delta
            for m in range(out.size):
                factor = deltas[powers[m, 0]] if powers[m, 0] >= 0 else loss(y, o)
                factor *= fields[powers[m, 1]]
                out[m] += weight[i] * means[k, powers[m, 2]] * factor
