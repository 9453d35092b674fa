"""Predicted fluctuations of runs at finite N around the flow (theory.md, section 6)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..codegen.modules import from_template, generated
from ..results.checks import integer
from ..teacher_student.hooks import structure
from ..teacher_student.problem import Problem
from ..teacher_student.schedule import check_schedule, stored_times
from .flow import ATOL, RTOL, Flow, FlowError, flow_kernels, parameters

Array = np.ndarray
#: N times a variance below this is not resolved, and counts as none.
SMALLEST_VARIANCE = 1e-11
#: Steps of the joint flow; it is not stiffer than the flow itself.
MAX_STEPS = 200_000


@dataclass(frozen=True)
class Fluctuations:
    """Scatter of single runs around the flow, and the shift of their mean, to first order in 1/N.

    Attributes
    ----------
    problem
        The setting.
    t
        Times, shape (times,).
    mean
        Order parameters of the flow in the order of ``problem.order_parameters``, shape
        (times, n).
    covariance
        N times the covariance of one run, shape (times, n, n).
    shift
        N times the shift of the runs' mean from the flow, shape (times, n).
    propagators
        From each stored time to the next, shape (times - 1, n, n).
    innovations
        N times the covariance that a run takes on from each stored time to the next, beyond
        what the propagator carries over, shape (times - 1, n, n).
    """

    problem: Problem
    t: Array
    mean: Array
    covariance: Array
    shift: Array
    propagators: Array
    innovations: Array

    def std(self, dim: int, runs: int = 1) -> dict[str, Array]:
        """Predicted standard deviation of ``Q R L error`` (and gamma, beta) at N = dim.

        Parameters
        ----------
        dim
            Input dimension N.
        runs
            Of the mean over so many runs.
        """
        variance = np.einsum("tqi,tij,tqj->tq", self._slopes, self.covariance, self._slopes)
        spread = np.sqrt(np.maximum(variance, 0.0) / (dim * runs))
        return dict(zip(self.quantities, spread.T, strict=True))

    def mean_shift(self, dim: int) -> dict[str, Array]:
        """Predicted shift of the runs' mean of every quantity at N = dim."""
        curvature = np.einsum("tqij,tij->tq", self._curvatures, self.covariance) / 2
        shift = (np.einsum("tqi,ti->tq", self._slopes, self.shift) + curvature) / dim
        return dict(zip(self.quantities, shift.T, strict=True))

    def correlation(self) -> Array:
        """Correlations of the order parameters, shape (times, n, n); 0 where one is fixed."""
        spread = np.sqrt(np.einsum("tii->ti", self.covariance))
        scale = spread[:, :, None] * spread[:, None, :]
        safe = np.where(scale > 0, scale, 1.0)
        correlation: Array = np.where(scale > 0, self.covariance / safe, 0.0)
        return correlation

    def two_time(self, early: int, late: int) -> Array:
        """N times the covariance of the state at two stored times, ``late`` by ``early``.

        Raises
        ------
        ValueError
            Unless ``early <= late`` are indices of stored times.
        """
        if not 0 <= early <= late < self.t.size:
            raise ValueError(f"early={early!r}, late={late!r}: ordered time indices are accepted")
        carried = self.covariance[early]
        for step in self.propagators[early:late]:
            carried = step @ carried
        return carried

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names that `std` and `mean_shift` report."""
        return ("Q", "error", *self.problem.order_parameters)

    @cached_property
    def _slopes(self) -> Array:
        """Derivatives of the quantities by the order parameters, (times, quantities, n)."""
        n = self.mean.shape[1]
        own = np.broadcast_to(np.eye(n), (self.t.size, n, n))
        return np.concatenate([self._derivatives[0], own], axis=1)

    @cached_property
    def _curvatures(self) -> Array:
        n = self.mean.shape[1]
        return np.concatenate([self._derivatives[1], np.zeros((self.t.size, n, n, n))], axis=1)

    @cached_property
    def _derivatives(self) -> tuple[Array, Array]:
        """First and second derivatives of Q and the error, by central differences."""
        kernels = flow_kernels(self.problem)
        R = self.problem.order_parameters.index("R")
        n = self.mean.shape[1]
        slopes, curvatures = np.empty((self.t.size, 2, n)), np.empty((self.t.size, 2, n, n))
        for k, x in enumerate(self.mean):
            step = np.full(n, 1e-4)
            step[R] = min(1e-4, max(1e-9, (1 - abs(x[R])) / 3))  # R stays within [-1, 1]
            slopes[k], curvatures[k] = _differences(kernels.observables, x, step)
        return slopes, curvatures


def _differences(function: Any, x: Array, step: Array) -> tuple[Array, Array]:
    n = x.size
    moves = np.diag(step)

    def at(move: Array) -> Array:
        return np.array(function(x + move))

    slope, curvature = np.empty((2, n)), np.empty((2, n, n))
    for i in range(n):
        slope[:, i] = (at(moves[i]) - at(-moves[i])) / (2 * step[i])
        for j in range(i, n):
            plus = at(moves[i] + moves[j]) + at(-moves[i] - moves[j])
            minus = at(moves[i] - moves[j]) + at(moves[j] - moves[i])
            curvature[:, i, j] = (plus - minus) / (4 * step[i] * step[j])
            curvature[:, j, i] = curvature[:, i, j]
    return slope, curvature


def fluctuations(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    rtol: float = RTOL,
    atol: float = ATOL,
) -> Fluctuations:
    """Predict the fluctuations of runs that all start at the problem's start.

    Parameters
    ----------
    problem
        The setting.
    time, points, times, rtol, atol
        As for `bntheory.integrate`.

    Returns
    -------
    Fluctuations

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    FlowError
        If the flow does not reach the last time.

    Examples
    --------
    >>> import bntheory as bn
    >>> predicted = fluctuations(bn.Problem(scheme="wn"), time=5, points=6)
    >>> bool(0.001 < predicted.std(dim=1000)["R"][-1] < 0.1)
    True
    """
    stored = stored_times(time, points, times)
    check_schedule(problem, stored[-1])
    kernels = fluctuation_kernels(problem)
    n = len(problem.order_parameters)
    joint = np.concatenate([problem.start, np.zeros(kernels.SIZE - n)])
    p = np.concatenate([parameters(problem), [1.0], np.zeros(kernels.SCRATCH)])
    rows, propagators, innovations = np.empty((stored.size, kernels.SIZE)), [], []
    at = 0.0
    for k, t in enumerate(stored):
        innovations.append(_innovation(kernels, joint[:n], p, at, t, rtol))
        joint[-n * n :] = np.eye(n).ravel()
        _advance(kernels, joint, p, at, t, rtol, atol)
        rows[k], at = joint, t
        propagators.append(joint[-n * n :].reshape(n, n).copy())
    triangle, shift = n + n * (n + 1) // 2, kernels.SIZE - n * n
    return Fluctuations(
        problem,
        stored,
        rows[:, :n],
        _symmetric(rows[:, n:triangle], n),
        rows[:, triangle:shift],
        np.array(propagators[1:]).reshape(-1, n, n),
        np.array(innovations[1:]).reshape(-1, n, n),
    )


def fluctuation_kernels(problem: Problem) -> Any:
    """The compiled joint flow of a problem's formulas: from the disk, or derived now."""

    def write() -> str:
        from .derive import derive_drift
        from .diffusion import derive_diffusion
        from .fluctuation_source import fluctuation_source

        source = fluctuation_source(derive_drift(problem), derive_diffusion(problem))
        joint = from_template("odes/fluctuation_rhs.py", source)
        return from_template("odes/integrator.py", joint)

    return generated("fluctuations", structure(problem), write)


