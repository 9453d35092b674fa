"""How much of an average over a Gaussian field comes from beyond the reach of a quadrature.

Rules end at 8 standard deviations, where a normal density is 1e-15 of its height. For an activation
that grows like ``exp(c h)`` that is not the end of the integrand: the average of ``exp(2 c u)``
comes from about ``u = 2 c``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..results.errors import InputError
from .activations import Activation, field_symbol
from .bends import by_numpy
from .normal_quadrature import REACH

Array = np.ndarray
#: Where densities vanish in double precision, and the spacing of the midpoint rule up to there.
FARTHEST, STEP = 38.0, 0.01
#: What may be missing of an average, and how far rules follow an activation that needs it.
ACCURATE, FAR = 1e-9, 2.0 * REACH
#: Scales of the field at which that is asked: the teacher's own, and a student's that is larger.
TEACHER, STUDENT = 1.0, 2.0


def beyond(function: Callable[[Array], Array], reach: float) -> float:
    """The share of ``E |f(u)|`` from ``|u| > reach``, for a standard normal u; 1 if infinite.

    Parameters
    ----------
    function
        Of an array of u.
    reach
        In standard deviations.

    Examples
    --------
    >>> share = beyond(np.exp, 4.0)  # exp(u) is largest, times the density, at u = 1
    >>> round(share, 5)  # P(u > 3) and hardly anything below -4
    0.00135
    """
    u = np.arange(-FARTHEST, FARTHEST, STEP) + 0.5 * STEP
    with np.errstate(all="ignore"):
        parts = np.abs(np.broadcast_to(function(u), u.shape)) * np.exp(-0.5 * u**2)
    total, outside = parts.sum(), parts[np.abs(u) > reach].sum()
    if not np.isfinite(total):
        return 1.0
    return float(outside / total) if total > 0.0 else 0.0


def reach_of(activation: Activation) -> float:
    """How far the test error's averages of ``g(f)^2`` are followed, in standard deviations.

    Parameters
    ----------
    activation
        That of student and teacher.

    Raises
    ------
    InputError
        If that is not far enough for the teacher's own.

    Examples
    --------
    >>> from bntheory.teacher_student.activations import Activation
    >>> reach_of(Activation("tanh(h)")), reach_of(Activation("exp(h)"))
    (8.0, 16.0)
    """
    h = field_symbol()
    if activation.homogeneous or activation.expression.free_symbols != {h}:
        return REACH
    g = by_numpy(activation.expression, h)

    def known(reach: float, scale: float) -> bool:
        return beyond(lambda u: g(scale * u) ** 2, reach) <= ACCURATE

    if known(REACH, TEACHER) and known(REACH, STUDENT):
        return REACH
    if not known(FAR, TEACHER):
        raise too_quick(activation)
    return FAR


def too_quick(activation: Activation) -> InputError:
    """What is said of an activation whose averages come from too far out."""
    reason = " grows too quickly: its averages come from fields beyond the reach of quadratures"
    return InputError("activation", activation.formula, f"{reason}; a slower one is accepted")
