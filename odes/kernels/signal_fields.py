"""Template: moments of one example of a batch whose labels are classes and whose field is its own.

The student's field is a function of ``u = ubar + s uhat`` and of the spread s alone, as that of
`var-only-bn`: the rule over u is split and graded where signal and label bend, and what is left of
a batch is the mean of powers of uhat and ubar given u and s, in which nothing bends.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.codegen.special import half_step
from bntheory.teacher_student.normal_quadrature import COARSE

from .signal_batches import ALIGNED, laurent, power
from .signal_classes import NEVER, class_rule
from .signal_directions import GRID, label_means, tabulate_labels
from .supervision import SHARPNESS, activation, signal

#: Standard deviations beyond which directions given u are left out; halvings to find their peak.
WINDOW, HALVINGS = 7.5, 40


@kernel
def peak(u: float, s: float, m: int) -> float:
    """The most probable uhat given u and s: a root of the slope of the logarithm, which falls."""
    size = math.sqrt(m - 1.0)
    left, right = -size, size
    for _ in range(HALVINGS):
        middle = 0.5 * (left + right)
        slope = m * s * (u - s * middle)
        slope -= (m - 4) * middle / max(m - 1.0 - middle * middle, 1e-12)
        if slope > 0.0:
            left = middle
        else:
            right = middle
    return 0.5 * (left + right)


@kernel
def fill_given(
    u: float, s: float, m: int, points: tuple[np.ndarray, np.ndarray], given: np.ndarray
) -> None:
    """``E[uhat^b ubar^c; u | s] / phi(u)``, shape (b, c): ubar is ``u - s uhat``.

    The logarithm of the density in uhat is concave, everywhere more so than that of a Gaussian of
    precision ``m s^2 + (m - 4)/(m - 1)``.
    """
    size = math.sqrt(m - 1.0)
    away = WINDOW / math.sqrt(m * s * s + (m - 4.0) / (m - 1.0))
    centre = peak(u, s, m)
    first = math.asin(max(-1.0, (centre - away) / size))
    last = math.asin(min(1.0, (centre + away) / size))
    half, middle = 0.5 * (last - first), 0.5 * (last + first)
    front = half * half_step(0.5 * (m - 2)) / math.sqrt(math.pi) * math.sqrt(m)
    given[:] = 0.0
    x, w = points
    for j in range(x.size):
        psi = middle + half * x[j]
        uhat = size * math.sin(psi)
        ubar = u - s * uhat
        exponent = 0.5 * (u * u - m * ubar * ubar) + (m - 3) * math.log(math.cos(psi))
        share = front * w[j] * math.exp(exponent)
        for b in range(given.shape[0]):
            product = share
            for c in range(given.shape[1]):
                given[b, c] += product
                product *= ubar
            share *= uhat


@kernel
def field_signals(
    spreads: tuple[np.ndarray, np.ndarray],
    points: tuple[np.ndarray, np.ndarray],
    x0: np.ndarray,
    point: tuple[float, float, float, float],
    m: int,
    singles: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill the moments of one example, shape (singles,).

    Parameters
    ----------
    spreads
        Nodes of the spread and their weights.
    points
        Gauss-Legendre points of a direction given u.
    x0, point, m, singles
        As in `signal_batches.add_singles`; ``x0`` is ubar times a function of s.
    """
    q, shift, rho, _ = point
    across = max(math.sqrt(max(0.0, 1.0 - rho * rho)), ALIGNED)
    table = np.empty((2, 2, GRID if SHARPNESS > 0.0 else 1))
    if SHARPNESS > 0.0:
        tabulate_labels(across, table)
    most_b = most_c = 0
    for i in range(singles.shape[0]):
        most_b, most_c = max(most_b, singles[i, 1]), max(most_c, singles[i, 2])
    given, means = np.empty((most_b + 1, most_c + 1)), np.empty((2, 3))
    out[:] = 0.0
    for n in range(spreads[0].size):
        s = spreads[0][n]
        steep = q * laurent(x0, 1.0, s)
        us, weights = class_rule(steep, shift, rho, 1.0, COARSE)
        for j in range(us.size):
            u, weight = us[j], spreads[1][n] * weights[j]
            if weight < NEVER:
                continue
            fill_given(u, s, m, points, given)
            o, slope = activation(shift + steep * u)
            label_means(rho * u, across, table, means)
            for k in range(2):
                chance = means[k, 0]
                z = (means[k, 1] - rho * u * chance) / (across * across)
                delta = signal(2.0 * k - 1.0, o, slope, 1.0)
                for i in range(singles.shape[0]):
                    factor = z if singles[i, 4] == 1 else chance
                    factor *= power(delta, singles[i, 0]) * given[singles[i, 1], singles[i, 2]]
                    out[i] += weight * factor * power(s, singles[i, 3])
