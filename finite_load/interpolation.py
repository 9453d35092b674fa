"""The load up to which a ReLU student can meet every label (theory page 7, corrected).

Labels ``y > 0`` ask for ``h = y``, the others for ``h <= 0``. As ``lambda -> 0+`` the student is
the shortest one that grants all of this, and exists while ``D < 1``: the end is where the equations

    D = 1,    E[Delta u] = 0,    q = m^2 + alpha E[Delta^2]    at V = infinity

hold together. There ``q`` is finite, so ``m / sqrt(q)`` is not 0 and ``alpha_c`` lies above the
``2 / (1 + P(y > 0))`` that ``q = infinity`` would give.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.optimize import brentq

from ..results.checks import number
from .relu_kernel import replica_averages, unit_nodes

NODES = 80
RECOVERY = 2.0  # without noise, alpha / 2 labels y > 0 an unknown fix v from here on
#: The end is looked for at tilts ``m / sqrt(q - m^2)`` this far above the least possible one.
NEAR, FAR = 1e-5, 10.0


@cache
def interpolation_load(noise: float = 0.0, zeta: float = 0.0) -> float:
    """Return the load below which every label is met as ``lambda -> 0+``.

    Parameters
    ----------
    noise : float, default 0
        Label-noise variance ``S >= 0``.
    zeta : float, default 0
        PN's decay. With it every example asks for one value of its field: the load is 1.

    Returns
    -------
    float
        Without noise 2: the teacher meets every label, and from there on nothing else does.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> round(interpolation_load(0.25), 4), interpolation_load(0.25, zeta=0.1)
    (1.2054, 1.0)
    """
    noise, zeta = number("noise", noise, least=0.0), number("zeta", zeta, least=0.0)
    if zeta > 0.0:
        return 1.0
    if noise == 0.0:
        return RECOVERY
    least = brentq(lambda tilt: _pull(tilt, noise)[1], 1e-8, 5.0, xtol=1e-14)

    def excess(tilt: float) -> float:
        constant, slope = _pull(tilt, noise)
        width = constant / slope
        averages = _averages(tilt, width, noise)
        return 1.0 - float(averages[3] / averages[0]) / width**2

    near, far = least * (1.0 + NEAR), least * (1.0 + FAR)
    # at very large noise the student is infinitely long for all that can be resolved
    tilt = brentq(excess, near, far, xtol=1e-14) if excess(near) * excess(far) < 0 else least
    constant, slope = _pull(tilt, noise)
    return float(1.0 / _averages(tilt, constant / max(slope, 1e-12), noise)[0])


def _averages(tilt: float, width: float, noise: float) -> np.ndarray:
    """Averages of the kernel for ``m = tilt * width`` and ``q - m^2 = width^2``."""
    q = width * width * (1.0 + tilt * tilt)
    return replica_averages(tilt * width, q, np.inf, noise, 0.0, *unit_nodes(NODES))


def _pull(tilt: float, noise: float) -> tuple[float, float]:
    """Constant and slope of ``E[Delta u] = constant - slope * width``: linear in the width."""
    at_one, at_two = (float(_averages(tilt, width, noise)[2]) for width in (1.0, 2.0))
    return 2.0 * at_one - at_two, at_one - at_two
