"""Template: moments over one and two examples of a batch, at one point of a table.

The outer loop runs over the batch's mean and spread (`batch_law.statistics_rule`); for each of
them one example's ``uhat`` is integrated by Gauss-Legendre in ``psi``, ``uhat = sqrt(M-1) sin
psi``, split where the student's or the teacher's activation has a kink. Moments of two examples
are sums of products of one example's coefficients.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.codegen.special import half_step
from bntheory.odes.tables.batch_arrays import Direction, Plan, Statistics, Teacher
from bntheory.teacher_student.normal_quadrature import FINE, fill_rule, rule_size, scaled_cuts, sort

from .system import KINKS, activation

#: The grid on which a teacher without closed form is tabulated: ``|u| <= RANGE``.
RANGE = 14.0
#: Small spreads make the fields of `var-only-bn` huge, and exp(h) overflows; an activation with
#: exponentials in it is constant or straight to all digits long before.
FAR = 200.0
#: Where panels are graded, the shortest in units of the student's field.
PIECE = 3.0


@kernel
def tabulate_teacher(rho: float, table: np.ndarray) -> None:
    """``E[g(v)^k v^e | u]`` on a grid of u, for (k, e) = (1, 0), (2, 0), (1, 1)."""
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    size = rule_size(KINKS.size, FINE)
    cuts, z, weight = np.empty(KINKS.size), np.empty(size), np.empty(size)
    last = table.shape[1] - 1
    for i in range(last + 1):
        u = RANGE * (2.0 * i / last - 1.0)
        scaled_cuts(KINKS, rho * u, across, cuts)
        filled = fill_rule(cuts, FINE, z, weight)
        table[:, i] = 0.0
        for j in range(filled):
            v = rho * u + across * z[j]
            g = activation(v)[0]
            table[0, i] += weight[j] * g
            table[1, i] += weight[j] * g * g
            table[2, i] += weight[j] * g * v


@kernel
def fill_teacher(u: np.ndarray, teacher: Teacher, values: np.ndarray) -> None:
    """Fill 1, E[g|u], E[g^2|u], E[v|u], E[g v|u], rows of ``values``, at every u."""
    rho = teacher.rho
    for j in range(u.size):
        values[0, j], values[3, j] = 1.0, rho * u[j]
    if teacher.slopes.size == 2:
        fill_homogeneous_teacher(u, teacher, values)
    else:
        fill_tabulated_teacher(u, teacher.table, values)


@kernel
def fill_homogeneous_teacher(u: np.ndarray, teacher: Teacher, values: np.ndarray) -> None:
    """The closed form for an activation of slopes (left, right) on either side of 0."""
    rho, left, right = teacher.rho, teacher.slopes[0], teacher.slopes[1]
    variance = max(0.0, 1.0 - rho * rho)
    across, jump, jump_square = math.sqrt(variance), right - left, right * right - left * left
    for j in range(u.size):
        m = rho * u[j]
        x = m / across
        below = 0.5 * math.erfc(-x * 0.7071067811865476)
        density = across * math.exp(-0.5 * x * x) * 0.3989422804014327
        square = m * m + variance
        half = square * below + m * density
        values[1, j] = left * m + jump * (m * below + density)
        values[2, j] = left * left * square + jump_square * half
        values[4, j] = left * square + jump * half


@kernel
def fill_tabulated_teacher(u: np.ndarray, table: np.ndarray, values: np.ndarray) -> None:
    """Cubics through four neighbours on the grid of `tabulate_teacher`."""
    last = table.shape[1] - 1
    for j in range(u.size):
        x = (min(RANGE, max(-RANGE, u[j])) / RANGE + 1.0) * 0.5 * last
        i = min(last - 2, max(1, int(x)))
        x -= i
        w0, w1 = -x * (x - 1.0) * (x - 2.0) / 6.0, (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0
        w2, w3 = -(x + 1.0) * x * (x - 2.0) / 2.0, (x + 1.0) * x * (x - 1.0) / 6.0
        for row, to in ((0, 1), (1, 2), (2, 4)):
            t = table[row]
            values[to, j] = w0 * t[i - 1] + w1 * t[i] + w2 * t[i + 1] + w3 * t[i + 2]


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
def power(x: float, k: int) -> float:
    """x to a small whole power, also negative."""
    value = 1.0
    for _ in range(abs(k)):
        value *= x
    return value if k >= 0 else 1.0 / value


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
def fill_polynomials(sine: np.ndarray, recurrence: np.ndarray, values: np.ndarray) -> None:
    """The orthonormal polynomials of `batch_law.recurrence`, rows of ``values``, at ``sine``."""
    values[0] = 1.0
    for n in range(values.shape[0] - 1):
        by = 1.0 / recurrence[n + 1]
        ratio = recurrence[n] * by
        before = values[max(0, n - 1)]
        for j in range(sine.size):
            values[n + 1, j] = by * sine[j] * values[n, j] - ratio * before[j]


@kernel
def fill_factors(
    factors: np.ndarray,
    density: np.ndarray,
    g: np.ndarray,
    slope: np.ndarray,
    uhat: np.ndarray,
    teacher: np.ndarray,
    values: np.ndarray,
) -> None:
    """Every function of one example times the density, rows of ``values``."""
    for i in range(factors.shape[0]):
        row, other = values[i], teacher[factors[i, 3]]
        for j in range(row.size):
            row[j] = density[j] * other[j]
        for exponent, x in ((factors[i, 0], g), (factors[i, 1], slope), (factors[i, 2], uhat)):
            for _ in range(exponent):
                for j in range(row.size):
                    row[j] *= x[j]


@kernel
def fill_student(
    shift: float, scale: float, uhat: np.ndarray, g: np.ndarray, slope: np.ndarray
) -> None:
    """The activation and its slope at ``shift + scale uhat``; straight beyond `FAR`."""
    for j in range(uhat.size):
        f = shift + scale * uhat[j]
        within = min(FAR, max(-FAR, f))
        g[j], slope[j] = activation(within)
        g[j] += slope[j] * (f - within)


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


@kernel
def batch_moments(
    statistics: Statistics,
    direction: Direction,
    teacher: Teacher,
    plan: Plan,
    M: int,
    q: float,
    shift: float,
    out: np.ndarray,
) -> None:
    """Fill ``out`` with the moments asked for.

    Parameters
    ----------
    statistics, direction, teacher, plan
        See `batch_arrays`.
    M, q, shift
        Batch size, and the field's scale and shift.
    out
        Shape (singles + pairs,).
    """
    ubar, s, x0, x1 = statistics.ubar, statistics.s, statistics.x0, statistics.x1
    size, rule = math.sqrt(M - 1.0), np.empty((2, most_nodes(direction, statistics, M, q)))
    paired = 0
    for pair in range(plan.pairs.shape[0]):
        paired = max(paired, plan.pairs[pair, 0] + 1, plan.pairs[pair, 1] + 1)
    degree = direction.pair_weight.size if paired > 0 else 0
    coefficient = np.empty((degree, paired))
    out[:] = 0.0
    for c in range(ubar.size):
        other = c == 0 or x0[c] != x0[c - 1] or x1[c] != x1[c - 1]
        # Without kinks the nodes are the same for all batches of the same field.
        fresh = c == 0 or KINKS.size > 0 or (direction.graded and other)
        if fresh:
            filled = fill_panels(statistics, c, direction, teacher, M, q, shift, rule)
            uhat, density, ones = size * rule[0, :filled], rule[1, :filled], np.ones(filled)
            polynomials = np.empty((degree, filled))
            if degree > 0:
                fill_polynomials(rule[0, :filled], direction.recurrence, polynomials)
            g, slope, average = np.empty(filled), np.empty(filled), np.empty((5, filled))
            values = np.empty((plan.factors.shape[0], filled))
        if fresh or other:
            fill_student(shift + q * x0[c], q * x1[c], uhat, g, slope)
        fill_teacher(ubar[c] + s[c] * uhat, teacher, average)
        fill_factors(plan.factors, density, g, slope, uhat, average, values)
        if degree > 0:
            coefficient = np.dot(polynomials, values[:paired].T)
        add_up(statistics, c, plan, np.dot(values, ones), coefficient, direction.pair_weight, out)


@kernel
def add_up(
    statistics: Statistics,
    c: int,
    plan: Plan,
    mean: np.ndarray,
    coefficient: np.ndarray,
    pair_weight: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add the contribution of one node of the batch's statistics."""
    singles, pairs = plan.singles, plan.pairs
    ubar, s, weight = statistics.ubar[c], statistics.s[c], statistics.weight[c]
    for i in range(singles.shape[0]):
        outer = weight * power(ubar, singles[i, 1]) * power(s, singles[i, 2])
        out[i] += outer * mean[singles[i, 0]]
    for i in range(pairs.shape[0]):
        total = 0.0
        for n in range(coefficient.shape[0]):
            total += pair_weight[n] * coefficient[n, pairs[i, 0]] * coefficient[n, pairs[i, 1]]
        outer = weight * power(ubar, pairs[i, 2]) * power(s, pairs[i, 3])
        out[singles.shape[0] + i] += outer * total
