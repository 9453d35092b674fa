"""`fit`: numbers of a problem from a measured curve, by least squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...odes.flow.integrate import solve
from ...odes.flow.trajectory import Flow
from ...results.base import Result
from ...results.checks import number
from ...results.errors import InputError
from ...teacher_student.parameters import PARAMETERS, RANGED_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from .curve_files import read_curve
from .estimate import Curve, Estimate, estimate
from .measured import Measured, measured

Array = np.ndarray
#: What a flow takes as a number of its own, batch sizes aside, which are whole.
WHOLE = ("batch_size", "statistics_size")
#: Points of the flow that is drawn through the data.
CURVE = 201


@dataclass(frozen=True)
class Fit(Result):
    """Numbers of a problem that were fitted to a measured curve.

    Attributes
    ----------
    problem
        With the estimates put in.
    names
        Of what was fitted.
    start, estimates
        Where the search began, and what it found, shape (parameters,).
    covariance
        Of the estimates, shape (parameters, parameters).
    data
        What was fitted to.
    fitted
        The flow of ``problem`` at the same times, by quantity.
    flow
        The same flow, from the start to the last of these times.
    weighted
        Whether residuals count in units of standard errors.
    from_runs
        Whether the covariance is that of the runs; otherwise points are taken to be independent.
    status, message
        ``"complete"``, or ``"failed"`` and why; also which estimates lie at the edge of what is
        accepted, where standard errors say nothing.
    """

    _drawn_by: ClassVar[str] = "fit.draw_fit"

    problem: Problem
    names: tuple[str, ...]
    start: Array
    estimates: Array
    covariance: Array
    data: Measured
    fitted: Mapping[str, Array]
    flow: Flow
    weighted: bool
    from_runs: bool
    status: str
    message: str

    @cached_property
    def standard_errors(self) -> Array:
        """Of the estimates, shape (parameters,)."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def residuals(self) -> dict[str, Array]:
        """Measured minus fitted, by quantity; in standard errors where those are known."""
        found = {}
        for name, values in self.data.values.items():
            off = values - self.fitted[name]
            if self.weighted:
                sem = np.asarray(self.data.sem[name])
                off = np.where(sem > 0.0, off / np.where(sem > 0.0, sem, 1.0), np.nan)
            found[name] = off
        return found

    def columns(self) -> dict[str, Any]:
        """The CSV form: one row a parameter."""
        return {"parameter": list(self.names), "estimate": self.estimates,
                "standard_error": self.standard_errors, "start": self.start}  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "parameters": self._rows(),
            "covariance": self.covariance,
            "t": self.data.t,
            "measured": dict(self.data.values),
            "fitted": dict(self.fitted),
            "residuals": self.residuals,
            "status": self.status,
            "message": self.message,
        }

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "status": self.status}

    def verdict(self) -> str:
        """The estimates in a sentence."""
        said = [f"{name} = {value:.6g} ± {error:.2g}" for name, value, error in
                zip(self.names, self.estimates, self.standard_errors, strict=True)]  # fmt: skip
        return f"{', '.join(said)} (one standard error)."


