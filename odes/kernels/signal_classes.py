"""Template: moments of the signal where labels are classes, -1 or 1.

Given the student's u the teacher's field is ``N(rho u, T^2)``, ``T^2 = 1 - rho^2``: what is left
is one integral over u, of the signal times the probability of the label, or times the mean of v
or v^2 within it. Of signs these are Gaussian tails; of Bernoulli labels a second integral.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import COARSE, REACH

from .signal_rule import MOST_ROOTS, NUMBER, STRAIGHT, add_roots, graded_rule
from .supervision import (
    BORDERS,
    KINKS,
    MIRRORED,
    POLYNOMIAL,
    SHARPNESS,
    activation,
    loss,
    signal,
)

#: Intervals in which roots are looked for.
INTERVALS = 64
#: Labels that are less probable add nothing.
NEVER = 1e-30
#: As many spreads from the border on a sign is known: its opposite is less probable than that.
CERTAIN = 11.5
#: Of the trapezoid: its step, the width in units of what bends, the least, and how far two of them
#: may be apart.
STEP, WIDTH, NARROWEST, AGREED = 0.25, 3.0, 1e-9, 1e-6
SMOOTH = BORDERS == 0 and KINKS.size == 0


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
def add_field(
    u: float,
    weight: float,
    field: tuple[float, float, float, float],
    panel: float,
    powers: np.ndarray,
    room: tuple[np.ndarray, np.ndarray],
    out: np.ndarray,
) -> None:
    """Add a node in u to the moments; ``field`` holds q, shift, rho and the pull."""
    q, shift, rho, pull = field
    rows, means = room
    deltas, fields = rows[0], rows[1]
    o, slope = activation(shift + q * u)
    class_means(rho * u, math.sqrt(max(0.0, 1.0 - rho * rho)), panel, means)
    deltas[0] = fields[0] = 1.0
    for n in range(fields.size - 1):
        fields[n + 1] = fields[n] * u
    for k in range(2):
        if means[k, 0] < NEVER:
            continue
        y = 2.0 * k - 1.0
        delta = signal(y, o, slope, pull)
        for n in range(deltas.size - 1):
            deltas[n + 1] = deltas[n] * delta
        for m in range(out.size):
            factor = deltas[powers[m, 0]] if powers[m, 0] >= 0 else loss(y, o)
            factor *= fields[powers[m, 1]]
            out[m] += weight * means[k, powers[m, 2]] * factor


@kernel
def add_row(
    first: float,
    width: float,
    field: tuple[float, float, float, float],
    panel: float,
    powers: np.ndarray,
    room: tuple[np.ndarray, np.ndarray],
    row: np.ndarray,
) -> None:
    """The trapezoid in x, ``u = width sinh x``, at ``first``, ``first + STEP`` and so on.

    Both signs of x; where moments are even, one of them twice.
    """
    mirrored = MIRRORED and field[1] == 0.0
    row[:] = 0.0
    grown, ratio = math.exp(first), math.exp(STEP)
    while True:
        u = 0.5 * width * (grown - 1.0 / grown)
        if u > REACH:
            return
        weight = STEP * 0.5 * width * (grown + 1.0 / grown)
        weight *= math.exp(-0.5 * u * u) * 0.3989422804014327
        if mirrored and u > 0.0:
            weight *= 2.0
        add_field(u, weight, field, panel, powers, room, row)
        if u > 0.0 and not mirrored:
            add_field(-u, weight, field, panel, powers, room, row)
        grown *= ratio


@kernel
def even_moments(
    field: tuple[float, float, float, float],
    panel: float,
    powers: np.ndarray,
    room: tuple[np.ndarray, np.ndarray],
    out: np.ndarray,
) -> bool:
    """Moments of a smooth signal by the trapezoid of even steps; False where it is too coarse.

    Its error falls like ``exp(-2 pi d / step)``, d the distance of the next singularity: twice as
    fine it is squared. A step that agrees with the points between to `AGREED` is halved once.
    """
    q, _, rho, _ = field
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    label = across if SHARPNESS == 0.0 else math.hypot(across, 1.0 / SHARPNESS)
    label = label / math.hypot(label, rho) if label > 0.0 else 0.0
    width = WIDTH * min(label, 1.0 / max(q, 1.0))
    if width < NARROWEST:
        return False
    between = room[0][2, : out.size]
    mirrored = MIRRORED and field[1] == 0.0
    add_row(0.0, width, field, panel, powers, room, out)
    add_row(0.5 * STEP, width, field, panel, powers, room, between)
    for m in range(out.size):
        odd = (abs(powers[m, 0]) + powers[m, 1] + powers[m, 2]) % 2 == 1
        if mirrored and powers[m, 0] >= 0 and odd:
            out[m] = between[m] = 0.0
        if not abs(out[m] - between[m]) <= AGREED:
            return False
        out[m] = 0.5 * (out[m] + between[m])
    return True


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
        Longest panel of the rule; below `COARSE` the trapezoid is not tried, which makes the two
        each other's check.
    powers
        Rows ``a, b, c``, shape (moments, 3), with c at most 2. An a of -1 stands for the loss
        in place of a power of delta.
    out
        Output, shape (moments,).
    """
    most = out.size
    for m in range(out.size):
        most = max(most, powers[m, 0], powers[m, 1])
    room = np.empty((3, most + 1)), np.empty((2, 3))
    field = (q, shift, rho, pull)
    if SMOOTH and panel >= COARSE and even_moments(field, panel, powers, room, out):
        return
    out[:] = 0.0
    u, weight = class_rule(q, shift, rho, pull, panel)
    for i in range(u.size):
        add_field(u[i], weight[i], field, panel, powers, room, out)
