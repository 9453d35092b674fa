"""Up to which scale of a student's field a quadrature resolves an activation."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import sympy

from ...results.errors import InputError
from ...teacher_student.activations import Activation
from ...teacher_student.bends import by_numpy
from ...teacher_student.normal_quadrature import FINE, REACH, student_rule
from ...teacher_student.tails import beyond, too_quick
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment, student_factor, teacher_factor
from ..derivation.running_field import is_tabulated
from ..derivation.symbols import FIELD_STD
from ..tables.corrected_table import LARGEST_SCALE
from .running_module import LARGEST_NODE

Array = np.ndarray
_U = sympy.Symbol("u", real=True)
#: Scales tried are these powers of two, up to that at which an order parameter has diverged.
POWERS = (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 9, 14, 20, 27)
#: Differences between two rules, of a factor's mean in units of its root mean square.
ACCURATE = 1e-7
#: Further cuts, in units of the field, of the finer rule, which has their doubles too as far as the
#: field goes: the panels between grades of the coarser one are cut everywhere.
CUTS = (-6.0, -3.0, -1.5, -0.7, 0.7, 1.5, 3.0, 6.0)


def largest_scale(derivation: Derivation) -> float:
    """Up to which scale the averages of a drift are known, without those of a batch scheme.

    Parameters
    ----------
    derivation
        Of the flow.
    """
    problem = derivation.problem
    if derivation.over_batches:
        return math.inf  # their tables know
    if is_tabulated(problem):
        return math.inf if problem.activation_.homogeneous else LARGEST_SCALE
    wanted = [m for m in derivation.by_quadrature.values() if isinstance(m, Moment)]
    if not problem.squares:
        wanted = [Moment(1, 1, 1, 0, 0)]  # a signal is made of output and slope
    largest = resolved_scale(problem.activation_, wanted)
    return largest / LARGEST_NODE if derivation.averaged else largest


def resolved_scale(activation: Activation, moments: Iterable[Moment]) -> float:
    """The largest scale tried up to which a rule and a finer one agree; infinite if at all.

    An activation that oscillates, as ``sin(h)`` does, is resolved up to some scale only; one
    whose formula overflows is not a number beyond another; averages of one that grows quickly
    come from fields beyond the rules' reach from some scale on.

    Parameters
    ----------
    activation
        That of student and teacher.
    moments
        Moments that are found by quadrature.

    Raises
    ------
    InputError
        If there is none.
    """
    moments = set(moments)
    for factor in {teacher_factor(activation, moment, _U) for moment in moments}:
        if beyond(by_numpy(factor, _U), REACH) > ACCURATE:
            raise too_quick(activation)
    factors = {student_factor(activation, moment, _U, False) for moment in moments}
    functions = [by_numpy(f, _U, FIELD_STD) for f in sorted(factors, key=str)]
    at = np.array(activation.kinks, dtype=np.float64)
    largest = 0.0
    for scale in (2.0**power for power in POWERS):
        if not all(_is_resolved(function, at, scale) for function in functions):
            break
        largest = scale
    else:
        return math.inf
    if largest == 0.0:
        reason = "its averages cannot be found by quadrature; one that changes more slowly can"
        raise InputError("activation", activation.formula, reason)
    return largest


def _is_resolved(function: object, at: Array, scale: float) -> bool:
    far = 6.0 * 2.0 ** np.arange(1, math.ceil(math.log2(scale)) + 2)
    finer = np.sort(np.concatenate([at, CUTS, far, -far]))
    means, sizes = [], []
    for cuts in (at, finer):
        u, weight = student_rule(cuts, 0.0, scale, FINE)
        with np.errstate(all="ignore"):
            values = np.broadcast_to(function(u, scale), u.shape)  # type: ignore[operator]
            # With every power of u that a moment may bring.
            means.append([weight @ (values * u**k) for k in range(3)])
            sizes.append(math.sqrt(weight @ values**2))
    if not np.isfinite(means).all():
        return False
    difference = np.abs(np.array(means[0]) - means[1]).max()
    tail = beyond(lambda u: u**2 * function(u, scale), REACH)  # type: ignore[operator]
    return bool(difference <= ACCURATE * sizes[-1] and tail <= ACCURATE)