def fit(
    problem: Problem,
    data: Any,
    *,
    over: Sequence[str] | str,
    quantity: Sequence[str] | str | None = None,
) -> Fit:
    """Fit numbers of a problem to a measured curve by least squares.

    Parameters
    ----------
    problem
        Everything that is known; its own values of what is fitted are where the search begins.
    data
        `bntheory.Runs`, `bntheory.Flow`; or a mapping, a table of pandas or a dataset with ``t``
        (steps / N) and some of ``Q R L error``, beside which ``R_sem`` is the standard error of
        ``R``; or a file of these: ``.nc`` that `save` wrote, ``.json`` or ``.csv``.
    over
        Names of what is fitted: named numbers of formulas (``c`` of ``"tanh(c*h)"``), ``zeta``,
        ``eta`` or any other number of the problem but batch sizes.
    quantity
        Of ``Q R L error``, those that are fitted to; by default all that the data have.

    Returns
    -------
    Fit
        With ``estimates``, ``standard_errors``, ``covariance``, ``residuals`` and ``plot()``.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted; also where the data do not tell the
        parameters apart.

    Notes
    -----
    The curve is that of the flow, which runs of dimension N follow up to 1/N. Of simulated runs
    the covariance is ``A cov(mean) A'`` with ``A = (J'WJ)^-1 J'W``, estimated from the runs: points
    of one run are not independent. Of other data it is ``(J'WJ)^-1``, for independent points, and
    without standard errors it is that times the variance of the residuals.

    Examples
    --------
    >>> import bntheory as bn
    >>> truth = bn.Problem("identity", scheme="wn", zeta=0.3)
    >>> curve = bn.integrate(truth, time=5, points=11)
    >>> found = bn.fit(truth.replace(zeta=0.1), {"t": curve.t, "R": curve.R, "Q": curve.Q},
    ...                over="zeta")
    >>> round(float(found.estimates[0]), 4)
    0.3
    """
    check_problem(problem)
    names = _names(problem, over)
    read = read_curve(data) if isinstance(data, str | Path) else data
    own = _chosen(measured(read), quantity)
    start = np.array([_value(problem, name) for name in names])
    curve = Curve(problem, names, own)
    found = estimate(curve, start, np.array([_bounds(name) for name in names]).T)
    fitted = problem.replace(**dict(zip(names, map(float, found.values), strict=True)))
    flow = solve(fitted, times=own.t)
    _check_complete(flow.t.size == own.t.size, flow.message)
    return _fit(fitted, names, start, found, own, {n: flow.values[n] for n in own.values})


def _fit(
    problem: Problem, names: tuple[str, ...], start: Array, found: Estimate, own: Measured,
    fitted: Mapping[str, Array],
) -> Fit:  # fmt: skip
    status = "complete" if found.success else "failed"
    edges = [name for name, edge in zip(names, found.at_edge, strict=True) if edge]
    said = [] if found.success else [found.message]
    if edges:
        said.append(f"{', '.join(edges)}: at the edge of what is accepted, where a standard error "
                    "says nothing")  # fmt: skip
    flow = solve(problem, times=np.linspace(0.0, float(own.t[-1]) or 1.0, CURVE))
    return Fit(problem, names, start, found.values, found.covariance, own, fitted, flow,
               bool(own.sem), bool(own.runs), status, "; ".join(said))  # fmt: skip


def _names(problem: Problem, over: Sequence[str] | str) -> tuple[str, ...]:
    """The names of what is fitted, checked."""
    names = tuple(over.replace(",", " ").split()) if isinstance(over, str) else tuple(over)
    known = [n for n in (*problem.parameters, *RANGED_PARAMETERS) if n not in WHOLE]
    if not names or len(set(names)) < len(names):
        raise InputError("over", over, f"one or more of {', '.join(known)} are accepted")
    for name in names:
        if name not in known:
            raise InputError("over", name, f"one of {', '.join(known)} is accepted", known)
    return names


def _chosen(own: Measured, quantity: Sequence[str] | str | None) -> Measured:
    """The quantities that are fitted to."""
    if quantity is None:
        return own
    asked = quantity.replace(",", " ").split() if isinstance(quantity, str) else list(quantity)
    for name in asked or [""]:
        if name not in own.values:
            raise InputError(
                "quantity", name, f"of the data's {', '.join(own.values)} are accepted"
            )
    parts = [{n: part[n] for n in asked if n in part} for part in (own.values, own.sem, own.runs)]
    return Measured(own.t, *parts)


def _value(problem: Problem, name: str) -> float:
    """Where the search begins."""
    if name in problem.parameters:
        return problem.parameters[name]
    if name == "zeta" and problem.zeta == "auto":
        from ...teacher_student.regularization import decay

        return decay(problem)
    return number(name, getattr(problem, name))


def _bounds(name: str) -> tuple[float, float]:
    """Between which numbers a parameter lies."""
    if name not in PARAMETERS:
        return -np.inf, np.inf
    row = PARAMETERS[name]
    least = row.least if row.above is None else max(row.least, row.above + 1e-9)
    most = row.most if row.below is None else min(row.most, row.below - 1e-9)
    return least, most


def _check_complete(reached: bool, message: str) -> None:
    if not reached:
        raise InputError("problem", "the fitted one", f"its flow does not reach the end: {message}")
