"""Predicted fluctuations of runs at finite N around the flow (theory.md, section 6)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..teacher_student.problem import Problem
from ..teacher_student.schedule import check_schedule, stored_times
from .flow import ATOL, RTOL, FlowError, flow_kernels, parameters
from .fluctuation_source import fluctuation_kernels

Array = np.ndarray
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
    """

    problem: Problem
    t: Array
    mean: Array
    covariance: Array
    shift: Array
    propagators: Array

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
    >>> predicted = bn.fluctuations(bn.Problem(scheme="wn"), time=5, points=6)
    >>> bool(0.001 < predicted.std(dim=1000)["R"][-1] < 0.1)
    True
    """
    stored = stored_times(time, points, times)
    check_schedule(problem, stored[-1])
    kernels = fluctuation_kernels(problem)
    n = len(problem.order_parameters)
    z, p = _start(problem, n), _numbers(problem, kernels)
    rows, propagators = np.empty((stored.size, n + n * (n + 1) // 2 + n)), []
    at = 0.0
    for k, t in enumerate(stored):
        z[-n * n :] = np.eye(n).ravel()
        _advance(kernels, z, p, at, t, rtol, atol)
        rows[k], at = z[: -n * n], t
        propagators.append(z[-n * n :].reshape(n, n).copy())
    mean, triangle, shift = np.split(rows, [n, rows.shape[1] - n], axis=1)
    covariance = np.empty((stored.size, n, n))
    upper = np.triu_indices(n)
    covariance[:, upper[0], upper[1]] = triangle
    covariance[:, upper[1], upper[0]] = triangle
    steps = np.array(propagators[1:]).reshape(-1, n, n)
    return Fluctuations(problem, stored, mean, covariance, shift, steps)


def _start(problem: Problem, n: int) -> Array:
    joint = n + n * (n + 1) // 2 + n + n * n
    return np.concatenate([problem.start, np.zeros(joint - n)])


def _numbers(problem: Problem, kernels: Any) -> Array:
    return np.concatenate([parameters(problem), [1.0], np.zeros(kernels.SCRATCH)])


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
