"""Integrals over a standard normal, split where the integrand is not smooth.

Composite Gauss-Legendre on ``[-REACH, REACH]``: every smooth piece is cut into equal panels no
longer than asked, with `POINTS` nodes each. For an integrand with its nearest singularity at
distance ``d`` the error falls like ``rho^(-2 POINTS)``, ``rho = x + sqrt(1 + x^2)``,
``x = 2 d / panel``; outside the reach the normal weight is below 1.3e-15.
"""

import math

import numpy as np

from ..codegen.jit import kernel

REACH = 8.0
POINTS = 20
NODES, WEIGHTS = np.polynomial.legendre.leggauss(POINTS)
#: Panel lengths for right-hand sides (1e-8 and better) and for error curves of simulated runs.
FINE, COARSE = 2.0, 4.0


@kernel
def rule_size(cuts, panel):  # type: ignore[no-untyped-def]
    """How many nodes a rule with so many cuts can have at most."""
    return POINTS * (math.ceil(2.0 * REACH / panel) + cuts)


@kernel
def fill_rule(cuts, panel, nodes, weights):  # type: ignore[no-untyped-def]
    """Fill nodes and weights (density included) of a rule split at sorted cuts.

    Parameters
    ----------
    cuts
        Sorted; those beyond the reach are ignored.
    panel
        Longest panel.
    nodes, weights
        Outputs of at least `rule_size` entries.

    Returns
    -------
    int
        The number of nodes filled.
    """
    filled = 0
    left = -REACH
    for piece in range(cuts.size + 1):
        right = REACH
        if piece < cuts.size:
            right = min(REACH, max(-REACH, cuts[piece]))
        if right > left:
            panels = math.ceil((right - left) / panel)
            half = 0.5 * (right - left) / panels
            for p in range(panels):
                middle = left + (2 * p + 1) * half
                for i in range(POINTS):
                    u = middle + half * NODES[i]
                    nodes[filled] = u
                    weights[filled] = (
                        half * WEIGHTS[i] * math.exp(-0.5 * u * u) * 0.3989422804014327
                    )
                    filled += 1
            left = right
    return filled


@kernel
def scaled_cuts(kinks, shift, scale, cuts):  # type: ignore[no-untyped-def]
    """Where ``shift + scale u`` meets the kinks, sorted; none if it does not move."""
    for i in range(kinks.size):
        cuts[i] = (kinks[i] - shift) / scale if abs(scale) > 1e-12 else REACH
    cuts.sort()


def _smooth_rule() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.empty((2, rule_size.py_func(0, FINE)))
    fill_rule.py_func(np.zeros(0), FINE, nodes, weights)
    return nodes, weights


#: The fine rule without cuts: constants to the kernels of smooth activations.
SMOOTH_NODES, SMOOTH_WEIGHTS = _smooth_rule()
