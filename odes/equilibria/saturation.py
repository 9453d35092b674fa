"""Where gamma comes to rest at a given overlap, for a batch scheme that learns classes.

A student that looks at one example and is all but right about its class makes its scale larger for
ever (theory page 9). Batch statistics end that: the batch's mean moves the threshold by
``N(0, 1/m)``, so that an aligned student is still wrong about some examples, whatever its scale.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import brentq

from ...results.checks import number
from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from ..derivation.batch_signal_averages import pull_on_gamma

#: Scales between which the rest is looked for.
SMALLEST, LARGEST = 1e-3, 1e4


def saturated_gamma(problem: Problem, R: float = 1.0) -> float:
    """The gamma at which ``E[delta uhat] = zeta gamma``.

    Parameters
    ----------
    problem
        Of scheme ``bn`` or another whose field is gamma times a batch's deviations, without
        a trained shift, and labels that are classes. Loss, statistics size and zeta count.
    R
        The overlap, from -1 to 1.

    Raises
    ------
    InputError
        For other problems, or where there is no such gamma.

    Examples
    --------
    >>> import bntheory as bn
    >>> signs = bn.Problem("identity", "bn", batch_size=8, loss="logistic", labels="sign")
    >>> round(saturated_gamma(signs), 3), round(saturated_gamma(signs, R=0.9), 3)
    (4.084, 2.417)
    """
    R = number("R", R, least=-1.0, most=1.0)
    pull = pull_on_gamma(problem)
    if pull is None:
        accepted = "bn and mean-only-bn on labels that are classes, without beta, are accepted"
        raise InputError("scheme", problem.scheme, accepted)
    zeta = decay(problem)

    def drift(gamma: float) -> float:
        return pull(gamma, R) - zeta * gamma

    scales = np.geomspace(SMALLEST, LARGEST, 29)
    before = drift(scales[0])
    for low, high in itertools.pairwise(scales):
        after = drift(high)
        if before > 0.0 >= after:
            return float(brentq(drift, low, high, xtol=1e-12, rtol=1e-12))
        before = after
    raise InputError("R", R, f"gamma has no rest between {SMALLEST:g} and {LARGEST:g} there")
