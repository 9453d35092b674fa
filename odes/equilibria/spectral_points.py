"""Where training ends on inputs with a spectrum, and up to which learning rate it stays there.

An aligned student, ``w`` along ``w*``, is a rest of the first-order drift. Around it the flow is
linear in the scalars, in ``A_b`` and in the misalignments ``D_b = C_b - A_b^2/T_b``; its matrix is
``eta J_1 + eta^2 J_2`` with the noise in the second, so that one pair of matrices says at which eta
misaligned weights begin to grow (theory page 10).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...results.errors import InputError
from ...teacher_student.problem import Problem
from ...teacher_student.spectrum import Spectrum
from ..flow.flow_kernels import flow_kernels, parameters
from ..flow.records import AtEnd
from ..flow.rows import COLUMNS, OUTSIDE
from ..flow.solver import solve_flows
from ..flow.spectral import block_numbers, blocks_of, reduced, room_for
from ..flow.trajectory import OUTSIDE_TABLES
from .points import ATTRACTOR, FIXED_POINT, FixedPoint, FixedPoints
from .stability import eigenvalues

Array = np.ndarray
#: The widest step of differences, in units of the fields: ``1 - R^2`` is its square.
STEP = 2e-2
#: What a misalignment may lack of 0, by rounding.
ROUNDING = 1e-8
#: Rates over eta below this are those of a neutral direction.
NEUTRAL = 1e-6
#: Learning rates tried, in units of the batch size over the mean eigenvalue; halvings.
SMALLEST, LARGEST, HALVINGS = 1e-4, 1e4, 60
#: A gradient's noise over eta^2 below this is none.
SILENT = 1e-9
#: Relaxation times that the flow is followed for, and the longest time.
PATIENCE, LONGEST = 30.0, 1e5


@dataclass
class Linear:
    """The drift in coordinates in which an aligned student has nothing at its borders.

    Attributes
    ----------
    problem, spectrum
        The setting.
    p
        Numbers of the flow.
    """

    problem: Problem
    spectrum: Spectrum
    p: Array

    def __post_init__(self) -> None:
        self.kernels: Any = flow_kernels(self.problem)
        self.scalars = len(self.problem.trained_scalars)
        values, _, powers = self.spectrum.arrays
        self.values, self.powers, self.seen = values, powers, powers > 0.0
        self.room, self.taught = room_for(self.spectrum), int(self.seen.sum())

    def state(self, z: Array) -> Array:
        """The state of coordinates ``scalars, A`` (where there is a teacher)``, D``."""
        n, y = self.scalars, np.zeros(self.kernels.SIZE)
        A = np.zeros(self.spectrum.blocks)
        A[self.seen] = z[n : n + self.taught]
        C = z[n + self.taught :].copy()
        C[self.seen] += A[self.seen] ** 2 / self.powers[self.seen]
        y[:n], y[n], y[n + 1] = z[:n], self.values @ A, self.values @ C
        y[n + 2 : n + 2 + A.size] = A
        y[n + 2 + self.room : n + 2 + self.room + A.size] = C
        return y

    def coordinates(self, y: Array) -> Array:
        """The inverse of `state`."""
        blocks = blocks_of(self.problem, y)
        A, D = blocks["A"], blocks["C"]
        D[self.seen] -= A[self.seen] ** 2 / self.powers[self.seen]
        return np.concatenate([y[: self.scalars], A[self.seen], np.maximum(D, 0.0)])

    def drift(self, z: Array, eta: float | None = None, silent: bool = False) -> Array:
        """Time derivative of coordinates; silent is without the noise of gradients."""
        p, dy, y = self.p.copy(), np.empty(self.kernels.SIZE), self.state(z)
        if eta is not None:
            p[COLUMNS["eta"]] = eta
        if silent:
            p[COLUMNS["batch_size"]] = np.inf
        self.kernels.rhs(0.0, y, p, dy)
        blocks, now = blocks_of(self.problem, dy), blocks_of(self.problem, y)
        dA, dD = blocks["A"], blocks["C"]
        seen = self.seen
        dD[seen] -= 2.0 * now["A"][seen] * dA[seen] / self.powers[seen]
        return np.concatenate([dy[: self.scalars], dA[seen], dD])

    def matrix(self, z: Array, eta: float, silent: bool = False) -> Array:
        """Derivatives of the drift by its coordinates."""
        J, border = np.empty((z.size, z.size)), self.scalars + self.taught
        sizes = self._sizes(z)
        for j in range(z.size):
            e = np.zeros(z.size)
            e[j] = sizes[j]
            if j < border:
                J[:, j] = _towards_zero(lambda h, e=e: (  # type: ignore[misc]
                    self.drift(z + h * e, eta, silent) - self.drift(z - h * e, eta, silent)
                ) / (2.0 * h)) / sizes[j]  # fmt: skip
            else:
                J[:, j] = self.by_misalignment(z, e, eta, silent) / sizes[j]
        return J

    def by_misalignment(self, z: Array, e: Array, eta: float, silent: bool = False) -> Array:
        """The derivative in a direction that only leads away from alignment."""
        here = self.drift(z, eta, silent)
        return _towards_zero(lambda h: (self.drift(z + h * h * e, eta, silent) - here) / (h * h))

    def _sizes(self, z: Array) -> Array:
        """Displacements of every coordinate that change the fields by about as much as they are."""
        q, seen = float(self.state(z)[self.scalars + 1]), self.seen
        along = np.sqrt(q * self.powers[seen] / self.values[seen])
        return np.concatenate([np.ones(self.scalars), along, q / self.values])

    def scale(self, z: Array) -> float:
        """The field's scale Q."""
        return float(self.kernels.observables(self.state(z))[0])

    def aligned(self, scalars: Array, scale: float) -> Array:
        """Coordinates of the student ``scale w*``."""
        A = scale * self.powers[self.seen]
        return np.concatenate([scalars, A, np.zeros(self.spectrum.blocks)])

    def rate(self, y: Array, eta: float) -> float:
        """``eta_eff``: of a normalised student ``eta Q/q``, at which its direction learns."""
        if "gamma" not in self.problem.trained_scalars:
            return eta
        return float(eta * abs(self.kernels.observables(y)[0]) / y[self.scalars + 1])


