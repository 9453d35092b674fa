"""Template: the mean of a signal of ``y - o`` over a normal part of the residual, tabulated.

Of a linear teacher and student the residual of a drawn batch is ``mean + width x``, x normal: over
x the mean is exact, and what is left of a kink or jump bends over the width.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import COARSE

from .signal_batches import laurent, power
from .signal_rule import MOST_ROOTS, SINH, STRAIGHT, add_roots, graded_rule
from .supervision import BORDERS, DEGREES, POLYNOMIAL, signal

#: Where kinks are looked for (`signal_difference`), and the grid, of asinh(mean/width).
WIDEST, INTERVALS = 20.0, 100
FARTHEST, RESIDUALS = 12.0, 801
#: The least width of the teacher's part: next to alignment, without noise, a jump would be one.
SHARPEST = 0.01


@kernel
def tabulate_residuals(width: float, table: np.ndarray) -> None:
    """``E[delta], E[delta^2], E[delta x], E[delta^2 x]``, shape (4, grid)."""
    kinks = np.zeros(1 + BORDERS * MOST_ROOTS)
    count = 1
    if BORDERS > 0:
        count = add_roots(SINH, (0.0, 1.0, 0.0, 0.0), 1.0, WIDEST, INTERVALS, kinks, 1)
        for k in range(1, count):
            kinks[k] = math.sinh(kinks[k])
    centres, scales = np.empty(count), np.empty(count)
    scales[:] = STRAIGHT if POLYNOMIAL else 1.0 / width
    table[:] = 0.0
    for i in range(table.shape[1]):
        mean = width * math.sinh(FARTHEST * (2.0 * i / (table.shape[1] - 1) - 1.0))
        for k in range(count):
            centres[k] = (kinks[k] - mean) / width
        x, weight = graded_rule(centres, scales, count, COARSE)
        for j in range(x.size):
            delta = signal(mean + width * x[j], 0.0, 1.0, 1.0)
            table[0, i] += weight[j] * delta
            table[1, i] += weight[j] * delta * delta
            table[2, i] += weight[j] * delta * x[j]
            table[3, i] += weight[j] * delta * delta * x[j]


@kernel
def residual_means(mean: float, width: float, table: np.ndarray, out: np.ndarray) -> None:
    """The four means, by cubics on the grid."""
    last = table.shape[1] - 1
    x = math.asinh(mean / width) / FARTHEST
    x = (min(1.0, max(-1.0, x)) + 1.0) * 0.5 * last
    i = min(last - 2, max(1, int(x)))
    x -= i
    w0, w1 = -x * (x - 1.0) * (x - 2.0) / 6.0, (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0
    w2, w3 = -(x + 1.0) * x * (x - 2.0) / 2.0, (x + 1.0) * x * (x - 1.0) / 6.0
    for k in range(4):
        t = table[k]
        out[k] = w0 * t[i - 1] + w1 * t[i] + w2 * t[i + 1] + w3 * t[i + 2]


@kernel
def residual_signals(
    draws: tuple[
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
    ],
    x0: np.ndarray,
    x1: np.ndarray,
    point: tuple[float, float, float, float],
    m: int,
    singles: np.ndarray,
    pairs: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill the moments, by sequence, of a field without the batch's mean.

    Arguments as in `signal_batches.batch_signals`. Exact is the mean over what an example's
    teacher has beside direction and spread, and, of two examples, beside the batch's mean too;
    and over Gaussian noise, but of Student's noise it is drawn.
    """
    s, uhat, uhat2, weights, mean, _, _, noise1, noise2 = draws
    q, shift, rho, spread = point
    gaussian = math.isinf(DEGREES)
    drawn = 0.0 if gaussian else spread
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    tau = math.hypot(across, rho / math.sqrt(m))
    width = math.hypot(tau, spread) if gaussian else tau
    width2 = max(math.hypot(across, spread) if gaussian else across, SHARPEST)
    one, two = np.empty((4, RESIDUALS)), np.empty((4, RESIDUALS))
    tabulate_residuals(width, one)
    if pairs.shape[0] > 0:
        tabulate_residuals(width2, two)
    first, second = np.empty(4), np.empty(4)
    count, size = singles.shape[0], s.shape[1]
    for g in range(s.shape[0]):
        row = out[g]
        row[:] = 0.0
        for i in range(size):
            S, u1, u2, weight = s[g, i], uhat[g, i], uhat2[g, i], weights[g, i] / size
            centre, steep = shift + q * laurent(x0, 0.0, S), q * laurent(x1, 0.0, S)
            e = (rho * S - steep) * u1 - centre
            residual_means(e + drawn * noise1[g, i], width, one, first)
            for n in range(count):
                a = singles[n, 0] - 1
                value = first[a] if singles[n, 4] == 0 else first[a + 2] / width
                value *= power(u1, singles[n, 1]) * power(S, singles[n, 3])
                row[n] += weight * value
            if pairs.shape[0] == 0:
                continue
            e += rho * mean[g, i] / math.sqrt(m)
            residual_means(e + drawn * noise1[g, i], width2, two, first)
            e += (rho * S - steep) * (u2 - u1)
            residual_means(e + drawn * noise2[g, i], width2, two, second)
            for n in range(pairs.shape[0]):
                b, d = pairs[n, 1], pairs[n, 3]
                both = power(u1, b) * power(u2, d) + power(u1, d) * power(u2, b)
                both *= 0.5 * first[0] * second[0] * power(S, pairs[n, 5])
                row[count + n] += weight * both
