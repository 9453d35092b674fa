"""Template: a teacher's averages given the student's field, as the quadrature of batches asks."""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.odes.tables.batch_arrays import Teacher
from bntheory.teacher_student.normal_quadrature import FINE, fill_rule, rule_size, scaled_cuts

from .system import KINKS, activation

#: The grid on which a teacher without closed form is tabulated: ``|u| <= RANGE``.
RANGE = 14.0


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
