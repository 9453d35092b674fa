"""The inertial flow against the flow of fixed momentum."""

from __future__ import annotations

import bntheory as bn
from timing import side_by_side

PROBLEMS = {
    "identity bn": bn.Problem("identity", eta=0.2, momentum=0.9, batch_size=16, noise=0.2),
    "ReLU bn": bn.Problem("relu", eta=0.05, momentum=0.9, noise=0.1),
}
KAPPAS = (3, 50, 500, 5000)


def cost(name: str, kappa: float) -> dict[str, object]:
    """One flow to t = 20 against the same without inertia."""
    problem = PROBLEMS[name]
    with_it, without = side_by_side(
        lambda: bn.integrate(problem, inertia=kappa), lambda: bn.integrate(problem), 20
    )
    note = f"to t = 20: {with_it * 1e3:.2f} ms against {without * 1e3:.2f} ms"
    return {"name": f"inertial flow, kappa = {kappa}: {name}", "ratio": with_it / without,
            "target": "<= 4", "note": note}  # fmt: skip


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    return [cost(name, kappa) for name in PROBLEMS for kappa in KAPPAS]
