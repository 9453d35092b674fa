"""Where a committee starts: lengths and overlaps of its units, built, given, or drawn.

Every start is a set of vectors that exists in enough dimensions, so that its Gram matrix has no
negative eigenvalue: unit k leans on teacher ``n(k) = k mod T``, and the rest of it is
perpendicular to all teachers and to all other units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...results.errors import InputError

Array = np.ndarray
SYMMETRIC, RANDOM = "symmetric", "random"


@dataclass(frozen=True, eq=False)
class Start:
    """Order parameters of K student units.

    Attributes
    ----------
    gamma
        Shape (K,); ones where the scheme has no gamma.
    A
        ``w_k . w*_n / N``, shape (K, T).
    C
        ``w_k . w_l / N``, shape (K, K).
    """

    gamma: Array
    A: Array
    C: Array


def from_directions(lean: Array, teacher: Array, gamma: float, length: float) -> Start:
    """The start of units of one length, each with a lean on the teachers.

    Parameters
    ----------
    lean
        Shape (K, T): the part of unit k of length 1 in the teachers' span, as coefficients of
        the teachers' vectors. What is missing to length 1 is perpendicular to all else.
    teacher
        T, shape (T, T).
    gamma, length
        Of every unit.

    Raises
    ------
    InputError
        If a lean is longer than 1.
    """
    inside = lean @ teacher @ lean.T
    missing = 1.0 - np.diag(inside)
    if (missing < -1e-12).any():
        longest = math.sqrt(float(np.diag(inside).max()))
        reason = f"a unit would have {longest:g} of its length 1 within the teachers; less of it"
        raise InputError("start", SYMMETRIC, f"{reason} is accepted: smaller EPS or r0")
    units = inside + np.diag(np.maximum(missing, 0.0))
    np.fill_diagonal(units, 1.0)
    return Start(
        np.full(len(lean), gamma), length * lean @ teacher, length**2 * 0.5 * (units + units.T)
    )


def aligned(units: int, teacher: Array, gamma: float, overlap: float, length: float) -> Start:
    """Unit k has the overlap with teacher ``k mod T``, and no more of it.

    Of one unit and one teacher it is the start of the scalar student: ``A = r0 l0``,
    ``C = l0^2``.

    Examples
    --------
    >>> aligned(2, np.eye(2), 0.5, 0.2, 1.0).A.tolist()
    [[0.2, 0.0], [0.0, 0.2]]
    """
    own = np.arange(units) % len(teacher)
    lean = np.zeros((units, len(teacher)))
    lean[np.arange(units), own] = overlap / np.sqrt(np.diag(teacher))[own]
    return from_directions(lean, teacher, gamma, length)


def symmetric(
    units: int, teacher: Array, gamma: float, overlap: float, length: float, eps: float
) -> Start:
    """All units lean alike on the teachers' sum, and by eps on their own teacher.

    Unit k of length 1 is ``r0 s + eps (t_n(k) - mean_n t_n)`` and a perpendicular rest, where
    ``t_n`` are the teachers' directions and s that of their sum. At ``eps = 0`` no unit differs
    from another.

    Examples
    --------
    >>> start = symmetric(2, np.eye(2), 0.5, 0.2, 1.0, 0.01)
    >>> round(float(start.A[0, 0] - start.A[0, 1] - start.A[1, 0] + start.A[1, 1]), 12)
    0.02
    """
    count = len(teacher)
    directions = np.diag(1.0 / np.sqrt(np.diag(teacher)))
    together = directions.sum(axis=0)
    together /= math.sqrt(together @ teacher @ together)
    own = directions[np.arange(units) % count]
    lean = overlap * together + eps * (own - directions.sum(axis=0) / count)
    return from_directions(lean, teacher, gamma, length)


def drawn(
    units: int, teacher: Array, gamma: float, length: float, dim: int, rng: np.random.Generator
) -> Start:
    """Units of one length and of uniform directions in ``dim`` dimensions, exactly in law.

    The T coordinates within the teachers are normal; the rest has a Gram matrix of Wishart's law
    of ``dim - T`` degrees of freedom, drawn by Bartlett's triangle.

    Raises
    ------
    InputError
        If there are fewer dimensions than vectors.
    """
    count = len(teacher)
    if dim < units + count:
        raise InputError("dim", dim, f"at least {units + count}, all units, is accepted")
    inside = rng.standard_normal((units, count))
    triangle = np.tril(rng.standard_normal((units, units)), -1)
    triangle[np.diag_indices(units)] = np.sqrt(rng.chisquare(dim - count - np.arange(units)))
    rows = np.concatenate([inside, triangle], axis=1)
    rows *= length / np.linalg.norm(rows, axis=1, keepdims=True)
    root = np.linalg.cholesky(teacher)
    return Start(np.full(units, gamma), rows[:, :count] @ root.T, rows @ rows.T)
