"""Template: moments of one example of a batch whose labels are classes, by quadrature.

Given spread and direction of an example the teacher's field is ``N(rho s uhat, tau^2)``,
``tau^2 = 1 - rho^2 + rho^2/m``, over its own part and the batch's mean: the step of a sign is never
steeper than ``tau``. What is left is an integral over spread and direction, ``uhat = sqrt(m - 1)
sin(psi)``, in panels that end at the signal's kinks and are graded there.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.codegen.special import half_step
from bntheory.teacher_student.normal_quadrature import COARSE, sort

from .signal_batches import add_single, laurent
from .signal_classes import INTERVALS, class_means
from .signal_rule import MOST_ROOTS, NUMBER, add_roots
from .supervision import BORDERS, KINKS, SHARPNESS

#: Panels: the longest in units of uhat, the shortest in units of what bends there, the edges.
LONGEST, SHORTEST, REACH = 1.5, 1.5, 7.5
#: Grid of a teacher's means over which Bernoulli labels are averaged.
RANGE, GRID = 12.0, 1201


@kernel
def tabulate_labels(tau: float, table: np.ndarray) -> None:
    """``class_means`` of Bernoulli labels on a grid of the teacher's mean, shape (2, 2, grid)."""
    means = np.empty((2, 3))
    for i in range(table.shape[2]):
        class_means(RANGE * (2.0 * i / (table.shape[2] - 1) - 1.0), tau, COARSE, means)
        for k in range(2):
            table[k, 0, i], table[k, 1, i] = means[k, 0], means[k, 1]


@kernel
def label_means(v: float, tau: float, table: np.ndarray, means: np.ndarray) -> None:
    """Probability of both labels and mean of v within each: of signs, or by cubics on the grid."""
    if SHARPNESS == 0.0:
        class_means(v, tau, COARSE, means)
        return
    last = table.shape[2] - 1
    x = (min(RANGE, max(-RANGE, v)) / RANGE + 1.0) * 0.5 * last
    i = min(last - 2, max(1, int(x)))
    x -= i
    w0, w1 = -x * (x - 1.0) * (x - 2.0) / 6.0, (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0
    w2, w3 = -(x + 1.0) * x * (x - 2.0) / 2.0, (x + 1.0) * x * (x - 1.0) / 6.0
    for k in range(2):
        for j in range(2):
            t = table[k, j]
            means[k, j] = w0 * t[i - 1] + w1 * t[i] + w2 * t[i + 1] + w3 * t[i + 2]


@kernel
def add_graded(centre: float, scale: float, m: int, cuts: np.ndarray, count: int) -> int:
    """Put a centre and cuts around it, each twice as far as the one before, behind ``count``."""
    size, away = math.sqrt(m - 1.0), 0.0
    while away < 2.0 * size and count + 2 <= cuts.size:
        for side in range(1 if away == 0.0 else 2):
            x = (centre + (away if side == 0 else -away)) / size
            cuts[count] = math.asin(min(1.0, max(-1.0, x)))
            count += 1
        away = SHORTEST * scale if away == 0.0 else 2.0 * away
    return count


@kernel
def fill_cuts(centre: float, steep: float, step: float, m: int, cuts: np.ndarray) -> int:
    """Angles where the signal has a kink or bends, of a field ``centre + steep uhat``; how many.

    ``step`` is the width of the label's step at ``uhat = 0``.
    """
    count = add_graded(0.0, step, m, cuts, 0)
    if abs(steep) < 1e-9:
        return count
    scale = 1.0 / abs(steep)
    for k in range(KINKS.size + 1):
        kink = KINKS[k] if k < KINKS.size else 0.0
        count = add_graded((kink - centre) / steep, scale, m, cuts, count)
    roots = np.empty(2 * BORDERS * MOST_ROOTS)
    found = 0
    if BORDERS > 0:
        for k in range(2):
            line = (2.0 * k - 1.0, 0.0, centre, steep)
            found = add_roots(NUMBER, line, 1.0, REACH, INTERVALS, roots, found)
    for r in range(found):
        count = add_graded(roots[r], scale, m, cuts, count)
    return count


@kernel
def class_signals(
    spreads: tuple[np.ndarray, np.ndarray],
    points: tuple[np.ndarray, np.ndarray],
    x0: np.ndarray,
    x1: np.ndarray,
    point: tuple[float, float, float, float],
    m: int,
    singles: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill the moments of one example, shape (singles,), of a field without the batch's mean.

    Parameters
    ----------
    spreads
        Nodes of the spread and their weights.
    points
        Gauss-Legendre points of a panel.
    x0, x1, point, m, singles
        As in `signal_batches.add_singles`.
    """
    q, shift, rho, _ = point
    size = math.sqrt(m - 1.0)
    tau = math.sqrt(max(0.0, 1.0 - rho * rho) + rho * rho / m)
    norm = half_step(0.5 * (m - 2)) / math.sqrt(math.pi)
    edge = min(0.5 * math.pi, REACH / math.sqrt(max(1.0, m - 3.0)))
    table = np.empty((2, 2, GRID if SHARPNESS > 0.0 else 1))
    if SHARPNESS > 0.0:
        tabulate_labels(tau, table)
    means = np.empty((2, 3))
    room = np.empty((2 + KINKS.size + 2 * BORDERS * MOST_ROOTS) * 64)
    x, w = points
    out[:] = 0.0
    for c in range(spreads[0].size):
        s = spreads[0][c]
        centre, steep = shift + q * laurent(x0, 0.0, s), q * laurent(x1, 0.0, s)
        step = math.hypot(tau, 1.0 / SHARPNESS if SHARPNESS > 0.0 else 0.0)
        step /= max(abs(rho) * s, 1e-9)
        count = fill_cuts(centre, steep, step, m, room)
        cuts = room[:count].copy()
        sort(cuts)
        left = -edge
        for piece in range(count + 1):
            right = edge if piece == count else min(edge, max(-edge, cuts[piece]))
            if right <= left:
                continue
            parts = math.ceil((right - left) * size / LONGEST)
            half = 0.5 * (right - left) / parts
            for part in range(parts):
                middle = left + (2 * part + 1) * half
                for j in range(x.size):
                    psi = middle + half * x[j]
                    uhat = size * math.sin(psi)
                    weight = spreads[1][c] * norm * half * w[j]
                    weight *= math.exp((m - 3) * math.log(math.cos(psi)))
                    v = rho * s * uhat
                    label_means(v, tau, table, means)
                    for k in range(2):
                        z = (means[k, 1] - v * means[k, 0]) / (tau * tau)
                        f, batch = centre + steep * uhat, (uhat, 0.0, s)
                        y = 2.0 * k - 1.0
                        add_single(y, means[k, 0], z, f, batch, weight, singles, out)
            left = right
