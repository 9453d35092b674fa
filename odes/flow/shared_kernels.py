"""Which flows share compiled kernels although their activations have different named numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import numpy as np

from ...codegen.system import FlowSystem
from ...teacher_student.carried import Carried, carried
from ...teacher_student.named_numbers import put_in
from ...teacher_student.problem import Problem

Array = np.ndarray


#: Numbers an octave at which the range of scales is asked for, which takes a second each.
AN_OCTAVE = 8


def shared_kernels(problem: Problem, columns: Mapping[str, Array]) -> Carried | None:
    """The problem with named numbers as symbols, if its flows are solved as well that way.

    Parameters
    ----------
    problem, columns
        As for `at_start` of `bntheory.odes.flow.rows`.

    Returns
    -------
    Carried or None
        None where each value needs kernels of its own: also where an alignment may fall below
        rounding and come back (`bntheory.odes.flow.alignment`), which is followed in other states.
    """
    if not problem.parameters:
        return None
    silent = np.min(columns.get("noise", problem.noise)) == 0.0
    decays = np.max(columns.get("weight_decay", problem.weight_decay)) > 0.0
    return None if silent and decays else carried(problem)


def constants(problem: Problem, shared: Carried) -> list[float]:
    """What stands behind the order parameters: the numbers, and one over the largest scale."""
    numbers = [problem.parameters[name] for name in shared.carried]
    return [*numbers, 1.0 / _largest_scale(problem, shared)]


def largest_scale(kernels: FlowSystem, y: Array) -> float:
    """Up to which scale of the field the quadratures of a flow resolve its activation.

    Parameters
    ----------
    kernels
        Of the flow.
    y
        Its state.
    """
    if not getattr(kernels, "CARRIES_SCALE", False):
        return float(kernels.LARGEST_SCALE)
    return float(1.0 / y[-1]) if y[-1] > 0.0 else math.inf


def _largest_scale(problem: Problem, shared: Carried) -> float:
    """That of the numbers' neighbours on a grid if they agree, else their own."""

    def asked(side: Callable[[float], float]) -> float:
        numbers = {name: side(value) for name, value in problem.parameters.items()}
        return _resolved(shared, put_in(problem.activation, numbers))

    below, above = asked(partial(_neighbour, math.floor)), asked(partial(_neighbour, math.ceil))
    return below if below == above else _resolved(shared, problem.formula("activation"))


def _neighbour(rounded: Callable[[float], int], value: float) -> float:
    if not value:
        return value
    power = rounded(AN_OCTAVE * math.log2(abs(value))) / AN_OCTAVE
    return math.copysign(2.0**power, value)


@lru_cache(maxsize=4096)
def _resolved(problem: Carried, activation: str) -> float:
    """The largest scale at which quadratures resolve an activation, with its numbers."""
    from ...teacher_student.activations import Activation
    from ..derivation.drift import derive_drift
    from ..derivation.gaussian_moments import Moment
    from ..derivation.routes import routes_of
    from ..source.resolution import resolved_scale

    found = derive_drift(problem, routes=routes_of(problem)).by_quadrature.values()
    wanted = [moment for moment in found if isinstance(moment, Moment)]
    return resolved_scale(Activation.named(activation), wanted)
