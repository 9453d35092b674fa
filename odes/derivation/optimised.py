"""What an optimiser leaves of the drift and of the noise that a plain step has (theory page 9).

Optimisers change the length of a step by a factor f of the gradient's own length. Of a linear
student the residuals of a batch are Gaussian, ``|g|^2 = k^2 e2 Y / M^2`` with a chi-square Y of M
degrees, and the gradient's part along a fixed direction is, given its length, proportional to it:
the drift is multiplied by ``E[f Y]/M``, the noise by ``E[f^2 Y]/M``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import sympy
from sympy import Expr, Integer, sqrt

from ...codegen.functions import KeptDrift, KeptNoise, MeanChi, RootOfRest
from ...teacher_student.optimisers import NORMALISED
from ...teacher_student.problem import Problem
from .student_field import student_field
from .symbols import B2, BATCH, FIELD_STD, NOISE, RHO


class Kept(NamedTuple):
    """Factors of drift and noise; those of a plain step are 1."""

    drift: Expr
    noise: Expr


def kept_part(problem: Problem, size: Expr) -> Kept:
    """The factors of a problem's optimiser.

    Parameters
    ----------
    problem
        Its optimiser, its threshold and its field count.
    size
        M times the mean squared length of a gradient.
    """
    if problem.plain_steps:
        return Kept(Integer(1), Integer(1))
    if problem.accumulates:
        return Kept(1 / sqrt(B2), 1 / B2)
    length = gradient_length(problem)
    if problem.step_clip is not None:
        excess = length / sympy.Float(problem.step_clip)
        return Kept(KeptDrift(BATCH, excess), KeptNoise(BATCH, excess))
    along = MeanChi(BATCH) / length
    if problem.optimiser != NORMALISED:  # signs of nearly Gaussian entries
        along *= sqrt(2 / sympy.pi)
    return Kept(along, BATCH / size)


def gradient_length(problem: Problem) -> Expr:
    """``|k| sqrt(e2)``, the root mean square length of one example's gradient.

    ``e2 = 1 - 2 Q R + Q^2 + S``, in the form that is no difference of large numbers.
    """
    e2 = RootOfRest(RHO) ** 2 + (RHO - FIELD_STD) ** 2 + NOISE
    return sympy.Abs(student_field(problem).derivatives["a"]) * sqrt(e2)


def told(value: Expr, positive: Mapping[Expr, Expr]) -> Expr:
    """A drift in symbols that people read; roots without their guard against rounding."""
    return value.xreplace(positive).replace(RootOfRest, lambda x: sqrt(1 - x**2))
