"""Optimal decay against load, and loads at which something changes (theory page 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

from ..results.errors import InputError
from .linear import least_squares, ridge
from .relu import relu_student
from .student import STUDENTS, checked_loads, choice

#: Range in which the optimal decay is looked for.
DECAYS = (1e-4, 1e2)
FINE = 1e-4
ErrorAt = Callable[[float], float]


@dataclass(frozen=True)
class OptimalDecay:
    """The decay of least error at every load.

    Attributes
    ----------
    alpha, decay, error : ndarray, shape (loads,)
        Loads, ``lambda`` against the **sum** of the losses, and the error there.
    status : tuple of str
        Of the solution at the optimum; ``'exact'`` for linear students.
    """

    alpha: NDArray[np.float64]
    decay: NDArray[np.float64]
    error: NDArray[np.float64]
    status: tuple[str, ...]


def optimal_decay(student: str, alpha: ArrayLike, noise: float = 0.25) -> OptimalDecay:
    """Return the ridge decay of least error at every load.

    Parameters
    ----------
    student : {'identity', 'relu'}
    alpha : array_like
        Loads ``P / N > 0``.
    noise : float, default 0.25
        Label-noise variance ``S > 0``; without noise less decay is always better.

    Returns
    -------
    OptimalDecay

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    For a linear student the optimum is ``lambda = S`` at every load: ridge with that decay is the
    mean of the teacher's posterior. Here it is found by minimisation, not put in.

    Examples
    --------
    >>> optimal_decay("identity", [0.5, 3.0], noise=0.25).decay.round(4).tolist()
    [0.25, 0.25]
    """
    choice("student", student, STUDENTS)
    loads = checked_loads(alpha)
    if not (np.isfinite(noise) and noise > 0):
        raise InputError("noise", noise, "a finite number above 0 is accepted")
    rows = []
    for load in loads:

        def error(log_decay: float, load: float = float(load)) -> float:
            return _ridge_error(student, load, float(np.exp(log_decay)), noise)

        best = minimize_scalar(
            error, bounds=np.log(DECAYS), method="bounded", options={"xatol": FINE}
        )
        rows.append((np.exp(best.x), best.fun))
    decays, errors = np.array(rows).T
    status = ("exact",) * loads.size
    if student == "relu":
        status = relu_student(loads, decays, noise).status
    return OptimalDecay(loads, decays, errors, status)


def _ridge_error(student: str, load: float, decay: float, noise: float) -> float:
    if student == "identity":
        return float(ridge(load, decay, noise).error[0])
    return float(relu_student(load, decay, noise).error[0])


def optimal_shrinkage(alpha: ArrayLike, noise: float = 0.25) -> NDArray[np.float64]:
    """Return the factor on least squares that generalises best, a load: ``m / q``.

    BN of batch size ``M`` shrinks by ``kappa_M`` whatever the load; this is what it would have to
    be. ``2 eps = 1 - 2 kappa m + kappa^2 q`` is least at ``kappa = m / q``.

    Examples
    --------
    >>> optimal_shrinkage([2.0], noise=0.25).tolist()
    [0.8]
    """
    solved = least_squares(alpha, noise)
    return solved.m / solved.q


def crossing_load(first: ErrorAt, second: ErrorAt, low: float, high: float) -> float:
    """Return a load between ``low`` and ``high`` where two error curves cross.

    Parameters
    ----------
    first, second : callable
        Error at a load.
    low, high : float
        Loads between which their difference changes sign.

    Raises
    ------
    ValueError
        If it does not.

    Examples
    --------
    Label noise makes least squares worse than no student at all up to this load:

    >>> vanilla = lambda alpha: float(least_squares(alpha, 0.25).error[0])
    >>> round(crossing_load(vanilla, lambda alpha: 0.5, 1.01, 4.0), 6)
    1.25
    """

    def difference(alpha: float) -> float:
        return first(alpha) - second(alpha)

    if not difference(low) * difference(high) < 0:
        raise InputError(
            "low", low, f", high={high!r}: loads between which the curves cross are accepted"
        )
    return float(brentq(difference, low, high, xtol=1e-10))


def stability_load(decay: float = 0.0, noise: float = 0.25, zeta: float = 0.0) -> float:
    """Return the load above which nearly equal ReLU students attract each other.

    It is the largest load at which ``replicon``, the smooth part of the stability condition,
    passes 1: below it, and until well below the interpolation load, replica symmetry has nothing
    to say.

    Parameters
    ----------
    decay, noise, zeta : float
        As for :func:`bntheory.finite_load.relu.relu_student`.

    Returns
    -------
    float
        0 if the students attract each other at every load from 1.25 to 30.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> round(stability_load(), 2)
    2.72
    """

    def excess(alpha: float) -> float:
        return float(relu_student(alpha, decay, noise, zeta).replicon[0]) - 1.0

    loads = np.geomspace(1.25, 30.0, 40)
    above = relu_student(loads, decay, noise, zeta).replicon > 1.0
    if not above.any():
        return 0.0
    last = int(np.flatnonzero(above)[-1])
    return float(brentq(excess, loads[last], loads[last + 1], xtol=1e-6))
