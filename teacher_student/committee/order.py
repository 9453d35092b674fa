"""What is read from a committee's order parameters: cosines, specialisation."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def cosines(A: Array, C: Array, teacher: Array) -> Array:
    """Cosines between the units of student and teacher, shape (..., K, T).

    Units of length 0 have none with anything.
    """
    lengths = np.sqrt(np.maximum(np.diagonal(C, axis1=-2, axis2=-1), 0.0))
    sizes = lengths[..., None] * np.sqrt(np.diagonal(teacher))
    return np.divide(A, sizes, out=np.zeros_like(A, dtype=float), where=sizes > 0.0)


def specialisation(R: Array) -> Array:
    """How much more the units overlap with a teacher of their own than with all of them.

    The mean cosine of the best match between units of student and teacher, less the mean of all
    cosines; with two units each ``|R_11 - R_12 - R_21 + R_22| / 4``. 0 on the plateau,
    ``1 - 1/K`` for a student of K = T units that has found orthogonal teachers.

    Parameters
    ----------
    R
        Cosines, shape (..., K, T).

    Examples
    --------
    >>> float(specialisation(np.eye(2))), float(specialisation(np.full((2, 2), 0.7)))
    (0.5, 0.0)
    """
    from scipy.optimize import linear_sum_assignment

    flat = np.asarray(R, dtype=float).reshape(-1, *R.shape[-2:])
    best = [one[linear_sum_assignment(one, maximize=True)].mean() for one in flat]
    return (np.array(best) - flat.mean(axis=(1, 2))).reshape(R.shape[:-2])


def entries(name: str, values: Array) -> list[tuple[str, Array]]:
    """The columns of a quantity over time, named by units from 1; of C and Q the upper half.

    Examples
    --------
    >>> [name for name, _ in entries("C", np.ones((5, 2, 2)))]
    ['C_11', 'C_12', 'C_22']
    """
    if values.ndim == 1:
        return [(name, values)]
    apart = "_" if max(values.shape[1:]) > 9 else ""
    return [
        (f"{name}_{apart.join(str(k + 1) for k in at)}", values[(slice(None), *at)])
        for at in np.ndindex(*values.shape[1:])
        if name not in ("C", "Q") or at[0] <= at[1]
    ]


def specialisation_level(teacher_units: int) -> float:
    """The specialisation at which units count as specialised: half of all that there is.

    Examples
    --------
    >>> specialisation_level(2)
    0.25
    """
    return 0.5 * (1.0 - 1.0 / teacher_units)


def first_rise(t: Array, values: Array, level: float) -> float:
    """When values first reach a level from below, linear between times; NaN if they do not.

    Parameters
    ----------
    t, values
        Shape (times,).
    level
        Of the values.

    Examples
    --------
    >>> first_rise(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.2, 0.6]), 0.4)
    1.5
    """
    above = np.flatnonzero(values >= level)
    if not above.size:
        return float("nan")
    k = int(above[0])
    if k == 0:
        return float(t[0])
    part = (level - values[k - 1]) / (values[k] - values[k - 1])
    return float(t[k - 1] + part * (t[k] - t[k - 1]))
