"""The linear flow of a committee's fluctuations: its coefficients at nodes of time, its solution.

Along the flow ``y(t)`` of ``f``, with J = df/dy, and D and f1 of drawn steps
(`committee_steps`), the covariance of a run times N and the shift of the runs' mean times N are

    dS/dt = J S + S J' + D,    db/dt = J b + f'':S / 2 + f1 - (d/dt f(y(t), t)) / 2.

J and f'' are differences of the flow itself, of a sampled one with the same points on both sides.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from ...teacher_student.problem import Problem
from ..committee.dynamics import FINE, KINKED, SMOOTH
from ..committee.numbers import kernel_numbers
from ..committee.packages import SAMPLING, flow_package, route
from ..committee.points import Sampling
from ..tables.table_quadrature import Progress
from .committee_steps import Steps

Array = np.ndarray
#: Nodes of time at which coefficients are found; between them they are splines.
NODES = 48
#: Displacements for second derivatives, in units of a length, for the same three kinds of flow.
BENT = {FINE: 1e-3, SMOOTH: 3e-2, KINKED: 1.5e-1}
#: Steps of the fourth order between two neighbours of nodes and stored times together.
SUBSTEPS = 4
#: Scramblings over which the derivatives of a sampled flow are averaged.
SCRAMBLINGS = 2


class Coefficients(NamedTuple):
    """At the nodes t: J, D, what drives b, and N times the covariance that goes with them."""

    t: Array
    J: Array
    D: Array
    drive: Array


class Differences:
    """Right-hand side of a committee's flow, and its derivatives by differences."""

    def __init__(self, problem: Problem):
        self.package: Any = flow_package(problem)
        sampled = route(problem) == SAMPLING
        rule = Sampling(2, None, 11)
        count = SCRAMBLINGS if sampled else 1
        self.numbers = [kernel_numbers(problem, rule, k) for k in range(count)]
        kinked = bool(problem.activation_.kinks)
        self.step = (KINKED if kinked else SMOOTH) if sampled else FINE
        self.bend = BENT[self.step]

    def rhs(self, t: float, y: Array) -> Array:
        """``f(y, t)``, mean over scramblings."""
        found = np.empty((len(self.numbers), len(y)))
        for row, numbers in zip(found, self.numbers, strict=True):
            self.package.rhs(t, y, numbers, row)
        mean: Array = found.mean(axis=0)
        return mean

    def jacobian(self, t: float, y: Array, scale: Array) -> Array:
        """``df/dy`` by central differences of ``step * scale``."""
        J = np.empty((len(y), len(y)))
        for j, own in enumerate(scale):
            h = np.zeros(len(y))
            h[j] = self.step * own
            J[:, j] = (self.rhs(t, y + h) - self.rhs(t, y - h)) / (2.0 * h[j])
        return J

    def curvature(self, t: float, y: Array, scale: Array, covariance: Array) -> Array:
        """``f'':S``, along the principal axes of S in units of the scale."""
        size, axes = np.linalg.eigh(covariance / np.outer(scale, scale))
        total, middle = np.zeros(len(y)), 2.0 * self.rhs(t, y)
        for variance, axis in zip(size, axes.T, strict=True):
            if variance > 1e-6 * size[-1]:
                h = self.bend * scale * axis
                second = self.rhs(t, y + h) + self.rhs(t, y - h) - middle
                total += variance * second / self.bend**2
        return total


def nodes_of(t: Array, states: Array, count: int = NODES) -> Array:
    """Times that share out both time and the flow's way equally."""
    way = np.abs(np.diff(states, axis=0)).sum(axis=1)
    way = np.concatenate([[0.0], np.cumsum(way)]) / max(float(way.sum()), 1e-300)
    monitor = 0.5 * (t - t[0]) / (t[-1] - t[0]) + 0.5 * way
    # The end belongs to it whatever rounding makes of it.
    inner = np.interp(np.linspace(0.0, monitor[-1], min(count, len(t))), monitor, t)
    return np.unique(np.concatenate([[t[0]], inner, [t[-1]]]))


def lengths(problem: Problem, y: Array) -> Array:
    """What a displacement of every order parameter is measured in."""
    space = problem.committee.state_space
    blocks = space.unpack(y)
    L = np.sqrt(np.maximum(np.diag(blocks["C"]), 1e-12))
    teacher = np.sqrt(np.diag(problem.committee.T))
    scale: dict[str, Array] = {"A": np.outer(L, teacher), "C": np.outer(L, L)}
    if "gamma" in blocks:
        scale["gamma"] = np.full(len(L), np.sqrt(np.mean(blocks["gamma"] ** 2)))
    if "beta" in blocks:
        scale["beta"] = scale.get("gamma", np.ones(len(L)))
    return np.maximum(space.pack({name: scale[name] for name in blocks}), 1e-6)


