"""The best constant learning rate for a horizon, and what a schedule gains over it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.optimize import minimize_scalar

from ...odes.equilibria.optimal_schedule import Schedule, optimal_schedule
from ...odes.flow.records import AtEnd
from ...odes.flow.solver import Progress, solve_flows
from ...results.base import Result
from ...results.checks import number
from ...results.errors import InputError
from ...results.files import dataset
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from .sweep import sweep

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: The first look, in units of the batch size.
SMALLEST, LARGEST, LOOKS = 1e-4, 1e3, 141


@dataclass(frozen=True)
class BestRate:
    """The learning rate with the lowest error at a given time.

    Attributes
    ----------
    problem
        The setting; its own learning rate plays no part.
    time
        The horizon, steps / N.
    eta, error
        The best rate, and the error that it reaches.
    at_edge
        Whether the best rate lies at the end of the range looked at.
    """

    problem: Problem
    time: float
    eta: float
    error: float
    at_edge: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        names = ("time", "eta", "error", "at_edge")
        return {"problem": self.problem.to_dict(), **{name: getattr(self, name) for name in names}}


def best_learning_rate(
    problem: Problem, *, time: float = 20.0, low: float | None = None, high: float | None = None
) -> BestRate:
    """Find the constant learning rate with the lowest generalisation error at a time.

    Parameters
    ----------
    problem
        The setting; its own learning rate plays no part.
    time
        The horizon, steps / N.
    low, high
        Range looked at; by default ``1e-4 M`` to ``1e3 M``.

    Returns
    -------
    BestRate

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted; also if every rate diverges.

    Examples
    --------
    >>> import bntheory as bn
    >>> best = bn.best_learning_rate(bn.Problem(scheme="sgd"), time=20)
    >>> 0.5 < best.eta < 2.0
    True
    """
    check_problem(problem)
    time = number("time", time, above=0.0)
    low = number("low", SMALLEST * problem.M if low is None else low, above=0.0)
    high = number("high", LARGEST * problem.M if high is None else high, above=low)
    constant = problem.replace(eta=low)
    rates = np.geomspace(low, high, LOOKS)
    errors = sweep(constant, eta=rates, time=time, quantity="final-error").final_error.values
    if np.isnan(errors).all():
        raise InputError("high", high, f"every learning rate from {low:g} on diverges")
    k = int(np.nanargmin(errors))
    around = np.log(rates[[max(k - 1, 0), min(k + 1, LOOKS - 1)]])
    found = minimize_scalar(
        lambda log_eta: _error(constant, np.exp(log_eta), time), bounds=around, method="bounded",
        options={"xatol": 1e-7},
    )  # fmt: skip
    eta, error = float(np.exp(found.x)), float(found.fun)
    if error > errors[k]:
        eta, error = float(rates[k]), float(errors[k])
    return BestRate(constant, time, eta, error, k in (0, LOOKS - 1))


def _error(problem: Problem, eta: float, time: float) -> float:
    end, rate = AtEnd(np.array([time])), {"eta": np.array([eta])}
    flows = solve_flows(problem, rate, end, rtol=1e-10, atol=1e-12)
    error = float(flows.observed()[1][0])
    return error if np.isfinite(error) and flows.status[0] == flows.kernels.COMPLETE else np.inf


@dataclass(frozen=True)
class BestRates(Result):
    """Best constant learning rates over a grid.

    Attributes
    ----------
    problem
        Everything that the grid does not vary.
    grid
        Values by parameter name, ``time`` included.
    found
        One result a grid point, the last axis fastest.
    """

    _drawn_by: ClassVar[str] = "best_rates.draw_best_rates"

    problem: Problem
    grid: Mapping[str, Array]
    found: tuple[BestRate, ...]

    def columns(self) -> dict[str, Any]:
        """The CSV form: one row a grid point."""
        axes = np.meshgrid(*self.grid.values(), indexing="ij")
        columns: dict[str, Any] = {n: a.ravel() for n, a in zip(self.grid, axes, strict=True)}
        columns["eta"] = np.array([best.eta for best in self.found])
        columns["error"] = np.array([best.error for best in self.found])
        return columns | {"at_edge": np.array([best.at_edge for best in self.found])}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, as that of a sweep."""
        common = {"problem": self.problem.to_dict(), "grid": self.grid, "rows": self._rows()}
        return common | {"best": "eta", "failed": [], "store": None}

    def to_dataset(self) -> xarray.Dataset:
        """Rates and errors, with the grid's axes as dimensions."""
        axes, shape = tuple(self.grid), tuple(len(v) for v in self.grid.values())
        columns = self.columns()
        return dataset(
            {name: (axes, columns[name].reshape(shape)) for name in ("eta", "error", "at_edge")},
            dict(self.grid),
            {"problem": self.problem.to_json()},
        )


def best_rates(
    problem: Problem,
    times: Sequence[float] | Array,
    grid: Mapping[str, Sequence[float] | Array],
    progress: Progress | None = None,
) -> BestRates:
    """`best_learning_rate` at every point of a grid; a range of ``eta`` bounds the rates.

    Parameters
    ----------
    problem
        Everything that the grid does not vary.
    times
        Horizons, steps / N.
    grid
        Values by parameter name.
    progress
        Called with (points done, points in all).
    """
    others = {n: np.asarray(v, dtype=float) for n, v in grid.items() if n != "eta"}
    axes = {**others, "time": np.asarray(times, dtype=float)}
    bounds = {}
    if "eta" in grid:
        bounds = {"low": float(np.min(grid["eta"])), "high": float(np.max(grid["eta"]))}
    found = []
    total = int(np.prod([len(v) for v in axes.values()]))
    for values in itertools.product(*axes.values()):
        changes = dict(zip(axes, (float(v) for v in values), strict=True))
        time = changes.pop("time")
        found.append(best_learning_rate(problem.replace(**changes), time=time, **bounds))
        if progress:
            progress(len(found), total)
    return BestRates(problem, axes, tuple(found))


def schedule_with_gain(problem: Problem, *, time: float = 20.0, points: int = 201) -> Schedule:
    """The locally optimal schedule, compared with the best constant learning rate."""
    schedule = optimal_schedule(problem, time=time, points=points)
    best = best_learning_rate(problem, time=time)
    return replace(schedule, best_eta=best.eta, best_error=best.error)
