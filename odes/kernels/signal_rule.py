"""Template: where a signal has kinks along a line, and rules that are split and graded there.

A *line* is how label and output change along an integral: the student's field is ``f0 + f1 x``,
and the label ``y0 + y1 x``, or the teacher's output at field ``y0 + y1 x``, or ``y0 + y1 sinh x``.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import (
    BEND,
    COARSE,
    REACH,
    fill_rule,
    rule_size,
    sort,
)

from .supervision import BORDERS, activation, borders

NUMBER, TEACHER, SINH = 0, 1, 2
#: Most roots of a border that are looked for on a line, and what is added to centres beside them.
MOST_ROOTS = 8
#: Iterations until a root is known to a few bits, and of a value so much smaller than at the ends.
ITERATIONS, ZERO = 200, 1e-15
#: Over what length a signal bends that does so at its kinks alone: no shorter than a panel.
STRAIGHT = 1e3
#: How much farther out each graded panel ends: a singularity at the centre is then far enough off
#: for 20 nodes, 1e-19 of it.
GROWTH_OF_PANELS = 4.0


@kernel
def borders_at(
    x: float, kind: int, line: tuple[float, float, float, float], pull: float, out: np.ndarray
) -> None:
    """The borders at a point of a line ``y0, y1, f0, f1``."""
    y = line[0] + line[1] * (math.sinh(x) if kind == SINH else x)
    if kind == TEACHER:
        y = activation(y)[0]
    o, slope = activation(line[2] + line[3] * x)
    borders(y, o, slope, pull, out)


@kernel
def add_roots(
    kind: int,
    line: tuple[float, float, float, float],
    pull: float,
    reach: float,
    intervals: int,
    centres: np.ndarray,
    count: int,
) -> int:
    """Put the roots of all borders on a line behind ``count`` centres; the new count.

    Parameters
    ----------
    kind, line, pull
        As in `borders_at`.
    reach, intervals
        Looked for is from ``-reach`` to ``reach``, in so many intervals.
    centres, count
        Of at least ``count + BORDERS * MOST_ROOTS`` entries.
    """
    before, here = np.empty(BORDERS), np.empty(BORDERS)
    found = np.zeros(BORDERS, dtype=np.int64)
    step = 2.0 * reach / intervals
    borders_at(-reach, kind, line, pull, before)
    for i in range(1, intervals + 1):
        x = -reach + i * step
        borders_at(x, kind, line, pull, here)
        for b in range(BORDERS):
            if before[b] * here[b] <= 0.0 and here[b] != 0.0 and found[b] < MOST_ROOTS:
                centres[count] = root(x - step, x, b, before[b], here[b], kind, line, pull)
                found[b] += 1
                count += 1
            before[b] = here[b]
    return count


@kernel
def root(
    left: float,
    right: float,
    b: int,
    at_left: float,
    at_right: float,
    kind: int,
    line: tuple[float, float, float, float],
    pull: float,
) -> float:
    """Where border b changes its sign: secants, and halvings where an end stays for long."""
    values = np.empty(BORDERS)
    small, middle = ZERO * max(abs(at_left), abs(at_right)), left
    for k in range(ITERATIONS):
        if k % 3 == 2:
            middle = 0.5 * (left + right)
        else:
            middle = (left * at_right - right * at_left) / (at_right - at_left)
        if not left < middle < right:
            break
        borders_at(middle, kind, line, pull, values)
        here = values[b]
        if abs(here) <= small:
            break
        if at_left * here > 0.0:
            left, at_left = middle, here
        else:
            right, at_right = middle, here
    return min(right, max(left, middle))


@kernel
def graded_cuts(centres: np.ndarray, scales: np.ndarray, count: int, panel: float) -> np.ndarray:
    """Cuts at centres, and around each at distances that grow from its scale on, sorted."""
    cuts = np.empty(count * 2 * 48 + count)
    filled = 0
    for c in range(count):
        same = False  # as another, graded from a shorter scale on
        for other in range(count):
            shorter = scales[other] < scales[c] or (scales[other] == scales[c] and other < c)
            same = same or (shorter and abs(centres[other] - centres[c]) < 1e-9 * scales[other])
        if same or abs(centres[c]) > 2.0 * REACH:
            continue
        cuts[filled] = centres[c]
        filled += 1
        away = BEND * panel / COARSE * max(scales[c], 1e-12)
        if away < panel:
            while away < 2.0 * REACH:
                cuts[filled], cuts[filled + 1] = centres[c] - away, centres[c] + away
                filled += 2
                away *= GROWTH_OF_PANELS
    cuts = cuts[:filled]
    sort(cuts)
    return cuts


@kernel
def graded_rule(
    centres: np.ndarray, scales: np.ndarray, count: int, panel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights, normal density included, of a rule split at centres and graded there.

    Parameters
    ----------
    centres, scales, count
        Where the integrand has a kink or bends, and over what length; the first ``count``.
    panel
        Longest panel.
    """
    cuts = graded_cuts(centres, scales, count, panel)
    size = rule_size(cuts.size, panel)
    nodes, weights = np.empty(size), np.empty(size)
    size = fill_rule(cuts, panel, nodes, weights)
    return nodes[:size], weights[:size]


@kernel
def power(x: float, n: int) -> float:
    """``x^n`` of a small n."""
    product = 1.0
    for _ in range(n):
        product *= x
    return product
