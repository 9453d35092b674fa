"""The flow against SciPy, the chain and the vectors against the cost of random numbers."""

from __future__ import annotations

import bntheory as bn
import numpy as np
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from scipy.integrate import solve_ivp
from timing import side_by_side


def flow_against_lsoda() -> dict[str, object]:
    """One flow of the default ReLU pn problem to t = 100 at rtol 1e-8."""
    problem = bn.Problem(scheme="pn")
    kernels, p, start = flow_kernels(problem), parameters(problem), np.array(problem.initial_state)
    times = np.linspace(0, 100, 101)
    out, reached, dy = np.empty((101, 3)), np.zeros(1), np.empty(3)

    def rhs(t: float, y: np.ndarray) -> np.ndarray:
        kernels.rhs(t, y, p, dy)
        return dy

    def ours() -> None:
        kernels.integrate(start.copy(), times, p, 1e-8, 1e-10, 20_000, out, reached)

    def lsoda() -> None:
        solve_ivp(rhs, (0, 100), start, "LSODA", times, rtol=1e-8, atol=1e-10)

    mine, theirs = side_by_side(ours, lsoda, 15)
    note = (
        f"flow to t = 100: ours {mine * 1e6:.0f} us, LSODA with compiled rhs {theirs * 1e3:.2f} ms"
    )
    return {"name": "flow: LSODA / ours", "ratio": theirs / mine, "target": ">= 30", "note": note}


def chain_speed() -> list[dict[str, object]]:
    """Steps a second of the chain, and what N costs."""
    problem, steps = bn.Problem(scheme="wn"), 2_000_000

    def run(dim: int) -> None:
        bn.simulate(problem, dim=dim, runs=1, times=[0.0, steps / dim], workers=1)

    small, large = side_by_side(lambda: run(1000), lambda: run(10**9), 5)
    million = steps / small / 1e6
    return [
        {"name": "chain: million steps / s", "ratio": million, "target": ">= 2",
         "note": "ReLU wn, M = 1, one core"},
        {"name": "chain: step at N = 1e9 / N = 1e3", "ratio": large / small, "target": "<= 1.2",
         "note": "the cost does not depend on N"},
    ]  # fmt: skip


def vectors_speed() -> list[dict[str, object]]:
    """N = 1000, 1e5 steps, against drawing 1e8 normals; and two runs on two cores."""
    problem = bn.Problem(scheme="wn")
    buffer = np.empty(10**6)

    def run(runs: int, workers: int) -> None:
        bn.simulate(problem, dim=1000, runs=runs, times=[0.0, 100.0], engine="vectors",
                    workers=workers)  # fmt: skip

    def normals() -> None:
        rng = np.random.default_rng(0)
        for _ in range(100):
            rng.standard_normal(out=buffer)

    ours, floor = side_by_side(lambda: run(1, 1), normals, 5)
    alone, both = side_by_side(lambda: run(2, 1), lambda: run(2, 2), 5)
    return [
        {"name": "vectors / drawing the normals", "ratio": ours / floor, "target": "<= 1.5",
         "note": f"{ours:.2f} s against {floor:.2f} s for numpy.random.Generator"},
        {"name": "vectors: 2 runs, 1 worker / 2 workers", "ratio": alone / both,
         "target": "near 2", "note": "runs scale over the cores"},
    ]  # fmt: skip


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    return [flow_against_lsoda(), *chain_speed(), *vectors_speed()]
