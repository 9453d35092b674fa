"""What describes a trained student, and how its error follows (theory page 7).

A student with effective weight ``v`` is known by two numbers, ``m = v.w*/N`` and ``q = |v|^2/N``:
for a fresh input its field and the teacher's are joint Gaussians with variances ``q``, 1 and
covariance ``m``. The error is ``E (g(v.x) - g(w*.x))^2 / 2`` against the clean teacher.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..results.checks import number
from ..results.errors import InputError

Student = Literal["identity", "relu"]
DecayPer = Literal["sum", "example"]

STUDENTS: tuple[str, ...] = get_args(Student)
DECAY_PER: tuple[str, ...] = get_args(DecayPer)


def choice(name: str, value: str, accepted: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``accepted``; raise ``ValueError`` otherwise."""
    if value not in accepted:
        raise InputError(name, value, f"{', '.join(accepted)} is accepted", accepted)
    return value


def checked_loads(alpha: ArrayLike) -> NDArray[np.float64]:
    """Return the loads as a float array of one dimension, all of them positive and finite."""
    loads = np.atleast_1d(np.asarray(alpha, dtype=float))
    if loads.ndim != 1 or not loads.size or not np.all(np.isfinite(loads) & (loads > 0)):
        shown = np.asarray(alpha).tolist()
        raise InputError("alpha", shown, "one or more finite numbers above 0 are accepted")
    return loads


def checked_decays(decay: ArrayLike, loads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``lambda`` at every load, all of them finite and at least 0."""
    decays = np.broadcast_to(np.asarray(decay, dtype=float), loads.shape)
    if not np.all(np.isfinite(decays) & (decays >= 0)):
        shown = np.asarray(decay).tolist()
        raise InputError("decay", shown, "finite numbers of at least 0 are accepted")
    return decays


def decay_of_the_sum(
    zeta: float, alpha: NDArray[np.float64], decay_per: str
) -> NDArray[np.float64]:
    """Return ``lambda`` of ``sum_mu loss_mu + (lambda/2) |v|^2`` at every load.

    ``decay_per='sum'`` means ``lambda = zeta``. ``'example'`` adds ``(zeta/2) gamma^2`` to the
    mean loss of one example; ``|v|^2 = N gamma^2`` and ``P = alpha N`` make that
    ``lambda = alpha zeta``.
    """
    choice("decay_per", decay_per, DECAY_PER)
    zeta = number("zeta", zeta, least=0.0)
    return zeta * alpha if decay_per == "example" else np.full_like(alpha, zeta)


def student_error(student: str, m: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """Return the generalisation error of a student with overlap ``m`` and squared norm ``q``.

    Parameters
    ----------
    student : {'identity', 'relu'}
    m, q : array_like
        ``v.w*/N`` and ``|v|^2/N``, dimensionless, ``q >= m^2``; infinite where training diverges.

    Returns
    -------
    ndarray
        ``E (g(v.x) - g(w*.x))^2 / 2``, of the broadcast shape; ``inf`` where ``q`` is.

    Raises
    ------
    ValueError
        For another student.

    Examples
    --------
    >>> float(student_error("identity", 0.0, 0.0)), float(student_error("relu", 0.0, 0.0))
    (0.5, 0.25)
    """
    choice("student", student, STUDENTS)
    m, q = np.broadcast_arrays(np.asarray(m, dtype=float), np.asarray(q, dtype=float))
    finite = np.isfinite(q)
    m, q = np.where(finite, m, 0.0), np.where(finite, q, 1.0)
    if student == "identity":
        error = 0.5 * (1.0 - 2.0 * m + q)
    else:
        length = np.sqrt(q)
        # hypot(q - m^2) in place of sqrt(1 - rho^2): exact down to rounding as rho approaches 1
        across = np.sqrt(np.maximum(q - m * m, 0.0))
        angle = np.arctan2(across, m)
        error = 0.25 + 0.25 * q - (across + m * (np.pi - angle)) / (2.0 * np.pi)
        error = np.where(length > 0, error, 0.25)
    return np.where(finite, error, np.inf)
