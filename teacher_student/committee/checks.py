"""What a problem of several units must satisfy, and what is not derived for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...results.checks import integer
from ...results.errors import InputError
from ..parameters import PARAMETERS
from .starts import RANDOM, SYMMETRIC
from .values import START_KEYS, Matrices, numbers, start_table

if TYPE_CHECKING:
    from ..problem import Problem

Array = np.ndarray
#: Schemes whose statistics are taken across the units of an example.
ACROSS_UNITS = ("ln", "rms")
#: Most units: the Gram matrix is factored in every step.
MOST_UNITS = 64
#: Numbers that only several units have, and parameters that a committee leaves at their defaults.
ONLY_COMMITTEES = ("second_layer", "teacher_overlap", "start")
NOT_BUILT: tuple[str, ...] = ("momentum", "nesterov", "decoupled_decay")
NOT_BUILT += ("loss", "labels", "noise_law", "clip")
#: Fewest examples of a batch whose statistics have the moments that a step needs.
SMALLEST_BATCH = 4
#: An eigenvalue this small, of the largest, is rounding.
ROUNDING = 1e-10


def check_units(problem: Problem) -> None:
    """Check the numbers of units and what goes with several; keep it as tuples.

    Raises
    ------
    InputError
        Naming the parameter.
    """
    for name in ("units", "teacher_units"):
        problem._set(**{name: integer(name, getattr(problem, name), 1, MOST_UNITS)})
    _check_across_units(problem)
    if not problem.several_units:
        for name in ONLY_COMMITTEES:
            if getattr(problem, name) is not None:
                accepted = "accepted with units or teacher_units above 1"
                raise InputError(name, getattr(problem, name), accepted)
        return
    _check_built(problem)
    K, T = problem.units, problem.teacher_units
    if problem.second_layer is not None:
        problem._set(second_layer=numbers("second_layer", problem.second_layer, (K,)))
    if problem.teacher_overlap is not None:
        given = numbers("teacher_overlap", problem.teacher_overlap, (T, T))
        _check_positive("teacher_overlap", given, np.array(given), ROUNDING)
        problem._set(teacher_overlap=given)
    if problem.start is not None:
        problem._set(start=_checked_start(problem))
    _ = problem.committee  # a symmetric start may not exist


def _check_across_units(problem: Problem) -> None:
    """Refuse statistics across too few units to leave anything of a unit."""
    K, scheme = problem.units, problem.scheme
    if scheme == "ln" and K < 3:
        reason = "two units less their mean, by their spread, are 1 and -1" if K == 2 else (
            "one unit less its mean is 0"
        )  # fmt: skip
        raise InputError("scheme", scheme, f"with units={K}, {reason}; units of 3 or more is "
                         "accepted")  # fmt: skip
    if scheme == "rms" and K < 2:
        reason = "one unit by its own size is 1 or -1"
        raise InputError("scheme", scheme, f"with units={K}, {reason}; units of 2 or more is "
                         "accepted")  # fmt: skip


def _check_built(problem: Problem) -> None:
    """Refuse what is derived for one unit only."""
    if problem.scheme_.remembers:
        reason = "running statistics are built for one unit; any other scheme"
        raise InputError("scheme", problem.scheme, f"{reason} is accepted with several")
    for name in NOT_BUILT:
        if getattr(problem, name) != PARAMETERS[name].default:
            accepted = PARAMETERS[name].shown or f"{PARAMETERS[name].default:g}"
            reason = "it is built for one unit; with units or teacher_units above 1"
            raise InputError(name, getattr(problem, name), f"{reason}, {accepted} is accepted")
    if "sigma" in problem.scheme_.statistics and problem.uses_batch and problem.m < SMALLEST_BATCH:
        name = "batch_size" if problem.m == problem.M else "statistics_size"
        reason = "E[1/s^2] of the spread s of a smaller batch is infinite"
        accepted = f"{SMALLEST_BATCH} or more is accepted with several units"
        raise InputError(name, problem.m, f"{reason}; {accepted}")


def _check_positive(parameter: str, value: object, matrix: Array, least: float) -> None:
    """Refuse a matrix that is no Gram matrix: with a smaller eigenvalue, relative to the largest.

    Raises
    ------
    InputError
        With the smallest eigenvalue.
    """
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=1e-12):
        raise InputError(parameter, value, "a symmetric matrix is accepted")
    eigenvalues = np.linalg.eigvalsh(matrix)
    if eigenvalues[0] < least * eigenvalues[-1] or eigenvalues[-1] <= 0.0:
        kind = "positive definite" if least > 0.0 else "positive semidefinite"
        found = f"its smallest eigenvalue is {eigenvalues[0]:.3g}"
        raise InputError(parameter, value, f"no vectors have these products, {found}; a {kind} "
                         "matrix is accepted")  # fmt: skip


def _checked_start(problem: Problem) -> str | Matrices:
    """A start as a problem keeps it.

    Raises
    ------
    InputError
        If it is none.
    """
    value: Any = problem.start
    table = start_table(value)
    if table is None:
        kind, _, eps = str(value).partition(":")
        if value == RANDOM or (kind == SYMMETRIC and _is_small(eps)):
            return str(value)
        accepted = "symmetric:EPS with EPS from -1 to 1, random, or a table of gamma, A and C"
        raise InputError("start", value, f"{accepted} is accepted", (RANDOM, f"{SYMMETRIC}:EPS"))
    K, T = problem.units, problem.teacher_units
    shapes = dict(zip(START_KEYS, ((K,), (K, T), (K, K)), strict=True))
    has_gamma = "gamma" in problem.trained_scalars
    if has_gamma != ("gamma" in table):
        reason = "gamma is missing" if has_gamma else f"units of {problem.scheme} have no gamma"
        raise InputError("start", value, f"{reason}; A and C{' and gamma' if has_gamma else ''} "
                         "are accepted")  # fmt: skip
    found = Matrices({name: numbers("start", table[name], shapes[name], f"for {name} ")
                      for name in START_KEYS if name in table})  # fmt: skip
    A, C, teacher = np.array(found["A"]), np.array(found["C"]), problem.teacher_matrix
    if (np.diag(C) <= 0.0).any():
        raise InputError("start", value, "C has a length that is not positive; units of positive "
                         "lengths are accepted")  # fmt: skip
    _check_positive("start", value, np.block([[teacher, A.T], [A, C]]), -ROUNDING)
    return found


def _is_small(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and abs(float(text)) <= 1.0
    except ValueError:
        return False


def refuse_committees(problem: Problem, what: str) -> None:
    """Refuse a problem of several units where the answer is for one.

    Parameters
    ----------
    problem
        The setting.
    what
        What is asked for, as the beginning of a sentence.

    Raises
    ------
    InputError
        Naming the units.
    """
    for name in ("units", "teacher_units"):
        if getattr(problem, name) > 1:
            reason = f"{what} is there for one unit of student and teacher"
            raise InputError(name, getattr(problem, name), f"{reason}; 1 is accepted")


def check_moments(problem: Problem, fluctuations: bool = False) -> None:
    """Refuse a committee whose flow, or the covariance of its steps, does not exist.

    The simulators do without: a run has a finite step even where its square has no mean.

    Parameters
    ----------
    problem
        The setting.
    fluctuations
        Whether the covariance of a step is asked for, and not its mean alone.

    Raises
    ------
    InputError
        Naming units or batch size, with the moment that is infinite.
    """
    K, scheme = problem.units, problem.scheme
    fewest = {"ln": (4, 6), "rms": (3, 5)}
    what = "covariance of a step" if fluctuations else "mean of its square"
    if scheme in ACROSS_UNITS and fewest[scheme][fluctuations] > K:
        accepted = f"{fewest[scheme][fluctuations]} or more is accepted with scheme={scheme!r}"
        reason = f"the spread across so few units is small too often: the {what} is infinite"
        raise InputError("units", K, f"{reason}; {accepted}")
    if problem.uses_batch and fluctuations and problem.M < 6:
        reason = "E[1/s^4] of the spread s of so small a batch is infinite"
        raise InputError("batch_size", problem.M, f"{reason}; 6 or more is accepted")
