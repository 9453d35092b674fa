"""Where training ends on inputs with a spectrum (theory page 11)."""

from __future__ import annotations

import numpy as np

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ..flow.records import AtEnd
from ..flow.rows import COLUMNS, OUTSIDE
from ..flow.solver import solve_flows
from ..flow.spectral import reduced
from ..flow.trajectory import OUTSIDE_TABLES
from .points import ATTRACTOR, FIXED_POINT, FixedPoint, FixedPoints
from .spectral_edge import LARGEST_SCALE, aligned_limit, learning_rate_edge
from .spectral_linear import Linear, linear
from .stability import eigenvalues

Array = np.ndarray
#: What a misalignment may lack of 0, by rounding.
ROUNDING = 1e-8
#: Rates over eta below this are those of a neutral direction.
NEUTRAL = 1e-6
#: A gradient's noise over eta^2 below this is none.
SILENT = 1e-9
#: Relaxation times that the flow is followed for, and the longest time.
PATIENCE, LONGEST = 30.0, 1e5


def spectral_fixed_points(problem: Problem) -> FixedPoints:
    """The end of training on inputs with a spectrum; as `fixed_points`.

    Of a student with gamma there is one point, that of positive gamma: the other is its mirror
    image.

    Raises
    ------
    InputError
        For a learning-rate schedule.
    """
    if isinstance(problem.eta, str):
        reason = "a constant learning rate is accepted; under a schedule nothing is a fixed point"
        raise InputError("eta", problem.eta, reason)
    flow = linear(problem)
    limit = aligned_limit(flow)
    bound = None if limit is None else learning_rate_edge(flow, limit)
    y, ending = _followed(flow)
    rests = "gamma" not in problem.trained_scalars or problem.weight_decay > 0.0
    point = None
    if rests and ending == "complete":
        point = _rest(flow, y, limit, bound)
    if point is None and limit is not None:
        point = _of_limit(flow, limit, bound, y if ending == "complete" else None)
    return FixedPoints(problem, () if point is None else (point,), ending)


def _followed(flow: Linear) -> tuple[Array, str]:
    """Where the flow from the problem's start is after some times of its slowest block."""
    problem, kernels = flow.problem, flow.kernels
    eta = float(flow.p[COLUMNS["eta"]])
    slowest = eta * max(problem.weight_decay, float(flow.values.min()) / 2.0)
    ends = np.array([min(max(PATIENCE / slowest, 10.0), LONGEST)])
    flows = solve_flows(problem, {}, AtEnd(ends), rtol=1e-8, atol=1e-11, workers=1)
    status = int(flows.status[0])
    ending = {kernels.DIVERGED: "diverged", OUTSIDE: OUTSIDE_TABLES}.get(status, "complete")
    return flows.states[0], ending


def _rest(flow: Linear, y: Array, limit: Array | None, edge: float | None) -> FixedPoint | None:
    """The point at rest near a state, its length included."""
    from scipy.optimize import root

    eta, start = float(flow.p[COLUMNS["eta"]]), flow.coordinates(y)
    found = root(lambda z: flow.drift(z, eta) / eta, start, tol=1e-13)
    z, drift = found.x, np.abs(flow.drift(found.x, eta)).max() / eta
    if not (drift < 1e-7 and z[flow.scalars + flow.taught :].min() > -ROUNDING):
        return None
    if not abs(flow.scale(z)) < LARGEST_SCALE:
        return None
    values = eigenvalues(flow.matrix(z, eta))
    stable = bool(values[0].real < -NEUTRAL * eta * 1e-3)
    return _point(flow, z, values, stable, limit, edge, FIXED_POINT, True, float(drift))


def _of_limit(flow: Linear, z: Array, edge: float | None, y: Array | None) -> FixedPoint:
    """An aligned student whose length is arbitrary, or grows."""
    eta = float(flow.p[COLUMNS["eta"]])
    noise = np.abs(flow.drift(z, eta) - flow.drift(z, eta, silent=True)).max() / eta**2
    grows = bool(noise > SILENT)
    values = eigenvalues(flow.matrix(z, eta, silent=grows))
    values = np.delete(values, np.abs(values).argmin())  # of the length
    stable = bool(values[0].real < -NEUTRAL * eta)
    near = y is not None and bool(reduced(flow.problem, y)["R"] > 0.9)
    drift = float(np.abs(flow.drift(z, eta, silent=True)).max() / eta)
    kind = ATTRACTOR if grows else FIXED_POINT
    return _point(flow, z, values, stable, z, edge, kind, near, drift)


def _point(
    flow: Linear, z: Array, values: Array, stable: bool, limit: Array | None,
    edge: float | None, kind: str, reached: bool, residual: float,
) -> FixedPoint:  # fmt: skip
    problem, y, eta = flow.problem, flow.state(z), float(flow.p[COLUMNS["eta"]])
    numbers = {name: float(value) for name, value in reduced(problem, y).items()}
    Q, error = flow.kernels.observables(y)
    eta_max = None if limit is None or edge is None else flow.rate(flow.state(limit), edge)
    rests = "gamma" not in problem.trained_scalars or problem.weight_decay > 0.0
    return FixedPoint(
        Q=float(Q), R=min(numbers["R"], 1.0), L=numbers["L"] if rests else None, kind=kind,
        stable=stable, eigenvalues=tuple(map(complex, values)), eta_eff=flow.rate(y, eta),
        eta_max=eta_max, largest_eta=edge if limit is not None else None, residual=residual,
        beta=numbers.get("beta"), error=float(error), length_exponent=None,
        state=tuple(numbers[name] for name in problem.order_parameters), reached=reached,
        largest_eta_frozen=edge,
    )  # fmt: skip
