"""Predicted fluctuations of runs at finite N around the flow (theory page 6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ...results.errors import InputError
from ...results.files import dataset
from ...results.tabular import Tabular
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ...teacher_student.schedule import check_schedule, stored_times
from ..flow.trajectory import FlowError
from ..tables.table_quadrature import Progress
from .joint_flow import ATOL, RTOL, advance, fluctuation_kernels, joint_parameters, propagators

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: How far the ranges of the tables are extended when a flow leaves them.
EXTENTS = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Fluctuations(Tabular):
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
        N times the shift of the runs' mean from the flow, shape (times, n). NaN under momentum,
        whose inertia shifts them: `bntheory.integrate` takes it into the flow.
    extent
        Range of the tables that a scheme without closed moments needed.
    """

    problem: Problem
    t: Array
    mean: Array
    covariance: Array
    shift: Array
    extent: float = 1.0

    def std(self, dim: int, runs: int = 1) -> dict[str, Array]:
        """Predicted standard deviation of ``Q R L error`` (and gamma, beta) at N = dim.

        Parameters
        ----------
        dim
            Input dimension N.
        runs
            Of the mean over so many runs.
        """
        first = np.einsum("tqi,tij,tqj->tq", self.slopes, self.covariance, self.slopes)
        bent = np.einsum("tqij,tjk->tqik", self._curvatures, self.covariance)
        second = np.einsum("tqij,tqji->tq", bent, bent) / 2  # of a quantity near its optimum
        variance = np.maximum(first, 0.0) / dim + np.maximum(second, 0.0) / dim**2
        spread = np.sqrt(variance / runs)
        return dict(zip(self.quantities, spread.T, strict=True))

    def mean_shift(self, dim: int) -> dict[str, Array]:
        """Predicted shift of the runs' mean of every quantity at N = dim."""
        curvature = np.einsum("tqij,tij->tq", self._curvatures, self.covariance) / 2
        shift = (np.einsum("tqi,ti->tq", self.slopes, self.shift) + curvature) / dim
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
            raise InputError("early", early, f", late={late!r}: ordered time indices are accepted")
        carried = self.covariance[early]
        for step in self.propagators[early:late]:
            carried = step @ carried
        return carried

    @cached_property
    def trajectory_covariance(self) -> Array:
        """N times the covariance of a run's whole trajectory, shape (times, n, times, n)."""
        times, n = self.mean.shape
        full = np.empty((times, n, times, n))
        carried = np.empty((0, n, n))  # covariances of this time with every earlier one
        for k in range(times):
            if k:
                carried = self.propagators[k - 1] @ carried
            carried = np.concatenate([carried, self.covariance[k : k + 1]])
            full[k, :, : k + 1, :] = carried.transpose(1, 0, 2)
            full[: k + 1, :, k, :] = carried.transpose(0, 2, 1)
        return full

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "parameters": list(self.problem.order_parameters),
            "t": self.t,
            "mean": self.mean,
            "shift": self.shift,
            "covariance": self.covariance,
            "correlation": self.correlation(),
        }

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, then mean, shift and variance by name, the last two times N."""
        table = {"t": self.t}
        for i, name in enumerate(self.problem.order_parameters):
            table |= {f"{name}_mean": self.mean[:, i], f"{name}_shift": self.shift[:, i]}
            table[f"{name}_variance"] = self.covariance[:, i, i]
        return table

    def to_dataset(self) -> xarray.Dataset:
        """Everything, with the dimensions ``t``, ``parameter`` and ``other`` (order parameters)."""
        names = list(self.problem.order_parameters)
        pair = ("t", "parameter", "other")
        return dataset(
            {
                "mean": (("t", "parameter"), self.mean),
                "shift": (("t", "parameter"), self.shift),
                "covariance": (pair, self.covariance),
                "correlation": (pair, self.correlation()),
            },
            {"t": self.t, "parameter": names, "other": names},
            {"problem": self.problem.to_json()},
        )

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names that `std` and `mean_shift` report."""
        return ("Q", "error", *self.problem.order_parameters)

    @cached_property
    def propagators(self) -> Array:
        """What a displacement becomes from each stored time to the next, (times - 1, n, n)."""
        return propagators(self.problem, self.t, self.mean, self.extent)

    @cached_property
    def slopes(self) -> Array:
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
        """First and second derivatives of Q and the error."""
        times, n = self.mean.shape
        slopes, curvatures = np.empty((times, 2, n)), np.empty((times, 2, n, n))
        kernels = fluctuation_kernels(self.problem)
        kernels.observe_derivatives(np.ascontiguousarray(self.mean), slopes, curvatures)
        return slopes, curvatures


def fluctuations(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    rtol: float = RTOL,
    atol: float = ATOL,
    progress: Progress | None = None,
) -> Fluctuations:
    """Predict the fluctuations of runs that all start at the problem's start.

    Parameters
    ----------
    problem
        The setting.
    time, points, times, progress
        As for `bntheory.integrate`.
    rtol, atol
        Relative and absolute bounds on the error of a step. A prediction to first order in 1/N
        needs fewer digits than the flow itself.

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
    check_problem(problem)
    stored = stored_times(time, points, times)
    check_schedule(problem, stored[-1])
    kernels = fluctuation_kernels(problem)
    n = len(problem.order_parameters)
    for extent in EXTENTS if kernels.HAS_RANGE or kernels.DIFFUSION_TABLE else EXTENTS[:1]:
        p = joint_parameters(problem, kernels, kernels.SHIFT, extent, progress)
        start = np.concatenate([problem.initial_state, np.zeros(kernels.SIZE - n)])
        rows, reached = advance(kernels, start, p, 0.0, stored, rtol, atol)
        if len(rows) == stored.size:
            break
    else:
        raise FlowError(f"the flow of the fluctuations ended at t = {reached:g}")
    triangle, shift = n + n * (n + 1) // 2, kernels.SIZE - n * n
    covariance = _symmetric(rows[:, n:triangle], n)
    shifts = np.where(problem.momentum > 0.0, np.nan, rows[:, triangle:shift])
    return Fluctuations(problem, stored, rows[:, :n], covariance, shifts, extent)


def _symmetric(triangles: Array, n: int) -> Array:
    full = np.empty((len(triangles), n, n))
    i, j = np.triu_indices(n)
    full[:, i, j] = triangles
    full[:, j, i] = triangles
    return full
