"""The inertial flow against the flow of fixed momentum: the solver alone, without `integrate`."""

from __future__ import annotations

from collections.abc import Callable

import bntheory as bn
import numpy as np
from bntheory.odes.flow.inertial import inertial_start
from bntheory.odes.flow.known_moments import Tables
from bntheory.odes.flow.rows import Flows, at_start
from timing import side_by_side

PROBLEMS = {
    "identity bn": bn.Problem("identity", eta=0.2, momentum=0.9, batch_size=16, noise=0.2),
    "ReLU bn": bn.Problem("relu", eta=0.05, momentum=0.9, noise=0.1),
}
KAPPAS = (3, 50, 500, 5000)
TIMES = np.linspace(0, 20, 101)


def solved(flows: Flows) -> Callable[[], object]:
    """Solves a flow to t = 20, from its start every time."""
    Tables(flows).enter(np.arange(1))
    start, reached = flows.states[0].copy(), np.zeros(1)
    out, row = np.empty((TIMES.size, start.size)), flows.row(0).copy()
    return lambda: flows.kernels.integrate(
        start.copy(), TIMES, row, 1e-8, 1e-10, 20_000, out, reached, 0.0
    )


def cost(name: str, kappa: float) -> dict[str, object]:
    """One flow to t = 20 against the same without inertia."""
    problem = PROBLEMS[name]
    heavy, light = solved(inertial_start(problem, kappa)), solved(at_start(problem, {}))
    ours, plain = side_by_side(heavy, light, 60)
    note = f"to t = 20: {ours * 1e6:.0f} us against {plain * 1e6:.0f} us"
    return {"name": f"inertial flow, kappa = {kappa}: {name}", "ratio": ours / plain,
            "target": "<= 4", "note": note}  # fmt: skip


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    return [cost(name, kappa) for name in PROBLEMS for kappa in KAPPAS]
