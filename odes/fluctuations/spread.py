"""The spread of runs at finite N: whether there is one, and a flow that carries it."""

from __future__ import annotations

from dataclasses import replace

from ...results.checks import integer
from ...teacher_student.optimisers import plain
from ...teacher_student.problem import Problem
from ...teacher_student.spectral import isotropic
from ..flow.trajectory import Flow
from ..tables.table_quadrature import Progress
from .covariance import fluctuations
from .diffusion_tables import smallest_scatter
from .joint_flow import fluctuation_kernels

#: Where r is clipped the scatter of a step holds 1/s^4, and its mean is infinite below.
SMALLEST_CORRECTED = 6


def tails_allow(problem: Problem, power: int) -> bool:
    """Whether this power of the signal has a mean under the problem's noise."""
    if not problem.heavy_tails or problem.clip is not None:
        return True
    return problem.noise_law_.degrees > power * problem.loss_.growth


def scatter_is_finite(problem: Problem) -> bool:
    """Whether a run's scatter exists: in small batches, and under noise with heavy tails, that of
    L (and of R) is infinite."""
    if not tails_allow(problem, 4):
        return False
    return smallest_scatter(problem, fluctuation_kernels(problem)) <= problem.m


def spread_is_measurable(problem: Problem) -> bool:
    """Whether runs can measure their own spread: at the smallest batch with a finite scatter the
    sampling error of that scatter is infinite still (theory page 4)."""
    if not tails_allow(problem, 8):
        return False
    if not problem.plain_steps:  # AdaGrad-norm divides by what a batch leaves infinite: as for SGD
        return not problem.uses_batch or spread_is_measurable(plain(problem))
    if problem.spectrum_ is not None:  # powers of 1/s are those of the batch size alone
        if not problem.uses_batch:
            return True
        problem = isotropic(problem)
    normaliser = problem.scheme_.normaliser
    if normaliser == "batch":
        smallest = smallest_scatter(problem, fluctuation_kernels(problem))
    elif normaliser == "corrected":
        smallest = SMALLEST_CORRECTED
    else:  # 1/V has all its means, if V remembers
        smallest = 1 if problem.running_momentum < 1.0 else SMALLEST_CORRECTED
    return smallest == 1 or smallest < problem.m


def with_fluctuations(
    flow: Flow, dim: int, runs: int = 1, progress: Progress | None = None
) -> Flow:
    """A flow with the predicted spread and shift of runs at N = dim.

    Parameters
    ----------
    flow
        A complete flow.
    dim
        Input dimension N.
    runs
        The spread is that of a mean over so many runs.
    progress
        As for `fluctuations`.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    FlowError
        If the flow is not complete.
    """
    size, count = integer("dim", dim, 3), integer("runs", runs, 1)
    predicted = fluctuations(flow.raise_for_status().problem, times=flow.t, progress=progress)
    spread, shift = predicted.std(size, count), predicted.mean_shift(size)
    if flow.problem.momentum:
        shift = {}  # it has no prediction; an inertial flow has most of it
    return replace(flow, std=spread, shift=shift, dim=size, averaged=count)
