"""Error against training time for linear students, exactly (theory page 7, item 4).

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
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from ..results.checks import number
from ..results.errors import InputError
from .student import checked_loads

MOST_NODES = 4000


def marchenko_pastur(alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
    # the pole at a = 0 lies |log(alpha)| / 2 off the real angles: its error is exp(-36), and made
    # good below where so many nodes would be too many
    distance = 0.5 * abs(np.log(load))
    nodes = int(np.clip(18.0 / max(distance, 1e-9), 200, MOST_NODES))
    # a = middle - radius cos(angle): the midpoint rule in angle is spectrally accurate, because
    # the density's square roots at both edges become sin^2, periodic and smooth
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    middle, radius = 0.5 * (low + high), 0.5 * (high - low)
    a = middle - radius * np.cos(angle)
    weight = (radius * np.sin(angle)) ** 2 / (2.0 * nodes * a)
    # The whole weight is 1. What the nodes lack of it sits at a = 0: the eigenvalues that are 0 for
    # alpha < 1, and the pole's share, which the rule loses close to alpha = 1.
    return np.append(a, 0.0), np.append(weight, 1.0 - weight.sum())


@dataclass(frozen=True)
class TimeCourse:
    """The exact error of a linear student against training time.

    Parameters
    ----------
    alpha : float
        Load ``P / N > 0``.
    noise : float, default 0.25
        Label-noise variance ``S >= 0``.
    decay : float, default 0
        ``lambda >= 0`` against the **sum** of the losses.
    q0 : float, default 0
        Squared length ``|v|^2 / N`` of a random start.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> course = TimeCourse(1.0)
    >>> course.error([0.0, 1.0, 100.0]).round(3).tolist(), round(course.stop().tau, 2)
    ([0.5, 0.225, 0.785], 2.47)
    """

    alpha: float
    noise: float = 0.25
    decay: float = 0.0
    q0: float = 0.0

    def __post_init__(self) -> None:
        checked_loads(self.alpha)
        for name in ("noise", "decay", "q0"):
            number(name, getattr(self, name), least=0.0)

    @cached_property
    def _spectrum(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return marchenko_pastur(self.alpha)

    def error(self, tau: ArrayLike) -> NDArray[np.float64]:
        """Return the generalisation error at times ``tau >= 0``, shape (times,).

        SGD at learning rate ``eta`` with batches of ``M`` spends ``tau = eta / M`` an epoch, in the
        limit of small ``eta``.
        """
        times = np.atleast_1d(np.asarray(tau, dtype=float))
        if not np.all(np.isfinite(times) & (times >= 0)):
            raise InputError("tau", times.tolist(), "finite numbers of at least 0 are accepted")
        return np.array([self._error_at(time) for time in times])

    def _error_at(self, time: float) -> float:
        a, weight = self._spectrum
        rate = a + self.decay
        f = np.where(rate > 0, -np.expm1(-rate * time) / np.where(rate > 0, rate, 1.0), time)
        start = self.q0 * np.exp(-2.0 * rate * time)
        return float(0.5 * weight @ ((1.0 - a * f) ** 2 + self.noise * a * f**2 + start))

    def stop(self) -> EarlyStop:
        """Return the best time to stop."""
        a = self._spectrum[0]
        # beyond 50 times the slowest mode, or 1e6, nothing moves that has a meaning at finite N
        end = 50.0 / max(float(np.min(a[a > 0])) + self.decay, 5e-5)
        found = minimize_scalar(
            lambda log_time: self._error_at(np.exp(log_time)),
            bounds=(np.log(1e-3), np.log(end)),
            method="bounded",
            options={"xatol": 1e-8},
        )
        last = self._error_at(end)
        if last <= found.fun * (1.0 + 1e-9):
            return EarlyStop(np.inf, last)
        return EarlyStop(float(np.exp(found.x)), float(found.fun))


@dataclass(frozen=True)
class EarlyStop:
    """The training time of least error, and that error; ``tau`` is ``inf`` if later is better."""

    tau: float
    error: float
