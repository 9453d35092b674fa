"""Template: moments over one and two examples of a batch, at one point of a table.

The outer loop runs over the batch's mean and spread (`batch_law.statistics_rule`); for each of
them one example's ``uhat`` is integrated by Gauss-Legendre in ``psi``, ``uhat = sqrt(M-1) sin
psi``, split where the student's or the teacher's activation has a kink. Moments of two examples
are sums of products of one example's coefficients.
"""

import math

import numpy as np

from ..codegen.jit import kernel
from ..teacher_student.normal_quadrature import FINE, fill_rule, rule_size, scaled_cuts

# the generated functions of one problem stand here
from ..teacher_student.stand_ins import KINKS, activation

# until here

#: The grid on which a teacher without closed form is tabulated: ``|u| <= RANGE``.
RANGE = 14.0


@kernel
def tabulate_teacher(rho, table):  # type: ignore[no-untyped-def]
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
def teacher(u, rho, across, slopes, table, values):  # type: ignore[no-untyped-def]
    """Fill 1, E[g|u], E[g^2|u], E[v|u], E[g v|u].

    Closed for an activation of slopes (left, right) on either side of 0, otherwise a cubic
    through four neighbours on the grid.
    """
    m = rho * u
    values[0], values[3] = 1.0, m
    if slopes.size == 2:
        left, jump = slopes[0], slopes[1] - slopes[0]
        x = m / across
        below = 0.5 * math.erfc(-x * 0.7071067811865476)
        density = across * math.exp(-0.5 * x * x) * 0.3989422804014327
        square = m * m + across * across
        half = square * below + m * density
        values[1] = left * m + jump * (m * below + density)
        values[2] = left * left * square + (slopes[1] ** 2 - left * left) * half
        values[4] = left * square + jump * half
        return
    last = table.shape[1] - 1
    x = (min(RANGE, max(-RANGE, u)) / RANGE + 1.0) * 0.5 * last
    i = min(last - 2, max(1, int(x)))
    x -= i
    w0, w1 = -x * (x - 1.0) * (x - 2.0) / 6.0, (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0
    w2, w3 = -(x + 1.0) * x * (x - 2.0) / 2.0, (x + 1.0) * x * (x - 1.0) / 6.0
    for row in range(3):
        t = table[row]
        value = w0 * t[i - 1] + w1 * t[i] + w2 * t[i + 1] + w3 * t[i + 2]
        values[(1, 2, 4)[row]] = value


@kernel
def fill_angles(cuts, low, high, longest, x, w, nodes, weights):  # type: ignore[no-untyped-def]
    """A composite rule of the points ``x, w`` on [low, high], split at cuts; returns its size."""
    cuts.sort()
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
def power(x, k):  # type: ignore[no-untyped-def]
    """x to a small whole power, also negative."""
    value = 1.0
    for _ in range(abs(k)):
        value *= x
    return value if k >= 0 else 1.0 / value


@kernel
def batch_moments(  # type: ignore[no-untyped-def]
    ubar, s, x0, x1, weight, M, q, shift, rho, slopes, table, x, w, longest,
    factors, singles, pairs, pair_weight, recurrence, out,
):  # fmt: skip
    """Fill ``out`` with the moments asked for.

    Parameters
    ----------
    ubar, s, x0, x1, weight
        The outer rule, shape (C,), with the field ``f = shift + q (x0 + x1 uhat)``.
    M, q, shift, rho
        Batch size, and the point of the table.
    slopes, table
        The teacher's activation: its slopes on both sides of 0, or its table.
    x, w, longest
        Gauss-Legendre points of a panel of psi, and its greatest length.
    factors
        Functions of one example, rows ``g, slope, uhat`` (exponents) and ``teacher`` (index
        into what `teacher` fills).
    singles, pairs
        Moments: rows ``factor, ubar, s`` and ``factor, factor, ubar, s``.
    pair_weight, recurrence
        `batch_law.pair_weights` and `batch_law.recurrence`.
    out
        Shape (singles + pairs,).
    """
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    size = math.sqrt(M - 1.0)
    edge = min(0.5 * math.pi, 7.5 / math.sqrt(max(1.0, M - 3.0)))
    norm = math.exp(math.lgamma(0.5 * (M - 1)) - math.lgamma(0.5 * (M - 2))) / math.sqrt(math.pi)
    cuts = np.empty(4 * KINKS.size)
    capacity = x.size * (math.ceil(2 * edge / longest) + cuts.size + 1)
    nodes, weights = np.empty(capacity), np.empty(capacity)
    values, conditional = np.empty(factors.shape[0]), np.empty(5)
    paired = pairs[:, :2].max() + 1 if pairs.shape[0] > 0 else 0  # their factors come first
    mean, coefficient = np.empty(factors.shape[0]), np.empty((pair_weight.size, paired))
    out[:] = 0.0
    for c in range(ubar.size):
        for k in range(KINKS.size):
            student = ((KINKS[k] - shift) / q - x0[c]) / x1[c] if abs(q) > 1e-12 else 2.0 * size
            on_teacher = KINKS[k] / rho if abs(rho) > 1e-12 else 1e12
            width = 5.0 * across / max(abs(rho), 1e-12)
            cuts[4 * k] = student
            for i in range(3):
                cuts[4 * k + 1 + i] = (on_teacher + (i - 1) * width - ubar[c]) / s[c]
        for i in range(cuts.size):
            cuts[i] = math.asin(min(1.0, max(-1.0, cuts[i] / size)))
        filled = fill_angles(cuts, -edge, edge, longest, x, w, nodes, weights)
        mean[:] = 0.0
        coefficient[:] = 0.0
        for j in range(filled):
            sine = math.sin(nodes[j])
            uhat = size * sine
            density = weights[j] * norm * power(math.cos(nodes[j]), M - 3)
            g, slope = activation(shift + q * (x0[c] + x1[c] * uhat))
            teacher(ubar[c] + s[c] * uhat, rho, across, slopes, table, conditional)
            for i in range(factors.shape[0]):
                value = density * power(g, factors[i, 0]) * power(slope, factors[i, 1])
                value *= power(uhat, factors[i, 2]) * conditional[factors[i, 3]]
                values[i] = value
                mean[i] += value
            before, now = 0.0, 1.0
            for n in range(pair_weight.size if paired > 0 else 0):
                for i in range(paired):
                    coefficient[n, i] += now * values[i]
                after = (sine * now - recurrence[n] * before) / recurrence[n + 1]
                before, now = now, after
        for i in range(singles.shape[0]):
            outer = weight[c] * power(ubar[c], singles[i, 1]) * power(s[c], singles[i, 2])
            out[i] += outer * mean[singles[i, 0]]
        for i in range(pairs.shape[0]):
            total = 0.0
            for n in range(pair_weight.size):
                product = coefficient[n, pairs[i, 0]] * coefficient[n, pairs[i, 1]]
                total += pair_weight[n] * product
            outer = weight[c] * power(ubar[c], pairs[i, 2]) * power(s[c], pairs[i, 3])
            out[singles.shape[0] + i] += outer * total
