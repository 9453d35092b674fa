"""The inertial flow: momentum that remembers a number of steps of order N (theory, section 8)."""

from __future__ import annotations

from typing import cast

import numpy as np

from ...codegen.modules import generated, kernel_texts
from ...codegen.system import FlowSystem
from ...results.checks import number
from ...results.errors import InputError
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.momentum import inertia, steps_behind
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import refuse_running
from .flow_kernels import check_batch, own_numbers
from .known_moments import Tables
from .rows import Flows
from .spectral import block_numbers, block_state, room_for, spectral_kernels

Array = np.ndarray

#: Kernels that integrate an inertial system.
PARTS = ("controller", "exponential", "led", "inertial")
INERTIAL = tuple(f"odes/kernels/{name}" for name in PARTS)
#: Beyond, the flow differs from that of fixed momentum by less than a step's error.
LARGEST_INERTIA = 1e12
#: ``1 - R^2`` that R does not hold.
LOST = 1e-13


def inertial_kernels(problem: Problem) -> FlowSystem:
    """The compiled inertial flow of a problem's formulas: from the disk, or derived now."""
    problem = problem.limit
    if problem.spectrum_ is not None:
        return spectral_kernels(problem, problem.spectrum_, inertial=True)

    def write() -> dict[str, str]:
        from ..derivation.drift import derive_drift
        from ..derivation.signal_kernels import signals_of
        from ..source.flow_source import inertial_source

        with derivable(problem):
            system = inertial_source(derive_drift(problem))
        return signals_of(problem) | {"system": system} | kernel_texts(*INERTIAL)

    return cast(FlowSystem, generated("inertial", structure(problem), write))


def inertial_start(problem: Problem, kappa: float) -> Flows:
    """The inertial flow of a problem at time 0, where nothing moves yet.

    Parameters
    ----------
    problem
        With a momentum, of which the flow keeps ``eta / (1 - momentum)`` alone.
    kappa
        ``N (1 - momentum)``, the rate at which gradients are forgotten, in units of 1/time.

    Raises
    ------
    ValueError
        Without momentum, for a kappa that is not above 0, or a batch that has no flow.
    """
    kappa = number("inertia", kappa, above=0.0, most=LARGEST_INERTIA)
    if not problem.momentum:
        raise InputError("inertia", kappa, "accepted with a momentum above 0")
    refuse_running(problem, "inertial flows know no running statistics")
    check_batch(problem)
    kernels, numbers = inertial_kernels(problem), own_numbers(_coupled(problem))
    limit, spectrum = problem.limit, problem.spectrum_
    outside = limit.weight_decay if problem.decoupled_decay else 0.0
    start, blocks = np.array(problem.initial_state), np.empty(0)
    if spectrum is not None:
        start, blocks = block_state(problem, spectrum), block_numbers(problem, spectrum)
    state = np.zeros((1, kernels.SIZE))
    state[0, : start.size] = start
    row = np.array([[*numbers, *blocks, kappa, outside]])
    return Flows(problem, kernels, state, row, np.zeros(1), np.zeros(1, dtype=np.int64),
                 beside=blocks.size + 2)  # fmt: skip


def _velocities(problem: Problem, kernels: FlowSystem) -> tuple[slice, slice, slice]:
    """Where a state has what moves from the first step on; and E and D, one or of every block."""
    push: int = kernels.PUSH  # type: ignore[attr-defined]
    first, count = len(problem.initial_state), 1
    if problem.spectrum_ is not None:
        first, count = kernels.LENGTH + 1, room_for(problem.spectrum_)
    E, D = slice(push, push + count), slice(push + 2 * count, push + 3 * count)
    return slice(first, D.start), E, D


def runs_start(problem: Problem, dim: int) -> Flows:
    """The inertial flow of runs at N = dim, up to what their scatter shifts.

    Runs do not begin at rest: their first step has its whole length. In the end they are `lag`
    steps behind a student without memory, where the flow is ``lag + 1/2``. It is where they are
    if half a step is in its velocities when it begins; and its squared length where theirs is, if
    E has in the beginning what noise has added more to theirs.

    Parameters
    ----------
    problem
        With a momentum.
    dim
        N.

    Raises
    ------
    ValueError
        As `inertial_start`.
    """
    kappa = min(inertia(problem, dim), LARGEST_INERTIA)  # beyond, nothing is seen of it
    flows = inertial_start(problem, kappa)
    kernels, y = flows.kernels, flows.states[0]
    if not Tables(flows).enter(np.zeros(1, dtype=np.int64)).size:
        return flows  # it ends where it begins: no moments are known there
    p = flows.row(0)
    slopes = np.empty_like(y)
    kernels.rhs(0.0, y, p, slopes)
    # At rest: kappa times what drives them.
    moving, E, D = _velocities(problem, kernels)
    y[moving] = slopes[moving] / (2.0 * dim)
    square, eta = slopes[D] / kappa, kernels.learning_rate(0.0, p[0])
    y[E] += 0.5 * eta * square * (1.5 - kappa / dim * steps_behind(problem))
    return flows


def beyond_rounding(problem: Problem, t: Array, R: Array) -> str:
    """What is to be said of a flow whose misalignment was lost in R, and may have come back.

    Without inertia the logarithm of ``1 - R^2`` is followed there (`odes.flow.alignment`).
    """
    lost = 1.0 - R**2 < LOST
    if problem.noise > 0.0 or not problem.limit.weight_decay or not lost.any():
        return ""
    at = f"1 - R^2 is below rounding at t = {t[lost.argmax()]:g}"
    return f"{at}; weight decay brings it back, and with inertia earlier than it should"


def _coupled(problem: Problem) -> Problem:
    """The problem's limit with the weight decay that is part of the gradient alone."""
    limit = problem.limit
    return limit.replace(weight_decay=0.0) if problem.decoupled_decay else limit
