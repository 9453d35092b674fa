"""The joint flow of mean, covariance, shift and propagators: its kernels and how it is run."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...codegen.modules import generated, kernel_texts
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.problem import Problem
from ...teacher_student.spectral import refuse_spectrum
from ..flow.flow_kernels import LOOP, flow_kernels, parameters
from ..flow.trajectory import FlowError
from ..tables.regions import widened
from ..tables.table_quadrature import Progress
from .diffusion_tables import diffusion_table

Array = np.ndarray
#: A prediction to first order in 1/N needs fewer digits than the flow itself.
RTOL, ATOL = 1e-4, 1e-10
#: Steps of the joint flow; it is not stiffer than the flow itself.
MAX_STEPS = 200_000
#: Intervals whose propagators follow from one solution, unless it is worse conditioned than this.
INTERVALS, WORST_CONDITION = 10, 1e6


def joint_parameters(
    problem: Problem, kernels: Any, mode: int, extent: float, progress: Progress | None = None
) -> Array:
    """The numbers that the joint flow takes: the flow's own, the diffusion's table, scratch space
    and the three numbers of `fluctuation_rhs`. ``extent`` multiplies the tables' ranges."""
    problem = problem.limit
    own = parameters(problem, widened(kernels.SINGULAR, extent), progress)
    made = diffusion_table(problem, kernels, extent, progress)
    scratch = np.zeros(kernels.SCRATCH)
    ends = [own.size + made.size, mode, own.size]
    return np.concatenate([own, made, scratch, ends])


def fluctuation_kernels(problem: Problem) -> Any:
    """The compiled joint flow of a problem's formulas: from the disk, or derived now."""
    refuse_spectrum(problem, "the scatter of runs has a theory for isotropic inputs")
    problem = problem.limit
    flow = flow_kernels(problem).__name__  # importable from here on, too

    def write() -> dict[str, str]:
        from ..derivation.drift import derive_drift
        from ..source.fluctuation_source import fluctuation_source

        with derivable(problem):
            mean = fluctuation_source(derive_drift(problem), flow)
        # The joint flow is the system that the loop integrates.
        system = kernel_texts("odes/kernels/joint")["joint"]
        return {"mean": mean, "system": system} | kernel_texts(*LOOP)

    return generated("fluctuations", structure(problem), write)


def propagators(problem: Problem, t: Array, mean: Array, extent: float) -> Array:
    """The propagators between stored times, several at a time; shape (times - 1, n, n).

    Over a few intervals they follow from one solution, ``Phi(k+1) Phi(k)^-1``; where that is
    ill-conditioned each interval is solved by itself.
    """
    n = mean.shape[1]
    kernels = fluctuation_kernels(problem)
    p = joint_parameters(problem, kernels, kernels.PROPAGATOR, extent)
    steps: list[Array] = []
    together = INTERVALS
    while len(steps) < t.size - 1:
        first = len(steps)
        start = np.concatenate([mean[first], np.zeros(kernels.SIZE - n - n * n), np.eye(n).ravel()])
        ends = t[first + 1 : first + 1 + together]
        rows, reached = advance(kernels, start, p, t[first], ends, RTOL, ATOL)
        if len(rows) < ends.size:
            raise FlowError(f"the flow of the fluctuations ended at t = {reached:g}")
        solved = [np.eye(n), *rows[:, -n * n :].reshape(-1, n, n)]
        if together > 1 and max(map(np.linalg.cond, solved)) > WORST_CONDITION:
            together = 1
            continue
        steps += [late @ np.linalg.inv(early) for early, late in itertools.pairwise(solved)]
        together = INTERVALS
    return np.array(steps).reshape(-1, n, n)


def advance(
    kernels: Any, z: Array, p: Array, begin: float, ends: Array, rtol: float, atol: float
) -> tuple[Array, float]:
    """Carry the joint state from one time on; rows at those of the ends that were reached."""
    out, reached = np.empty((ends.size, z.size)), np.zeros(1)
    _, count, _ = kernels.integrate(z, ends, p, rtol, atol, MAX_STEPS, out, reached, begin)
    finite = np.isfinite(out[:count]).all(axis=1)
    return out[: count if finite.all() else int(finite.argmin())], float(reached[0])
