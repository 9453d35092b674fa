"""What the quadrature of batch moments takes, in groups; numba accepts named tuples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Statistics(NamedTuple):
    """The rule over a batch's mean and spread, each of shape (nodes,).

    Attributes
    ----------
    ubar, s, weight
        Nodes and weights.
    x0, x1
        The field there: ``f = shift + q (x0 + x1 uhat)``.
    """

    ubar: Array
    s: Array
    weight: Array
    x0: Array
    x1: Array


class Direction(NamedTuple):
    """The rule over one example's ``uhat = sqrt(M-1) sin(psi)``.

    Attributes
    ----------
    x, w
        Gauss-Legendre points of a panel of psi.
    longest
        Its greatest length.
    graded
        Whether panels are to be graded towards where the student's field is 0, or at a kink.
    pair_weight, recurrence
        `batch_law.pair_weights` and `batch_law.recurrence`.
    """

    x: Array
    w: Array
    longest: float
    graded: bool
    pair_weight: Array
    recurrence: Array


class Teacher(NamedTuple):
    """The teacher's field has the correlation ``rho`` with the student's.

    Attributes
    ----------
    rho
        The correlation.
    slopes
        Of the activation on both sides of 0, if it is positively homogeneous, else empty.
    table
        Otherwise: the averages over the teacher's own part (`tabulate_teacher`).
    """

    rho: float
    slopes: Array
    table: Array


class Plan(NamedTuple):
    """Which moments.

    Attributes
    ----------
    factors
        Functions of one example, rows ``g, slope, uhat`` (exponents) and ``teacher`` (index
        into what `teacher` fills); those of pairs first.
    singles, pairs
        Moments: rows ``factor, ubar, s`` and ``factor, factor, ubar, s``.
    """

    factors: Array
    singles: Array
    pairs: Array
