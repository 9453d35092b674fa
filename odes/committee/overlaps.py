"""What is read from a committee's order parameters: overlaps, covariances, specialisation."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def lengths(C: Array) -> Array:
    """``L_k = |w_k| / sqrt N``, shape (..., K)."""
    return np.sqrt(np.maximum(np.diagonal(C, axis1=-2, axis2=-1), 0.0))


def cosines(A: Array, C: Array, teacher: Array) -> Array:
    """``R_kn``: cosines between the units of student and teacher, shape (..., K, T).

    Units of length 0 have none with anything.
    """
    sizes = lengths(C)[..., None] * np.sqrt(np.diagonal(teacher))
    return np.divide(A, sizes, out=np.zeros_like(np.asarray(A, float)), where=sizes > 0.0)


def student_cosines(C: Array) -> Array:
    """Cosines among the student's units, shape (..., K, K)."""
    L = lengths(C)
    sizes = L[..., :, None] * L[..., None, :]
    return np.divide(C, sizes, out=np.zeros_like(np.asarray(C, float)), where=sizes > 0.0)


def specialisation(R: Array) -> Array:
    """How much more the student's units overlap with a teacher of their own than with all.

    The mean cosine of the best match between units of student and teacher, less the mean of all
    cosines; with two units each ``|R_11 - R_12 - R_21 + R_22| / 4``. 0 on the plateau, ``1 - 1/K``
    for a student of K = T units that has found orthogonal teachers.

    Parameters
    ----------
    R
        Cosines, shape (..., K, T).

    Returns
    -------
    numpy.ndarray
        Shape (...).

    Examples
    --------
    >>> float(specialisation(np.eye(2))), float(specialisation(np.full((2, 2), 0.7)))
    (0.5, 0.0)
    """
    from scipy.optimize import linear_sum_assignment

    R = np.asarray(R, dtype=float)
    flat = R.reshape(-1, *R.shape[-2:])
    best = [one[linear_sum_assignment(one, maximize=True)].mean() for one in flat]
    return (np.array(best) - flat.mean(axis=(1, 2))).reshape(R.shape[:-2])
