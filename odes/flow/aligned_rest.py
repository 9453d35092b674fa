"""The rest next to an aligned student, and the drift around it (`odes.flow.alignment`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .rows import Flows

Array = np.ndarray
#: Drifts below this, relative to the rates there, are zero: an aligned student stays aligned.
ZERO = 1e-12
#: Steps of first and second differences, and what the latter are at least if they are any.
STEP, PROBE, ROUNDING = 1e-5, 1e-3, 1e-11
#: Logarithms beyond this have no number.
LARGEST = 700.0


@dataclass
class AlignedRest:
    """What rests beside an aligned student, and the drift around it.

    Attributes
    ----------
    kernels, p
        Of the flow, and its numbers.
    sign
        Of the overlap.
    at
        The state at rest; its length is that of the moment.
    resting, R, L
        Places of what rests with R; of R and L. A normalised student's length is not among the
        first.
    exact
        Whether the symbolic Jacobian is taken: an activation with a kink adds a root of
        ``1 - |R|``, which differences do not resolve.
    """

    kernels: Any
    p: Array
    sign: float
    at: Array
    resting: Array
    R: int
    L: int
    exact: bool

    def drift(self, t: float, y: Array) -> Array:
        """The right-hand side."""
        dy = np.empty_like(y)
        self.kernels.rhs(t, y, self.p, dy)
        return dy

    def state(self, delta: Array, length: float) -> Array:
        """The aligned state a displacement away from the rest."""
        y = self.at.copy()
        if self.L not in self.resting:
            y[self.L] = length
        y[self.resting] += delta
        return y

    def slopes(self, t: float, y: Array) -> Array:
        """The Jacobian at an aligned state: symbolic, or by differences from within |R| <= 1."""
        J = np.empty((y.size, y.size))
        if self.exact:
            self.kernels.symbolic_jacobian(t, y, self.p, J)
            return J
        for j in range(y.size):
            e = np.eye(y.size)[j] * STEP
            if j == self.R:
                one, two = (self.drift(t, y - self.sign * k * e) for k in (1, 2))
                J[:, j] = self.sign * (3 * self.drift(t, y) - 4 * one + two) / (2 * STEP)
            else:
                J[:, j] = (self.drift(t, y + e) - self.drift(t, y - e)) / (2 * STEP)
        return J

    def scatter(self, t: float, d: Array, scale: float, length: float, log_x: float) -> float:
        """``-sign delta.H delta / X`` at ``delta = d exp(scale)``, which a residual adds to ln X.

        It is even in delta: a square.
        """
        size = float(np.abs(d).max(initial=0.0))
        if size == 0.0:
            return 0.0
        unit = PROBE * d / size
        ways = [self.drift(t, self.state(s * unit, length))[self.R] for s in (1.0, -1.0)]
        gained = -self.sign * sum(ways)
        if gained <= ROUNDING:
            return 0.0
        return float(gained / PROBE**2) * math.exp(
            min(LARGEST, 2.0 * (math.log(size) + scale) - log_x)
        )


def aligned_rest(flows: Flows, k: int, t: float) -> AlignedRest | None:
    """The aligned rest next to a flow's state; None where there is none that lasts."""
    from scipy.optimize import root  # not needed by most flows

    space, kernels, y = flows.problem.state_space, flows.kernels, flows.states[k].copy()
    R, L = space.place("R"), space.place("L")
    scaled = y.copy()
    scaled[L] *= 2.0
    normalised = abs(kernels.observables(scaled)[0] - kernels.observables(y)[0]) < 1e-12
    resting = np.array([i for i in range(y.size) if i != R and not (normalised and i == L)])
    y[R] = sign = math.copysign(1.0, y[R])
    exact = kernels.HAS_JACOBIAN and bool(flows.problem.activation_.kinks)
    found = AlignedRest(kernels, flows.row(k).copy(), sign, y, resting, R, L, exact)

    def force(x: Array) -> Array:
        y[resting] = x
        return found.drift(t, y)[resting]

    solved = root(force, y[resting], tol=1e-14)
    y[resting] = solved.x
    dy = found.drift(t, y)
    rests = np.abs(dy[[*resting, R]]).max() < ZERO * (1.0 + np.abs(found.slopes(t, y)).max())
    return found if rests and np.isfinite(dy).all() else None
