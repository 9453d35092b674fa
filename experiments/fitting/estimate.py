"""Least squares of a flow against a measured curve, and the covariance of what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...odes.flow.integrate import solve
from ...results.errors import InputError
from ...teacher_student.problem import Problem
from .measured import Measured

Array = np.ndarray
#: A derivative's step in units of a number and of `SMALL`: flows are solved to 1e-10, so that
#: central differences of 1e-3 are known to 1e-6 or so.
STEP, SMALL = 1e-3, 0.1
RTOL, ATOL = 1e-10, 1e-12
#: How near to a bound, in units of a number and of `SMALL`, a search that keeps inside ends if the
#: bound is what it looks for.
EDGE = 1e-6
#: What a residual is where a flow does not get that far.
FAR = 1e6
#: Least over largest singular value of a Jacobian in units of its parameters: below that some
#: of them change nothing, or the same.
SINGULAR = 1e-7


@dataclass(frozen=True)
class Estimate:
    """What a search found."""

    values: Array
    covariance: Array
    at_edge: Array
    success: bool
    message: str


@dataclass(frozen=True)
class Curve:
    """A flow as a function of some of its numbers, at the points that were measured."""

    problem: Problem
    names: tuple[str, ...]
    data: Measured

    def weights(self) -> dict[str, Array]:
        """One over a standard error; 0 where nothing was measured or nothing scatters."""
        found = {}
        for name, values in self.data.values.items():
            known = np.isfinite(values)
            sem = self.data.sem.get(name)
            if sem is not None:
                known &= np.isfinite(sem) & (sem > 0.0)
            size = np.ones(known.shape) if sem is None else np.where(known, sem, 1.0)
            found[name] = np.where(known, 1.0 / size, 0.0)
        return found

    def weighted(self, values: dict[str, Array]) -> Array:
        """Quantities at all times as one row, in standard errors."""
        weights = self.weights()
        return np.concatenate(
            [np.where(w > 0.0, np.nan_to_num(values[n]) * w, 0.0) for n, w in weights.items()]
        )

    def at(self, numbers: Array) -> Array:
        """The flow at these numbers, as `weighted` has it."""
        changed = dict(zip(self.names, map(float, numbers), strict=True))
        flow = solve(self.problem.replace(**changed), times=self.data.t, rtol=RTOL, atol=ATOL)
        shape, reached = self.data.t.shape, flow.t.size
        values = {}
        for name in self.data.values:
            values[name] = np.full(shape, FAR)
            values[name][:reached] = flow.values[name]
        return self.weighted(values)

    def jacobian(self, numbers: Array, low: Array, high: Array) -> Array:
        """Central differences, within bounds."""
        columns = []
        for k in range(len(numbers)):
            step = STEP * (abs(numbers[k]) + SMALL)
            up, down = numbers.copy(), numbers.copy()
            up[k], down[k] = min(numbers[k] + step, high[k]), max(numbers[k] - step, low[k])
            columns.append((self.at(up) - self.at(down)) / (up[k] - down[k]))
        return np.array(columns).T


def estimate(curve: Curve, start: Array, bounds: Array) -> Estimate:
    """The numbers at which a flow is nearest to what was measured.

    Parameters
    ----------
    curve
        The flow, and what was measured.
    start
        Shape (parameters,).
    bounds
        Least and most values, shape (2, parameters).

    Raises
    ------
    InputError
        With fewer points than parameters, or where points do not tell them apart.
    """
    from scipy.optimize import least_squares

    low, high = bounds
    measured = curve.weighted({n: np.asarray(v) for n, v in curve.data.values.items()})
    used = int(sum((w > 0.0).sum() for w in curve.weights().values()))
    if used <= len(start):
        accepted = f"more points than the {len(start)} parameters are accepted"
        raise InputError("data", f"{used} points", accepted)
    found = least_squares(
        lambda x: curve.at(x) - measured, np.clip(start, low, high),
        jac=lambda x: curve.jacobian(x, low, high), bounds=(low, high),
        method="dogbox", x_scale=np.abs(start) + SMALL, xtol=1e-9, ftol=1e-10, max_nfev=60,
    )  # fmt: skip
    values = np.clip(found.x, low, high)
    at_edge = np.minimum(values - low, high - values) <= EDGE * (np.abs(start) + SMALL)
    nearer = np.where(values - low < high - values, low, high)
    values = np.where(at_edge, nearer, values)
    J = curve.jacobian(values, low, high)
    sizes = np.linalg.svd(J * (np.abs(values) + SMALL), compute_uv=False)
    if sizes[-1] <= SINGULAR * max(sizes[0], 1e-300) or not np.isfinite(sizes).all():
        told = " and ".join(curve.names)
        raise InputError("over", told, "these data do not say what they are: other numbers "
                         "give the same curve")  # fmt: skip
    spread = covariance(curve, J, found.fun, used)
    return Estimate(values, spread, at_edge, bool(found.success), str(found.message))


def covariance(curve: Curve, J: Array, residuals: Array, used: int) -> Array:
    """Of the estimates: from the runs where there are some, else for independent points."""
    inverse = np.linalg.inv(J.T @ J)
    runs = curve.data.runs
    if runs:
        count = len(next(iter(runs.values())))
        rows = np.array([curve.weighted({n: v[k] for n, v in runs.items()}) for k in range(count)])
        moved = (rows - rows.mean(axis=0)) @ (inverse @ J.T).T
        return np.atleast_2d(np.cov(moved, rowvar=False)) / count
    if curve.data.sem:
        return inverse
    return inverse * float(residuals @ residuals) / (used - J.shape[1])