def with_fluctuations(flow: Flow, dim: int) -> Flow:
    """A flow with the predicted spread and shift of runs at N = dim.

    Parameters
    ----------
    flow
        A complete flow of a scheme whose field is one example's own.
    dim
        Input dimension N.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    FlowError
        If the flow is not complete.
    """
    size = integer("dim", dim, 3)
    predicted = fluctuations(flow.raise_for_status().problem, times=flow.t)
    return replace(flow, std=predicted.std(size), shift=predicted.mean_shift(size), dim=size)


def _innovation(kernels: Any, x: Array, p: Array, begin: float, end: float, rtol: float) -> Array:
    """Covariance taken on within one interval, started from none.

    As a difference of covariances it would drown in their rounding once the runs have settled.
    """
    n = x.size
    joint, alone = np.concatenate([x, np.zeros(kernels.SIZE - n)]), p.copy()
    alone[6] = 0.0
    _advance(kernels, joint, alone, begin, end, rtol, SMALLEST_VARIANCE / 1000)
    return _symmetric(joint[None, n : n + n * (n + 1) // 2], n)[0]


def _symmetric(triangles: Array, n: int) -> Array:
    full = np.empty((len(triangles), n, n))
    i, j = np.triu_indices(n)
    full[:, i, j] = triangles
    full[:, j, i] = triangles
    return full


def _advance(
    kernels: Any, z: Array, p: Array, begin: float, end: float, rtol: float, atol: float
) -> None:
    """Carry the joint state from one time to another, in place."""
    if end <= begin:
        return
    out, reached = np.empty((1, z.size)), np.zeros(1)
    status, _, _ = kernels.integrate(
        z, np.array([end]), p, rtol, atol, MAX_STEPS, out, reached, begin
    )
    if status != kernels.COMPLETE or not math.isfinite(out.sum()):
        raise FlowError(f"the flow of the fluctuations ended at t = {reached[0]:g}")
    z[:] = out[0]