def coefficients(
    problem: Problem, t: Array, states: Array, progress: Progress | None = None, seed: int = 0
) -> Coefficients:
    """The coefficients at nodes t, where the flow's states are known.

    Parameters
    ----------
    problem
        The setting.
    t, states
        Nodes, and states there, shape (nodes, n).
    progress
        Called with (work done, work in all).
    seed
        Of the drawn steps.
    """
    flow, steps = Differences(problem), Steps(problem, seed)
    scales = np.array([lengths(problem, y) for y in states])
    n, total = states.shape[1], 2 * len(t)
    done = [0]

    def each(work: Callable[[int], Any]) -> list[Any]:
        def one(k: int) -> Any:
            found = work(k)
            done[0] += 1
            if progress:
                progress(done[0], total)
            return found

        with ThreadPoolExecutor(min(len(t), os.cpu_count() or 1)) as pool:
            return list(pool.map(one, range(len(t))))

    def first(k: int) -> tuple[Array, Array, Array, Array]:
        rng = np.random.default_rng([seed, k])
        found = steps.at(t[k], states[k], rng)
        J = flow.jacobian(t[k], states[k], scales[k])
        return J, found.covariance, found.correction, flow.rhs(t[k], states[k])

    J, D, f1, f = (np.array(of) for of in zip(*each(first), strict=True))
    without = Coefficients(t, J, D, np.zeros((len(t), n)))
    S = solved(without, t)[0]
    bent = np.array(each(lambda k: flow.curvature(t[k], states[k], scales[k], S[k])))
    return Coefficients(t, J, D, 0.5 * bent + f1 - 0.5 * _slope(t, f))


def solved(known: Coefficients, times: Array) -> tuple[Array, Array, Array]:
    """Covariance and shift, times N, at times from 0 on, and the propagators between them.

    Returns
    -------
    covariance, shift, propagators
        Shapes (times, n, n), (times, n), (times - 1, n, n).
    """
    n = known.J.shape[1]
    J, D, drive = (_spline(known.t, of) for of in (known.J, known.D, known.drive))
    y = np.zeros((2 * n + 1, n))  # S, propagator, b
    y[n : 2 * n] = np.eye(n)
    grid = np.unique(np.concatenate([known.t, times]))
    grid = grid[grid <= times[-1]]

    def slope(t: float, y: Array) -> Array:
        A, S, P, b = J(t), y[:n], y[n : 2 * n], y[-1]
        AS = A @ S
        return np.concatenate([AS + AS.T + D(t), A @ P, (A @ b + drive(t))[None]])

    covariance, shift = np.zeros((len(times), n, n)), np.zeros((len(times), n))
    propagators = np.empty((len(times) - 1, n, n))
    at = 0
    for k, t in enumerate(grid):
        if k:
            h = (t - grid[k - 1]) / SUBSTEPS
            for i in range(SUBSTEPS):
                y = _step(slope, grid[k - 1] + i * h, y, h)
        if t == times[at]:
            covariance[at], shift[at] = y[:n], y[-1]
            if at:
                propagators[at - 1] = y[n : 2 * n]
            y[n : 2 * n] = np.eye(n)
            at += 1
    return covariance, shift, propagators


def _step(slope: Callable[[float, Array], Array], t: float, y: Array, h: float) -> Array:
    """One of the classical fourth order."""
    a = slope(t, y)
    b = slope(t + 0.5 * h, y + 0.5 * h * a)
    c = slope(t + 0.5 * h, y + 0.5 * h * b)
    return y + h / 6.0 * (a + 2.0 * (b + c) + slope(t + h, y + h * c))


def _spline(t: Array, values: Array) -> Callable[[float], Array]:
    """Monotone in every entry between neighbours: noise of the nodes is not amplified."""
    from scipy.interpolate import PchipInterpolator

    found: Callable[[float], Array] = PchipInterpolator(t, values, axis=0)
    return found


def _slope(t: Array, values: Array) -> Array:
    from scipy.interpolate import CubicSpline

    found: Array = CubicSpline(t, values, axis=0)(t, 1)
    return found
