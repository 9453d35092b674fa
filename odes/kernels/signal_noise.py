"""Template: means over the noise of the powers of a signal, and of the loss.

Of a loss of ``y - o`` they are functions of the residual ``r`` before the noise, and of the slope
only as its power. Noise makes them smooth, over its own width: they are tabulated in panels that
grow with the distance from where the loss bends, and interpolated through `POINTS` values each.
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
    sort,
)

from .signal_rule import MOST_ROOTS, NUMBER, SINH, STRAIGHT, add_roots, graded_cuts
from .supervision import BORDERS, DEGREES, GROWTH, POLYNOMIAL, activation, loss, signal

#: Intervals in which roots are looked for along the noise, and among residuals up to sinh(WIDEST).
NOISE_INTERVALS = 16
WIDEST, INTERVALS = 20.0, 100
#: The largest power of the signal, and the logarithm of the noise's mass that is left out.
MOST, LEFT_OUT = 4, 32.0
#: Half-width of the interval of asinh(noise), of Student's law.
WIDTH = 0.0 if math.isinf(DEGREES) else LEFT_OUT / max(DEGREES - 2.0 * GROWTH, 0.2) + 3.0
KIND = NUMBER if math.isinf(DEGREES) else SINH
#: How much farther out each panel of residuals ends than the one before: 4e-12 of a singularity at
#: the centre, with 20 values.
FARTHER = 3.0
#: Barycentric weights of the nodes of a panel.
BARYCENTRIC = (-1.0) ** np.arange(POINTS) * np.sqrt((1.0 - NODES**2) * WEIGHTS)


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
def add_means(
    at: tuple[float, float, float, float],
    std: float,
    panel: float,
    centres: np.ndarray,
    scales: np.ndarray,
    count: int,
    sums: np.ndarray,
) -> None:
    """The means over the noise of the powers of the signal, and of the loss at the end.

    ``at`` is label without noise, output, slope and pull; centres are the places, in the rule's
    variable, at which the loss bends over a residual of order 1.
    """
    y, o, slope, pull = at
    for k in range(count):
        over = std if KIND == NUMBER else std * math.cosh(centres[k])
        scales[k] = STRAIGHT if POLYNOMIAL else 1.0 / over
    x, weight = noise_rule(graded_cuts(centres, scales, count, panel), panel)
    sums[:] = 0.0
    for i in range(x.size):
        label = y + std * (x[i] if KIND == NUMBER else math.sinh(x[i]))
        delta, share = signal(label, o, slope, pull), weight[i]
        for a in range(MOST + 1):
            sums[a] += share
            share *= delta
        sums[MOST + 1] += weight[i] * loss(label, o)


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
    """`add_means` of any loss: it bends where label and output are the same, and at its kinks."""
    o, slope = activation(f)
    count = 0
    if not POLYNOMIAL:
        same = (o - y) / std
        centres[0], count = same if KIND == NUMBER else math.asinh(same), 1
    if BORDERS > 0:
        reach = REACH if KIND == NUMBER else WIDTH
        line = (y, std, f, 0.0)
        count = add_roots(KIND, line, pull, reach, NOISE_INTERVALS, centres, count)
    add_means((y, o, slope, pull), std, panel, centres, scales, count, sums)


@kernel
def residual_bends() -> np.ndarray:
    """The residuals at which the loss has a kink or a jump, behind 0, where it bends."""
    bends = np.zeros(1 + BORDERS * MOST_ROOTS)
    count = 1
    if BORDERS > 0:
        count = add_roots(SINH, (0.0, 1.0, 0.0, 0.0), 1.0, WIDEST, INTERVALS, bends, 1)
        for k in range(1, count):
            bends[k] = math.sinh(bends[k]) - activation(0.0)[0]
    return bends[:count]


@kernel
def residual_edges(bends: np.ndarray, std: float, least: float, most: float) -> np.ndarray:
    """The ends of the panels, from ``least`` to ``most``: around all bends, each farther out."""
    far = most - least + np.abs(bends).max()
    grades = 1 + max(0, math.ceil(math.log(far / std) / math.log(FARTHER)))
    cuts = np.empty(bends.size * (2 * grades + 1) + 2)
    cuts[0], cuts[1] = least, most
    filled = 2
    for k in range(bends.size):
        for grade in range(-grades, grades + 1):
            away = std * FARTHER ** (abs(grade) - 1) if grade else 0.0
            cut = bends[k] + math.copysign(away, grade)
            if least < cut < most:
                cuts[filled] = cut
                filled += 1
    edges = cuts[:filled]
    sort(edges)
    kept = 1
    for i in range(1, filled):  # no panels of rounding
        if edges[i] - edges[kept - 1] > 1e-9 * std:
            edges[kept] = edges[i]
            kept += 1
    edges[kept - 1] = most
    return edges[:kept]


@kernel
def tabulate_noise(
    std: float, panel: float, least: float, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Panels of residuals from ``least`` to ``most``, and the means at their nodes.

    Parameters
    ----------
    std
        Of the noise, above 0.
    panel
        Longest panel of the noise, in standard deviations (of Student's law in asinh).
    least, most
        Residuals.

    Returns
    -------
    edges, table
        Shapes (panels + 1,) and (panels, POINTS, MOST + 2); the means are those of slope 1.
    """
    bends = residual_bends()
    most = max(most, least + std)
    edges = residual_edges(bends, std, least, most)
    table = np.empty((edges.size - 1, POINTS, MOST + 2))
    centres, scales = np.empty(bends.size), np.empty(bends.size)
    for p in range(edges.size - 1):
        middle, half = 0.5 * (edges[p] + edges[p + 1]), 0.5 * (edges[p + 1] - edges[p])
        for i in range(POINTS):
            r = middle + half * NODES[i]
            for k in range(bends.size):
                away = (bends[k] - r) / std
                centres[k] = away if KIND == NUMBER else math.asinh(away)
            at = (r, 0.0, 1.0, 1.0)
            add_means(at, std, panel, centres, scales, bends.size, table[p, i])
    return edges, table


@kernel
def means_at(
    r: float, slope: float, edges: np.ndarray, table: np.ndarray, sums: np.ndarray
) -> None:
    """The means at a residual within the panels, as `add_noisy` gives them."""
    p = min(edges.size - 2, max(0, int(np.searchsorted(edges, r)) - 1))
    values = table[p]
    x = (2.0 * r - edges[p] - edges[p + 1]) / (edges[p + 1] - edges[p])
    sums[:], total = 0.0, 0.0
    for j in range(POINTS):
        away = x - NODES[j]
        if away == 0.0:
            away = 1e-300
        share = BARYCENTRIC[j] / away
        total += share
        for a in range(MOST + 2):
            sums[a] += share * values[j, a]
    power = 1.0 / total
    sums[MOST + 1] *= power
    if math.isnan(sums[MOST + 1]):  # a loss that has no number far out
        sums[MOST + 1] = math.inf
    for a in range(MOST + 1):
        sums[a] *= power
        power *= slope
