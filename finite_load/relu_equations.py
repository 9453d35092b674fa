"""The replica-symmetric equations of a ReLU student at one load (theory page 7).

Training minimises, over ``v``, ``sum_mu (y_mu - max(0, h_mu))^2 / 2 + (lambda/2) |v|^2`` (ridge, WN
with gamma decay), or the same with ``zeta h_mu^2 / 2`` an example (PN with gamma decay, the ReLU
counterpart of BN), where ``h = X v``. With ``Delta = h(omega) - omega`` of
:mod:`.relu_kernel` and ``D = alpha E[1 - dh/domega]``, the jump of ``h`` included, the order
parameters solve

    lambda V + D = 1,    m = alpha E[Delta u] + D m,    q = m^2 + alpha E[Delta^2].

Where every label can be met without decay, ``lambda -> 0`` sends ``V`` to infinity and only the
last two equations are left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from .relu_kernel import replica_averages, unit_nodes

NODES = 40  # Gauss-Legendre nodes a panel; the answer reports what doubling them changes
RESIDUAL = 1e-8  # largest residual of the three equations in an accepted solution

Point = tuple[float, float, float]  # m, log(q - m^2), log V


@dataclass(frozen=True)
class Equations:
    """The three equations at fixed decay and noise."""

    decay: float
    noise: float
    zeta: float
    saturated: bool  # V = infinity
    nodes: int = NODES

    def averages(self, point: Point) -> NDArray[np.float64]:
        m, log_width2, log_V = point
        V = np.inf if self.saturated else np.exp(log_V)
        q = m * m + np.exp(log_width2)
        return replica_averages(m, q, V, self.noise, self.zeta, *unit_nodes(self.nodes))

    def residual(self, point: Point, alpha: float) -> NDArray[np.float64]:
        """Return what is left of the equations, the last one relative to its size."""
        m, log_width2, log_V = point
        if not (abs(m) < 1e3 and abs(log_width2) < 60 and abs(log_V) < 60):
            return np.full(3, 1e3)  # send a wandering search back
        smooth, jump, pull, spread = self.averages(point)[:4]
        D = alpha * (smooth + jump)
        first = log_V if self.saturated else self.decay * np.exp(log_V) + D - 1.0
        return np.array([first, alpha * pull + D * m - m, alpha * spread * np.exp(-log_width2) - 1])

    def solve(self, alpha: float, guess: Point) -> Point | None:
        """Return the solution near ``guess``, or None."""
        found = root(self.residual, guess, args=(alpha,), method="hybr", tol=1e-12)
        point = (float(found.x[0]), float(found.x[1]), float(found.x[2]))
        return point if np.abs(self.residual(point, alpha)).max() < RESIDUAL else None
