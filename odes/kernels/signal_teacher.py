"""Template: moments of the signal of any loss, of labels that are the teacher's noisy output.

Integrals over the student's u, the teacher's v given u, and the noise, each split where the signal
has a kink or a jump along it. With noise it is three-fold, unless its means are those of the
residual (`signal_noise`).
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel
from bntheory.teacher_student.normal_quadrature import REACH

from .signal_noise import MOST, add_noisy, means_at, tabulate_noise
from .signal_rule import MOST_ROOTS, STRAIGHT, TEACHER, add_roots, graded_rule, power
from .supervision import BORDERS, KINKS, OF_DIFFERENCE, POLYNOMIAL, activation, loss, signal

#: Intervals in which roots are looked for, along u and v.
INTERVALS = 64
#: Fields at which the range of outputs is taken.
SAMPLES = 401


@kernel
def output_range(shift: float, scale: float) -> tuple[float, float]:
    """The least and the largest output of fields within reach."""
    least, most = math.inf, -math.inf
    for i in range(SAMPLES):
        g = activation(shift + scale * REACH * (2.0 * i / (SAMPLES - 1) - 1.0))[0]
        least, most = min(least, g), max(most, g)
    return least, most


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
    """``E[delta^a u^b v^c]`` with a at most 4; arguments as in `signal_classes`.

    Parameters
    ----------
    noise
        S.
    """
    across, std = math.sqrt(max(0.0, 1.0 - rho * rho)), math.sqrt(noise)
    room = KINKS.size + 1 + BORDERS * MOST_ROOTS
    centres, scales = np.empty(room), np.empty(room)
    inner, inner_scales = np.empty(room), np.empty(room)
    places, place_scales = np.empty(room), np.empty(room)
    sums = np.empty(MOST + 2)
    count = KINKS.size + 1
    for k in range(count):
        centres[k] = ((KINKS[k] if k < KINKS.size else 0.0) - shift) / max(q, 1e-12)
    scales[:count] = STRAIGHT if POLYNOMIAL else 1.0 / max(q, 1e-12)
    if BORDERS > 0:
        first = count
        line = (0.0, rho, shift, q)
        count = add_roots(TEACHER, line, pull, REACH, INTERVALS, centres, count)
        scales[first:count] = math.hypot(across, std) / max(abs(rho) + q, 1e-12)
    u, weight = graded_rule(centres, scales, count, panel)
    tabulated = OF_DIFFERENCE and std > 0.0
    edges, table = np.empty(0), np.empty((0, 0, 0))
    if tabulated:
        lowest, highest = output_range(0.0, abs(rho) + across)
        least, most = output_range(shift, q)
        tabulated = math.isfinite(highest - least) and math.isfinite(most - lowest)
        if tabulated:
            edges, table = tabulate_noise(std, panel, lowest - most, highest - least)
    out[:] = 0.0
    for i in range(u.size):
        f = shift + q * u[i]
        o, slope = activation(f)
        for k in range(KINKS.size):
            inner[k] = (KINKS[k] - rho * u[i]) / max(across, 1e-12)
            inner_scales[k] = 1.0
        found = KINKS.size
        if BORDERS > 0:
            line = (rho * u[i], across, f, 0.0)
            found = add_roots(TEACHER, line, pull, REACH, INTERVALS, inner, found)
            # Noise rounds the kink off, over its own width.
            inner_scales[KINKS.size : found] = std / max(across, 1e-12) if std > 0.0 else 1.0
        z, weight_z = graded_rule(inner, inner_scales, found, panel)
        for j in range(z.size):
            v = rho * u[i] + across * z[j]
            y = activation(v)[0]
            if tabulated and edges[0] <= y - o <= edges[-1]:
                means_at(y - o, slope, edges, table, sums)
            elif std > 0.0:
                add_noisy(y, f, std, pull, panel, places, place_scales, sums)
            else:
                delta = signal(y, o, slope, pull)
                sums[0] = 1.0
                for a in range(MOST):
                    sums[a + 1] = sums[a] * delta
                sums[MOST + 1] = loss(y, o)
            for m in range(out.size):
                factor = power(u[i], powers[m, 1]) * power(v, powers[m, 2])
                mean = sums[powers[m, 0] if powers[m, 0] >= 0 else MOST + 1]
                out[m] += weight[i] * weight_z[j] * mean * factor