def _towards_zero(quotient: Callable[[float], Array]) -> Array:
    """The limit of a difference quotient at 0, to third order in h.

    ``1 - R^2`` is of order ``h^2``, and an activation with a kink has its root in the drift.
    """
    wide, middle, narrow = (quotient(STEP * part) for part in (1.0, 0.5, 0.25))
    limit: Array = wide / 3.0 - 2.0 * middle + 8.0 * narrow / 3.0
    return limit


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


def linear(problem: Problem) -> Linear:
    """The drift of a problem with a spectrum."""
    spectrum = problem.spectrum_
    assert spectrum is not None
    p = np.concatenate([parameters(problem), block_numbers(problem, spectrum)])
    return Linear(problem, spectrum, p)


def bound_with_spectrum(problem: Problem) -> tuple[float, float] | None:
    """``eta_max`` and the same as a learning rate at L = l0; None without an aligned limit."""
    flow = linear(problem)
    limit = aligned_limit(flow)
    edge = None if limit is None else learning_rate_edge(flow, limit)
    if limit is None or edge is None:
        return None
    return flow.rate(flow.state(limit), edge), edge


def aligned_limit(flow: Linear) -> Array | None:
    """The aligned rest of the first-order drift: at L = l0, where the length is arbitrary."""
    from scipy.optimize import root

    problem, n = flow.problem, flow.scalars
    lengths = np.sqrt(flow.powers.sum())
    normalised = "gamma" in problem.trained_scalars
    start = [1.0 if name == "gamma" else 0.0 for name in problem.trained_scalars]
    eta = 1.0

    def force(x: Array) -> Array:
        z = flow.aligned(x[:n], problem.l0 / lengths if normalised else x[n])
        dz = _undecayed(flow).drift(z, eta, silent=True)
        return dz[:n] if normalised else np.append(dz[:n], dz[n : n + flow.taught].sum())

    found = root(force, np.array(start if normalised else [*start, 1.0]), tol=1e-13)
    if not np.abs(force(found.x)).max(initial=0.0) < 1e-9:
        return None
    scale = problem.l0 / lengths if normalised else found.x[n]
    return flow.aligned(found.x[:n], float(scale))


def _undecayed(flow: Linear) -> Linear:
    p = flow.p.copy()
    p[COLUMNS["weight_decay"]] = 0.0
    return Linear(flow.problem, flow.spectrum, p)


def learning_rate_edge(flow: Linear, limit: Array) -> float | None:
    """The learning rate from which on a misalignment of an aligned student grows.

    Misalignments ``D_b`` lose at rates ``eta lambda_b`` and gain by the noise that all of them
    make: their matrix has no negative entries off its diagonal, and is stable where ``-M x = 1``
    has a positive solution. That is a question of signs, however slow the slowest block is.
    None where they grow at all rates, or at none that is tried.
    """
    plain = _undecayed(flow)
    one, two = _misalignment(plain, limit, 1.0), _misalignment(plain, limit, 2.0)
    noisy = (two - 2.0 * one) / 2.0
    quiet = one - noisy
    unit = flow.problem.M / flow.spectrum.mean

    def grows(eta: float) -> bool:
        matrix = quiet + eta * noisy
        if np.linalg.matrix_rank(matrix) < len(matrix):
            return True
        return bool(np.linalg.solve(matrix, -np.ones(len(matrix))).min() < 0.0)

    low, high = SMALLEST * unit, LARGEST * unit
    if grows(low) or not grows(high):
        return None
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if grows(middle) else (middle, high)
    return float(low)


def _misalignment(flow: Linear, z: Array, eta: float) -> Array:
    """The matrix of the misalignments, whose rows are divided by eigenvalues.

    Each comes at the expense of the aligned part: the field's spread and the effective rate stay.
    """
    border, rows, here = flow.scalars + flow.taught, [], flow.drift(z, eta)
    q, Q = flow.state(z)[flow.scalars + 1], flow.scale(z)

    def turned(b: int, square: float) -> Array:
        """The student with a share of its field's variance in a misalignment of block b."""
        x = z.copy()
        x[border + b] += square * q / flow.values[b]
        x[flow.scalars : border] *= np.sqrt(1.0 - square)
        if "gamma" in flow.problem.trained_scalars:
            x[0] *= Q / flow.scale(x)
        return x

    for b in range(flow.spectrum.blocks):
        slope = _towards_zero(
            lambda h, b=b: (flow.drift(turned(b, h * h), eta) - here) / (h * h)  # type: ignore[misc]
        )
        rows.append(slope[border:] * flow.values[b] / q)
    matrix: Array = np.array(rows).T / flow.values[:, None]
    return matrix


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
    near = y is not None and reduced(flow.problem, y)["R"] > 0.9
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
