"""Template: moments over one and two examples of a batch, at one point of a table.

The outer loop runs over the batch's mean and spread (`batch_law.statistics_rule`); for each of
them one example's ``uhat`` is integrated by Gauss-Legendre in ``psi``, ``uhat = sqrt(M-1) sin
psi``, split where the student's or the teacher's activation has a kink. Moments of two examples
are sums of products of one example's coefficients.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.odes.tables.batch_arrays import Direction, Plan, Statistics, Teacher

from .batch_panels import fill_panels, most_nodes
from .batch_teacher import fill_teacher
from .system import KINKS, activation

#: Small spreads make the fields of `var-only-bn` huge, and exp(h) overflows; an activation with
#: exponentials in it is constant or straight to all digits long before.
FAR = 200.0


@kernel
def power(x: float, k: int) -> float:
    """x to a small whole power, also negative."""
    value = 1.0
    for _ in range(abs(k)):
        value *= x
    return value if k >= 0 else 1.0 / value


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
