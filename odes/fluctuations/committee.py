"""Predicted fluctuations of a committee's runs at finite N (theory page 10)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...results.files import dataset
from ...results.tabular import Tabular
from ...teacher_student.committee.order import entries
from ...teacher_student.problem import Problem
from ..committee.integrate import solve_committee
from ..committee.points import Sampling
from ..flow.trajectory import FlowError
from ..tables.table_quadrature import Progress
from .committee_flow import coefficients, nodes_of, solved
from .committee_steps import check_scatter

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: Steps and bounds of the flow along which all is found: to first order in 1/N it needs no more.
BOUNDS = (1e-7, 1e-9, 100_000)
#: Times between which nodes are chosen, and scramblings of a sampled flow.
BETWEEN, SCRAMBLINGS = 201, 2


@dataclass(frozen=True)
class CommitteeFluctuations(Tabular):
    """Scatter of a committee's runs around the flow, and the shift of their mean.

    To first order in 1/N, in the coordinates ``gamma``, ``beta``, A and the upper triangle of C, in
    the order of ``problem.committee.state_space``.

    Attributes
    ----------
    problem
        The setting.
    t
        Times, shape (times,).
    mean
        The flow, shape (times, n).
    covariance
        N times the covariance of one run, shape (times, n, n).
    shift
        N times the shift of the runs' mean from the flow, shape (times, n).
    propagators
        What a displacement becomes from each time to the next, shape (times - 1, n, n).
    """

    problem: Problem
    t: Array
    mean: Array
    covariance: Array
    shift: Array
    propagators: Array

    @property
    def names(self) -> list[str]:
        """Of the coordinates: ``gamma_1``, ``A_12``, ``C_11``."""
        blocks = self.problem.committee.state_space.unpack(self.mean[:1])
        return [own for name, of in blocks.items() for own, _ in entries(name, of)]

    @cached_property
    def trajectory_covariance(self) -> Array:
        """N times the covariance of a run's whole trajectory, shape (times, n, times, n)."""
        times, n = self.mean.shape
        full = np.empty((times, n, times, n))
        carried = np.empty((0, n, n))
        for k in range(times):
            if k:
                carried = self.propagators[k - 1] @ carried
            carried = np.concatenate([carried, self.covariance[k : k + 1]])
            full[k, :, : k + 1, :] = carried.transpose(1, 0, 2)
            full[: k + 1, :, k, :] = carried.transpose(0, 2, 1)
        return full

    def std(self, dim: int, runs: int = 1) -> dict[str, Array]:
        """Predicted standard deviation by coordinate at N = dim, of a mean over so many runs."""
        variance = np.maximum(np.einsum("tii->ti", self.covariance), 0.0) / (dim * runs)
        return dict(zip(self.names, np.sqrt(variance).T, strict=True))

    def mean_shift(self, dim: int) -> dict[str, Array]:
        """Predicted shift of the runs' mean by coordinate at N = dim."""
        return dict(zip(self.names, self.shift.T / dim, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "parameters": self.names,
            "t": self.t,
            "mean": self.mean,
            "shift": self.shift,
            "covariance": self.covariance,
        }

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, then mean, shift and variance by name, the last two times N."""
        table = {"t": self.t}
        for i, name in enumerate(self.names):
            table |= {f"{name}_mean": self.mean[:, i], f"{name}_shift": self.shift[:, i]}
            table[f"{name}_variance"] = self.covariance[:, i, i]
        return table

    def to_dataset(self) -> xarray.Dataset:
        """Everything, with the dimensions ``t``, ``parameter`` and ``other``."""
        return dataset(
            {
                "mean": (("t", "parameter"), self.mean),
                "shift": (("t", "parameter"), self.shift),
                "covariance": (("t", "parameter", "other"), self.covariance),
            },
            {"t": self.t, "parameter": self.names, "other": self.names},
            {"problem": self.problem.to_json()},
        )


def committee_fluctuations(
    problem: Problem, times: Array, progress: Progress | None = None
) -> CommitteeFluctuations:
    """Predict the fluctuations of a committee's runs, which all start at its start.

    Parameters
    ----------
    problem
        The setting.
    times
        Stored times, increasing from 0 on, in steps / N.
    progress
        Called with (work done, work in all).

    Raises
    ------
    InputError
        Where runs have no scatter that is finite (`committee_steps.check_scatter`).
    FlowError
        If the flow does not reach the last time.

    Examples
    --------
    >>> import bntheory as bn
    >>> problem = bn.Problem("erf", "sgd", units=2, teacher_units=2)
    >>> predicted = committee_fluctuations(problem, np.array([0.0, 1.0, 2.0]))
    >>> bool(0.001 < predicted.std(dim=1000)["A_11"][-1] < 0.1)
    True
    """
    check_scatter(problem)
    even = times[-1] * np.linspace(0.0, 1.0, BETWEEN)
    fine = np.unique(np.concatenate([times, even, even**2 / times[-1]]))
    apart = np.diff(fine) > 1e-9 * times[-1]
    fine = np.unique(np.concatenate([fine[1:][apart], times]))
    flow = solve_committee(problem, fine, BOUNDS, Sampling(SCRAMBLINGS), progress)
    if flow.status != "complete":
        raise FlowError(flow.message)
    states = problem.committee.state_space.pack_rows(flow.values)
    at = np.unique(np.searchsorted(fine, nodes_of(fine, states)).clip(0, len(fine) - 1))
    known = coefficients(problem, fine[at], states[at], progress)
    covariance, shift, propagators = solved(known, times)
    mean = states[np.searchsorted(fine, times)]
    return CommitteeFluctuations(problem, times, mean, covariance, shift, propagators)
