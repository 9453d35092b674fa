"""Exact flows of batch schemes beside `wn`: one, and many at once; and SciPy with the same rhs."""

from __future__ import annotations

import time
from collections.abc import Callable

import bntheory as bn
import numpy as np
from bntheory.odes.flow.flow_kernels import flow_kernels, flow_table, own_numbers
from bntheory.odes.flow.records import AtEnd
from bntheory.odes.flow.solver import solve_flows
from scipy.integrate import solve_ivp

WN = bn.Problem(scheme="wn")
RELU, ERF = bn.Problem("relu", "bn", batch_size=32), bn.Problem("erf", "bn", batch_size=32)
END, MANY = 100.0, 4096


def processor(function: Callable[[], object]) -> float:
    """Processor time of one call, in all threads: flows in a sweep run in some."""
    began = time.process_time()
    function()
    return time.process_time() - began


def cheapest(*functions: Callable[[], object], repeats: int) -> list[float]:
    """The least processor time of each, called in turn after one warm-up."""
    for function in functions:
        function()
    times = [[processor(function) for function in functions] for _ in range(repeats)]
    return [min(column) for column in zip(*times, strict=True)]


def single(problem: bn.Problem) -> Callable[[], object]:
    """Fifty flows by `bn.integrate`, stored at a hundred times."""
    return lambda: [bn.integrate(problem, time=END) for _ in range(50)]


def swept(problem: bn.Problem) -> Callable[[], object]:
    """Flows at rates up to 4 on one core, of which the end is kept."""
    rates = np.geomspace(0.01, 4.0, MANY)
    return lambda: solve_flows(problem, {"eta": rates}, AtEnd(np.full(MANY, END)), workers=1)


def lsoda(problem: bn.Problem) -> Callable[[], object]:
    """Fifty flows by SciPy, with the compiled right-hand side."""
    kernels, dy, made = flow_kernels(problem), np.empty(3), flow_table(problem)
    assert made is not None
    p, times = np.concatenate([own_numbers(problem), made.pieces]), np.linspace(0.0, END, 101)

    def rhs(t: float, y: np.ndarray) -> np.ndarray:
        kernels.rhs(t, y, p, dy)
        return dy

    def flow() -> object:
        return solve_ivp(
            rhs, (0.0, END), problem.initial_state, "LSODA", times, rtol=1e-8, atol=1e-10
        )

    return lambda: [flow() for _ in range(50)]


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    one = [t / 50 for t in cheapest(*map(single, (WN, RELU, ERF)), lsoda(RELU), repeats=9)]
    all_in = [t / MANY for t in cheapest(*map(swept, (WN, RELU, ERF)), repeats=5)]
    alone = f"bn.integrate to t = 100: wn {one[0] * 1e6:.0f} us"
    many = f"{MANY} rates, one core: wn {all_in[0] * 1e6:.1f} us a flow"
    return [
        {"name": "flow: ReLU bn / wn", "ratio": one[1] / one[0], "target": "<= 4",
         "note": f"{alone}, bn {one[1] * 1e6:.0f} us"},
        {"name": "flow: erf bn / wn", "ratio": one[2] / one[0], "target": "<= 15",
         "note": f"{alone}, bn {one[2] * 1e6:.0f} us"},
        {"name": "flow: LSODA / ReLU bn", "ratio": one[3] / one[1], "target": ">= 20",
         "note": f"the same compiled right-hand side, {one[3] * 1e6:.0f} us"},
        {"name": "sweep: ReLU bn / wn", "ratio": all_in[1] / all_in[0], "target": "<= 4",
         "note": f"{many}, bn {all_in[1] * 1e6:.1f} us"},
        {"name": "sweep: erf bn / wn", "ratio": all_in[2] / all_in[0], "target": "<= 15",
         "note": f"{many}, bn {all_in[2] * 1e6:.1f} us"},
    ]  # fmt: skip
