"""ReLU student on ``P = alpha N`` examples, by replica symmetry (theory page 7).

The equations of :mod:`.relu_equations` are followed along the load from an end where their
solution is known, and what may be claimed about each solution is said with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..results.checks import number
from .interpolation import interpolation_load
from .relu_equations import NODES, Equations, Point
from .student import checked_decays, checked_loads, student_error

Status = Literal["converged", "unstable", "unreached", "diverges", "failed"]

STEP = 2.0  # ratio of successive loads while the continuation walks
LAST_STEP = 1.0005  # below this ratio the walk has met a load where the solution ends
LARGEST = 1e6  # q - m^2 beyond which the student counts as diverging
ACCURATE = 1e-6  # quadrature error above which the nodes are multiplied
# Where simulation and theory part (docs/generalization.md, "Where replica symmetry can be trusted")
BREAKING = 0.1
RESPONSE = 5.0

#: The row of a student that is the teacher: nothing is left to respond to.
RECOVERED = (1.0, 1.0, np.inf, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class ReluStudent:
    """Order parameters of a trained ReLU student at every load.

    Attributes
    ----------
    alpha, m, q, V : ndarray, shape (loads,)
        Loads, ``v.w*/N``, ``|v|^2/N``, and the response ``V`` of a field to its own label; ``inf``
        where every label is met. NaN where ``status`` is ``'failed'``.
    jump : ndarray
        ``alpha`` times the mean of the jump part of ``1 - dh/domega``: 0 where the loss seen by one
        example has one minimum. Anything else makes replica symmetry formally unstable.
    replicon : ndarray
        Smooth part ``alpha E[(1 - dh/domega)^2]`` of what a small difference of two replicas is
        multiplied by in the square; above 1 replica symmetry is unstable even without the jump.
    breaking : ndarray
        Squared distance, in units of ``|v|^2``, that two solutions keep in a two-replica iteration
        started from nearly equal fields; ``inf`` where nothing holds them together.
    residual, quadrature_error : ndarray
        Largest residual of the equations; change of it on doubling the nodes.
    status : tuple of str
        Per load: ``'converged'``; ``'unstable'`` (``breaking > 0.1``); ``'unreached'`` (``V > 5``
        with two minima an example: no descent tried finds this minimum); ``'diverges'``;
        ``'failed'``.
    """

    alpha: NDArray[np.float64]
    m: NDArray[np.float64]
    q: NDArray[np.float64]
    V: NDArray[np.float64]
    jump: NDArray[np.float64]
    replicon: NDArray[np.float64]
    breaking: NDArray[np.float64]
    residual: NDArray[np.float64]
    quadrature_error: NDArray[np.float64]
    status: tuple[Status, ...]

    @property
    def error(self) -> NDArray[np.float64]:
        """Generalisation error ``E (g(v.x) - g(w*.x))^2 / 2`` at every load."""
        return student_error("relu", self.m, self.q)


def relu_student(
    alpha: ArrayLike, decay: ArrayLike = 0.0, noise: float = 0.0, zeta: float = 0.0
) -> ReluStudent:
    """Return the replica-symmetric theory of a ReLU student at every load.

    Parameters
    ----------
    alpha : array_like
        Loads ``P / N > 0``.
    decay : array_like, default 0
        ``lambda >= 0`` against the **sum** of the losses, broadcast against ``alpha``; 0 is the
        limit ``lambda -> 0+``.
    noise : float, default 0
        Label-noise variance ``S >= 0``.
    zeta : float, default 0
        Decay of PN, ``zeta h^2 / 2`` an example; with ``zeta = 3/(8M)`` the counterpart of BN.

    Returns
    -------
    ReluStudent
        One entry a load, in the order given. Read ``status`` before believing ``error``.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    theory page 7. Solved by MINPACK's hybrid Powell method on ``(m, log(q - m^2), log V)``
    and continued along ``alpha`` from an end where the solution is known.

    Examples
    --------
    >>> student = relu_student(4.0, decay=0.25, noise=0.25)
    >>> student.status, round(float(student.error[0]), 4)
    (('converged',), 0.0512)
    """
    loads = checked_loads(alpha)
    noise, zeta = number("noise", noise, least=0.0), number("zeta", zeta, least=0.0)
    decays = checked_decays(decay, loads)
    rows: list[tuple[float, ...] | None] = [None] * loads.size
    labels: list[Status] = ["failed"] * loads.size
    for one in np.unique(decays):
        chosen = np.flatnonzero(decays == one)
        solved = _along(loads[chosen], float(one), noise, zeta)
        for place, (row, label) in zip(chosen, solved, strict=True):
            rows[place], labels[place] = row, label
    m, q, V, jump, replicon, breaking, residual, accuracy = np.array(rows, dtype=float).T
    return ReluStudent(loads, m, q, V, jump, replicon, breaking, residual, accuracy, tuple(labels))


def _along(
    loads: NDArray[np.float64], decay: float, noise: float, zeta: float
) -> list[tuple[tuple[float, ...], Status]]:
    """Solve at every load for one decay, walking through the loads of a branch in order."""
    answers: list[tuple[tuple[float, ...], Status]] = [((np.nan,) * 8, "failed")] * loads.size
    end = interpolation_load(noise, zeta) if decay == 0.0 else 0.0
    for saturated in (True, False):
        branch = np.flatnonzero((loads < end) == saturated)
        equations = Equations(decay, noise, zeta, saturated)
        # without decay the upper branch is known at large loads; the others at small ones
        downward = decay == 0.0 and not saturated
        walk: tuple[float, Point] | None = None
        for place in sorted(branch, key=lambda k: -loads[k] if downward else loads[k]):
            load = float(loads[place])
            if downward and noise == 0.0 and zeta == 0.0:  # w* meets every label, nothing else does
                answers[place] = RECOVERED, "converged"
                continue
            reached = _reach(equations, load, walk or _start(equations, load))
            if reached is not None and reached[1] < np.log(LARGEST):
                walk = load, reached
                answers[place] = _described(equations, load, reached)
            elif decay == 0.0 and abs(load / end - 1.0) < 0.1:
                answers[place] = (np.nan, np.inf) + (np.nan,) * 6, "diverges"
    return answers


def _start(equations: Equations, load: float) -> tuple[float, Point]:
    """Return a load at or beyond ``load`` with a good guess of the solution there."""
    if equations.decay == 0.0 and not equations.saturated:  # all but recovered: expand in 1/alpha
        alpha = max(load, 20.0)
        width2 = 2.0 * (equations.noise + equations.zeta) / alpha
        return alpha, (1.0 / (1.0 + 2.0 * equations.zeta), np.log(width2), np.log(2.0 / alpha))
    alpha = min(load, 0.05)  # hardly any data: one round of the equations from v = 0
    log_V = 0.0 if equations.saturated else -np.log(equations.decay)
    averages = equations.averages((0.0, np.log(1e-6), log_V))
    return alpha, (alpha * averages[2], np.log(alpha * averages[3]), log_V)


def _reach(equations: Equations, load: float, walk: tuple[float, Point]) -> Point | None:
    """Continue a solution along ``alpha`` to ``load``, halving the step where the search fails."""
    alpha, point = walk
    step = STEP
    while True:
        ratio = load / alpha
        target = load if max(ratio, 1.0 / ratio) <= step else alpha * step ** np.sign(ratio - 1.0)
        found = equations.solve(float(target), point)
        if found is None:
            step = np.sqrt(step)
            if step < LAST_STEP:
                return None
            continue
        if target == load:
            return found
        alpha, point = float(target), found


Answer = tuple[tuple[float, ...], Status]  # the row of one load, and its status


def _described(equations: Equations, load: float, point: Point) -> Answer:
    """Return the row of one solution and what may be claimed about it."""
    doubled = replace(equations, nodes=2 * equations.nodes)
    quadrature_error = np.abs(doubled.residual(point, load)).max()
    if quadrature_error > ACCURATE and equations.nodes == NODES:  # a narrow student among labels
        finer = replace(equations, nodes=6 * NODES)
        return _described(finer, load, finer.solve(load, point) or point)
    m, log_width2, log_V = point
    q, V = m * m + np.exp(log_width2), np.inf if equations.saturated else np.exp(log_V)
    averages = load * equations.averages(point)
    residual = np.abs(equations.residual(point, load)).max()
    breaking = _breaking(averages[4], averages[5], q)
    status: Status = "converged"
    if breaking > BREAKING:
        status = "unstable"
    elif V > RESPONSE:
        status = "unreached"
    row = (m, q, V, averages[1], averages[4], breaking, residual, quadrature_error)
    return tuple(float(number) for number in row), status


def _breaking(smooth: float, jump: float, q: float) -> float:
    """Return the squared distance of two replicas, in units of ``q``, that the jump keeps open.

    Leave-one-out fields that differ by ``N(0, s^2)`` answer with fields whose ``Delta`` differ by
    ``smooth s^2 + jump E|N(0, s^2)|`` in the square: an example crosses the jump with probability
    proportional to ``s``, not ``s^2``. So ``s = 0`` is never stable where there is a jump, and
    ``s = sqrt(2/pi) jump / (1 - smooth)`` is where the pair settles.
    """
    if jump == 0.0 and smooth < 1.0:
        return 0.0
    if smooth >= 1.0:
        return float(np.inf)
    return float(2.0 / np.pi * (jump / (1.0 - smooth)) ** 2 / q)
