"""What a student errs in training mode and deployed, while it is trained (theory page 8)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Unpack

import numpy as np
from numpy.typing import ArrayLike

from ...results.base import Result
from ...results.checks import integer
from ...teacher_student.online.simulate import simulate
from ...teacher_student.options import RunOptions, check_names
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import MOST_STEPS, stored_steps, stored_times
from .deployed import STATISTICS, Deployment
from .drawn_batches import own_batch_errors
from .lag import complete, lagging, updating_rate
from .state import check_problem, running_law

Array = np.ndarray


class Measured(NamedTuple):
    """What runs have of one error, each of shape (times,).

    Attributes
    ----------
    mean, sem
        Of the runs, and its standard error.
    z
        The mean minus theory, in standard errors; NaN where nothing scatters.
    """

    mean: Array
    sem: Array
    z: Array


@dataclass(frozen=True)
class InferenceOverTime(Result):
    """Errors of one student along its training, by the statistics that it is given.

    Attributes
    ----------
    problem
        The setting.
    t
        Times, steps / N, shape (times,).
    values
        ``Q R L``; ``variance``, the mean of the running variance in units in which the true one is
        L^2; and the errors ``own_batch population running``; each of shape (times,).
    dim, runs
        N and the number of the runs; None and 0 where theory is alone, in the limit of large N.
    measured
        By the names of the errors, what runs have of them; empty without runs.
    """

    _drawn_by: ClassVar[str] = "inference_over_time.draw_inference_over_time"
    _dimension: ClassVar[str] = "t"

    problem: Problem
    t: Array
    values: Mapping[str, Array]
    dim: int | None
    runs: int
    measured: Mapping[str, Measured]

    @property
    def max_abs_z(self) -> float | None:
        """The largest deviation of runs from theory, in standard errors; None without runs."""
        found = [abs(z) for own in self.measured.values() for z in own.z if math.isfinite(z)]
        return max(found, default=None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        measured = {
            name: {key: [None if math.isnan(x) else float(x) for x in column]
                   for key, column in own._asdict().items()}
            for name, own in self.measured.items()
        }  # fmt: skip
        own = {"problem": self.problem.to_dict(), "t": self.t, **self.values}
        return {**own, "dim": self.dim, "runs": self.runs, "measured": measured,
                "max_abs_z": self.max_abs_z}  # fmt: skip

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, theory, and what runs have."""
        table = {"t": self.t, **self.values}
        for name, own in self.measured.items():
            table |= {f"{name}_{key}": column for key, column in own._asdict().items()}
        return table

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "dim": self.dim or 0, "runs": self.runs}


def inference_over_time(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 21,
    times: ArrayLike | None = None,
    dim: int | None = None,
    runs: int = 0,
    engine: str = "chain",
    **options: Unpack[RunOptions],
) -> InferenceOverTime:
    """The errors of `bntheory.inference` along the flow, and those of runs beside them.

    With a ``running_rate`` r the running variance lags behind the weights, ``dV/dt = r (L^2 - V)``
    (theory page 8). With a ``running_momentum`` it scatters about L^2; at a finite ``dim`` it lags
    then too, by a time ``1/(rho N)``, and with a ``running_rate`` it also scatters.

    Parameters
    ----------
    problem
        The setting, as for `bntheory.inference`.
    time, points, times
        Times, as for `bntheory.integrate`.
    dim
        N of the runs and of the running statistics; by default 1000 with runs, else infinite.
    runs
        How many are simulated, 0 or at least 2.
    engine
        As for `bntheory.simulate`.
    **options
        ``seed``, ``workers`` and ``progress`` of the runs, as for `bntheory.simulate`.

    Returns
    -------
    InferenceOverTime

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted; also if the flow does not reach its
        end.

    Examples
    --------
    >>> import bntheory as bn
    >>> problem = bn.Problem("identity", batch_size=8, eta=6.0, running_rate=0.5)
    >>> found = bn.inference_over_time(problem, times=[0, 1, 20])
    >>> [round(float(x), 3) for x in found.running]  # at first the deployed scale is too large
    [0.525, 0.022, 0.005]
    """
    check_names("inference_over_time", options, RunOptions)
    check_problem(problem)
    runs = integer("runs", runs, 0, 10**6)
    runs = runs if runs != 1 else integer("runs", runs, 2, 10**6)
    if dim is not None or runs:
        dim = integer("dim", 1000 if dim is None else dim, 3, MOST_STEPS)
    stored = stored_times(time, points, times)
    if dim is not None:
        stored = stored_steps(stored, dim) / dim
    values = _theory(problem, stored, dim)
    measured = {}
    if runs:
        made = simulate(problem, dim=dim or 0, runs=runs, times=stored, engine=engine,
                        running=True, **options)  # fmt: skip
        found = {"own_batch": own_batch_errors(problem, made.gamma, made.R, options.get("seed", 0)),
                 "population": made.error, "running": made.error_running}  # fmt: skip
        measured = {name: _measured(found[name], values[name][: made.t.size]) for name in found}
    return InferenceOverTime(problem, stored, values, dim, runs, measured)


def _theory(problem: Problem, t: Array, dim: int | None) -> dict[str, Array]:
    rate = updating_rate(problem, dim)
    if rate is None:
        flow = complete(problem, t, None)
        variance = flow.L**2
    else:
        flow, variance = lagging(problem, rate, t)
    law, errors = running_law(problem, dim), []
    for Q, R, behind in zip(flow.Q, flow.R, flow.L / np.sqrt(variance), strict=True):
        student = Deployment(problem, law, min(1.0, max(-1.0, float(R))), float(behind))
        own = [student.curve(name).error(float(Q)) for name in STATISTICS]
        errors.append([math.nan if error is None else error for error in own])
    named = dict(zip(STATISTICS, np.array(errors).T, strict=True))
    return {"Q": flow.Q, "R": flow.R, "L": flow.L, "variance": variance, **named}


def _measured(sample: Array, theory: Array) -> Measured:
    """Of runs, shape (runs, times)."""
    mean, sem = sample.mean(axis=0), sample.std(axis=0, ddof=1) / math.sqrt(len(sample))
    scatters = sem > 1e-12 * np.abs(mean)
    z = np.where(scatters, (mean - theory) / np.where(scatters, sem, 1.0), np.nan)
    return Measured(mean, sem, z)
