"""Template: nodes and weights over one example's direction in its batch, in panels of angles.

Panels are split where the student's or the teacher's activation has a kink, and graded where the
student's field is steep.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.codegen.special import half_step
from bntheory.odes.tables.batch_arrays import Direction, Statistics, Teacher
from bntheory.teacher_student.normal_quadrature import sort

from .system import KINKS

#: Where panels are graded, the shortest in units of the student's field.
PIECE = 3.0


@kernel
def fill_angles(
    cuts: np.ndarray,
    low: float,
    high: float,
    longest: float,
    x: np.ndarray,
    w: np.ndarray,
    nodes: np.ndarray,
    weights: np.ndarray,
) -> int:
    """A composite rule of the points ``x, w`` on [low, high], split at cuts; returns its size."""
    sort(cuts)
    filled, left = 0, low
    for piece in range(cuts.size + 1):
        right = high if piece == cuts.size else min(high, max(low, cuts[piece]))
        if right > left:
            pieces = math.ceil((right - left) / longest)
            half = 0.5 * (right - left) / pieces
            for p in range(pieces):
                middle = left + (2 * p + 1) * half
                for i in range(x.size):
                    nodes[filled], weights[filled] = middle + half * x[i], half * w[i]
                    filled += 1
            left = right
    return filled


@kernel
def fill_cuts(
    M: int,
    q: float,
    shift: float,
    field: tuple[float, float],
    statistics: Statistics,
    rho: float,
    cuts: np.ndarray,
) -> None:
    """Angles psi where the student has a kink, or the teacher's average bends sharply.

    ``field`` holds x0 and x1, ``statistics`` ubar and s.
    """
    size, across = math.sqrt(M - 1.0), math.sqrt(max(0.0, 1.0 - rho * rho))
    width = 5.0 * across / max(abs(rho), 1e-12)
    for k in range(KINKS.size):
        student = 2.0 * size
        if abs(q) > 1e-12:
            student = ((KINKS[k] - shift) / q - field[0]) / field[1]
        on_teacher = KINKS[k] / rho if abs(rho) > 1e-12 else 1e12
        cuts[4 * k] = student
        for i in range(3):
            cuts[4 * k + 1 + i] = (on_teacher + (i - 1) * width - statistics[0]) / statistics[1]
    for i in range(cuts.size):
        cuts[i] = math.asin(min(1.0, max(-1.0, cuts[i] / size)))


@kernel
def grades(M: int, steepest: float) -> int:
    """How many doublings of `PIECE` reach over the fields of a scale."""
    count = 0
    while PIECE * 2.0**count < 2.0 * math.sqrt(M - 1.0) * abs(steepest):
        count += 1
    return count


@kernel
def fill_grades(
    M: int, q: float, shift: float, field: tuple[float, float], cuts: np.ndarray
) -> None:
    """Angles psi around the student's kinks and field 0, each twice as far out as that before."""
    size, steepness = math.sqrt(M - 1.0), max(abs(q * field[1]), 1e-300)
    count, filled = grades(M, steepness), 0
    for k in range(KINKS.size + 1):
        kink = KINKS[k] if k < KINKS.size else 0.0
        centre = ((kink - shift) / q - field[0]) / field[1]
        for grade in range(-1, count):
            away = PIECE * 2.0**grade / steepness if grade >= 0 else 0.0
            for side in range(1 if grade < 0 else 2):
                if filled < cuts.size:
                    x = (centre + (away if side else -away)) / size
                    cuts[filled] = math.asin(min(1.0, max(-1.0, x)))
                    filled += 1
    cuts[filled:] = 0.5 * math.pi


@kernel
def fill_panels(
    statistics: Statistics,
    c: int,
    direction: Direction,
    teacher: Teacher,
    M: int,
    q: float,
    shift: float,
    rule: np.ndarray,
) -> int:
    """Nodes ``sin(psi)`` and weights, density included, into the rows of ``rule``; their number."""
    edge = min(0.5 * math.pi, 7.5 / math.sqrt(max(1.0, M - 3.0)))
    norm = half_step(0.5 * (M - 2)) / math.sqrt(math.pi)
    cuts = np.empty(most_cuts(direction, statistics, M, q))
    field, batch = (statistics.x0[c], statistics.x1[c]), (statistics.ubar[c], statistics.s[c])
    fill_cuts(M, q, shift, field, batch, teacher.rho, cuts[: 4 * KINKS.size])
    if direction.graded:
        fill_grades(M, q, shift, field, cuts[4 * KINKS.size :])
    x, w, longest = direction.x, direction.w, direction.longest
    filled = fill_angles(cuts, -edge, edge, longest, x, w, rule[0], rule[1])
    for j in range(filled):
        rule[1, j] *= norm * math.exp((M - 3) * math.log(math.cos(rule[0, j])))
        rule[0, j] = math.sin(rule[0, j])
    return filled


@kernel
def most_cuts(
    direction: Direction,
    statistics: Statistics,
    M: int,
    q: float,
) -> int:
    """How many cuts a panel's angles can have at most."""
    graded = 0
    if direction.graded:
        steepest = 0.0
        for x1 in statistics.x1:
            steepest = max(steepest, abs(q * x1))
        graded = (KINKS.size + 1) * (2 * grades(M, steepest) + 1)
    return 4 * KINKS.size + graded


@kernel
def most_nodes(
    direction: Direction,
    statistics: Statistics,
    M: int,
    q: float,
) -> int:
    """How many nodes `fill_panels` can fill at most."""
    edge = min(0.5 * math.pi, 7.5 / math.sqrt(max(1.0, M - 3.0)))
    cuts = most_cuts(direction, statistics, M, q)
    return direction.x.size * (math.ceil(2 * edge / direction.longest) + cuts + 1)
