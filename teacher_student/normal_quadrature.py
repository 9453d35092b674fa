"""Integrals over a standard normal, split where the integrand is not smooth.

Composite Gauss-Legendre on ``[-REACH, REACH]``: every smooth piece is cut into equal panels no
longer than asked, with `POINTS` nodes each. For an integrand with its nearest singularity at
distance ``d`` the error falls like ``rho^(-2 POINTS)``, ``rho = x + sqrt(1 + x^2)``,
``x = 2 d / panel``; outside the reach the normal weight is below 1.3e-15.

A student's field ``shift + scale u`` of a large scale crosses the bend of an activation within a
short piece of ``u``: there the panels are graded, each twice as long as that before it.
"""

import math

import numpy as np

from ..codegen.jit import kernel

REACH = 8.0
POINTS = 20
NODES, WEIGHTS = np.polynomial.legendre.leggauss(POINTS)
#: Panel lengths for right-hand sides (1e-8 and better) and for error curves of simulated runs.
FINE, COARSE = 2.0, 4.0
#: Panels up to this long, in units of the field, resolve what bends within a field of order 1:
#: 3e-13 for tanh, whose poles lie pi/2 off the axis.
BEND = 4.0


@kernel
def rule_size(cuts: int, panel: float, reach: float = REACH) -> int:
    """How many nodes a rule with so many cuts can have at most."""
    return POINTS * (math.ceil(2.0 * reach / panel) + cuts)


@kernel
def fill_rule(
    cuts: np.ndarray, panel: float, nodes: np.ndarray, weights: np.ndarray, reach: float = REACH
) -> int:
    """Fill nodes and weights (density included) of a rule split at sorted cuts.

    Parameters
    ----------
    cuts
        Sorted; those beyond the reach are ignored.
    panel
        Longest panel.
    nodes, weights
        Outputs of at least `rule_size` entries.
    reach
        Where the rule ends, in standard deviations.

    Returns
    -------
    int
        The number of nodes filled.
    """
    filled = 0
    left = -reach
    for piece in range(cuts.size + 1):
        right = reach
        if piece < cuts.size:
            right = min(reach, max(-reach, cuts[piece]))
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
def scaled_cuts(kinks: np.ndarray, shift: float, scale: float, cuts: np.ndarray) -> None:
    """Where ``shift + scale u`` meets the kinks, sorted; none if it does not move."""
    for i in range(kinks.size):
        cuts[i] = (kinks[i] - shift) / scale if abs(scale) > 1e-12 else REACH
    sort(cuts)


@kernel
def split_rule(
    kinks: np.ndarray, shift: float, scale: float, panel: float
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of a rule split where ``shift + scale u`` meets the kinks.

    Parameters
    ----------
    kinks, shift, scale, panel
        As in `student_rule`.

    Returns
    -------
    nodes, weights
        Arrays of equal length.
    """
    cuts = np.empty(kinks.size)
    scaled_cuts(kinks, shift, scale, cuts)
    size = rule_size(kinks.size, panel)
    nodes, weights = np.empty(size), np.empty(size)
    size = fill_rule(cuts, panel, nodes, weights)
    return nodes[:size], weights[:size]


@kernel
def sort(values: np.ndarray) -> None:
    """Sort a few numbers in place: an insertion sort compiles in a tenth of numba's own."""
    for i in range(1, values.size):
        value, j = values[i], i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@kernel
def student_rule(
    kinks: np.ndarray, shift: float, scale: float, panel: float, reach: float = REACH
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for functions of ``u`` and of the field ``shift + scale u``.

    Split where the field meets a kink; and, where a panel would be longer than `BEND` in units
    of the field, graded on both sides of the kinks and of field 0.

    Parameters
    ----------
    kinks
        Fields at which the activation is not smooth.
    shift, scale
        Of the field.
    panel
        Longest panel.
    reach
        Where the rule ends, in standard deviations.

    Returns
    -------
    nodes, weights
        Arrays of equal length.
    """
    grades = 0
    if panel * abs(scale) > BEND:
        while BEND * 2.0**grades < 2.0 * reach * abs(scale):
            grades += 1
    centres = kinks.size + 1 if grades > 0 else kinks.size
    cuts = np.empty(centres * (2 * grades + 1))
    filled = 0
    for c in range(centres):
        centre = reach
        if abs(scale) > 1e-12:
            centre = ((kinks[c] if c < kinks.size else 0.0) - shift) / scale
        cuts[filled] = centre
        filled += 1
        for grade in range(grades):
            away = BEND * 2.0**grade / abs(scale)
            cuts[filled], cuts[filled + 1] = centre - away, centre + away
            filled += 2
    sort(cuts)
    size = rule_size(cuts.size, panel, reach)
    nodes, weights = np.empty(size), np.empty(size)
    size = fill_rule(cuts, panel, nodes, weights, reach)
    return nodes[:size], weights[:size]


def _smooth_rule() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.empty((2, rule_size.py_func(0, FINE)))
    fill_rule.py_func(np.zeros(0), FINE, nodes, weights)
    return nodes, weights


#: The fine rule without cuts: constants to the kernels of smooth activations.
SMOOTH_NODES, SMOOTH_WEIGHTS = _smooth_rule()
