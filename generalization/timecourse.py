"""Error against training time for linear students, exactly (theory.md, section 7, item 4).

Gradient descent on ``|y - X v|^2 / 2 + (lambda/2) |v|^2`` acts on every eigenvector of ``X^T X``
alone: after time ``tau`` the component with eigenvalue ``a`` has kept a part
``k = exp(-(a + lambda) tau)`` of its start and gone ``f a`` of the way to the teacher,
``f = (1 - k)/(a + lambda)``. Averaged over the Marchenko-Pastur law of ``a``,

    2 eps(tau) = E_a[ (1 - a f)^2 + S a f^2 + q_0 k^2 ],

with ``q_0 = |v(0)|^2/N`` of a random start. This is the classical analysis of early stopping.
SGD with learning rate ``eta`` and batches of ``M`` spends ``tau = eta / M`` an epoch: an epoch has
``P/M`` steps of ``eta / M`` times the gradient summed over the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from ..results.checks import number
from .student import checked_loads

NODES = 400


@dataclass(frozen=True)
class TimeCourse:
    """Error of a linear student against training time, and where it is best to stop.

    Attributes
    ----------
    tau, error : ndarray, shape (times,)
        Training time, in units where SGD spends ``eta / M`` an epoch, and generalisation error.
    stop_tau, stop_error : float
        The optimum of early stopping; ``stop_tau`` is ``inf`` if training to the end is best.
    """

    tau: NDArray[np.float64]
    error: NDArray[np.float64]
    stop_tau: float
    stop_error: float


def marchenko_pastur(alpha: float, nodes: int = NODES) -> tuple[NDArray, NDArray]:
    """Return eigenvalues of ``X^T X`` and their weights: a quadrature of the Marchenko-Pastur law.

    ``X`` is (alpha N, N) with entries of variance ``1/N``. The bulk lies between
    ``(1 -+ sqrt(alpha))^2``; for ``alpha < 1`` a share ``1 - alpha`` of the eigenvalues is 0.

    Examples
    --------
    >>> a, weight = marchenko_pastur(2.0)
    >>> float(weight.sum()).__round__(12), float(weight @ a).__round__(12)
    (1.0, 2.0)
    """
    load = float(checked_loads(alpha)[0])
    low, high = (1.0 - np.sqrt(load)) ** 2, (1.0 + np.sqrt(load)) ** 2
    # a = middle - radius cos(angle): the midpoint rule in angle is spectrally accurate, because
    # the density's square roots at both edges become sin^2, periodic and smooth
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    middle, radius = 0.5 * (low + high), 0.5 * (high - low)
    a = middle - radius * np.cos(angle)
    weight = (radius * np.sin(angle)) ** 2 / (2.0 * nodes * a)
    if load < 1.0:
        return np.append(a, 0.0), np.append(weight, 1.0 - load)
    return a, weight


def time_course(
    alpha: float,
    tau: ArrayLike,
    *,
    noise: float = 0.25,
    decay: float = 0.0,
    q0: float = 0.0,
) -> TimeCourse:
    """Return the error of a linear student against training time.

    Parameters
    ----------
    alpha : float
        Load ``P / N > 0``.
    tau : array_like
        Times ``>= 0``; SGD at learning rate ``eta`` with batches of ``M`` spends ``eta / M`` an
        epoch, in the limit of small ``eta``.
    noise : float, default 0.25
        Label-noise variance ``S >= 0``.
    decay : float, default 0
        ``lambda >= 0`` against the **sum** of the losses.
    q0 : float, default 0
        Squared length ``|v|^2 / N`` of a random start.

    Returns
    -------
    TimeCourse

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> course = time_course(1.0, [0.0, 1.0, 100.0])
    >>> course.error.round(3).tolist(), round(course.stop_tau, 2)
    ([0.5, 0.225, 0.785], 2.47)
    """
    times = np.atleast_1d(np.asarray(tau, dtype=float))
    if not np.all(np.isfinite(times) & (times >= 0)):
        raise ValueError(f"tau={tau!r}: finite numbers of at least 0 are accepted")
    S, lam = number("noise", noise, least=0.0), number("decay", decay, least=0.0)
    q0 = number("q0", q0, least=0.0)
    a, weight = marchenko_pastur(alpha)

    def error(time: float) -> float:
        kept = np.exp(-(a + lam) * time)
        rate = a + lam
        f = np.where(rate > 0, -np.expm1(-rate * time) / np.where(rate > 0, rate, 1.0), time)
        return float(0.5 * weight @ ((1.0 - a * f) ** 2 + S * a * f**2 + q0 * kept**2))

    # the slowest mode decides how far to look; beyond 1e6 nothing has a meaning at finite N
    slowest = max(float(np.min(a[a > 0])) + lam, 1e-5)
    found = minimize_scalar(
        lambda log_time: error(np.exp(log_time)),
        bounds=(np.log(1e-3), np.log(50.0 / slowest)),
        method="bounded",
        options={"xatol": 1e-10},
    )
    stop, best = float(np.exp(found.x)), float(found.fun)
    if error(50.0 / slowest) <= best * (1.0 + 1e-9):
        stop, best = np.inf, error(50.0 / slowest)
    return TimeCourse(times, np.array([error(time) for time in times]), stop, best)
