"""What a flow and a step could cost at least, other integrators of one flow, and what is around.

Processor time, the least of some repeats, each in turn: a busy machine stretches the wall's.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import bntheory as bn
import numba
import numpy as np
from batch_flows import END, MANY, RELU, WN, cheapest, single
from bntheory.odes.flow.known_moments import Tables
from bntheory.odes.flow.records import AtEnd
from bntheory.odes.flow.rows import at_start
from bntheory.odes.flow.solver import solve_flows
from scipy.integrate import odeint

RATES = np.geomspace(0.01, 4.0, MANY)
STEPS, CALLS = 20_000, 20_000


def compiled(problem: bn.Problem) -> tuple[object, np.ndarray, np.ndarray]:
    """The right-hand side of a flow, its start and its numbers with the table."""
    flows = at_start(problem, {})
    Tables(flows).enter(np.arange(1))
    return flows.kernels.rhs, flows.states[0].copy(), flows.row(0).copy()


def odeint_flows(problem: bn.Problem) -> Callable[[], object]:
    """Fifty flows by SciPy's `odeint`, stored at a hundred times."""
    rhs, start, p = compiled(problem)
    times, dy = np.linspace(0.0, END, 101), np.empty(start.size)

    def slope(y: np.ndarray, t: float) -> np.ndarray:
        rhs(t, y, p, dy)  # type: ignore[operator]
        return dy

    return lambda: [odeint(slope, start, times, rtol=1e-8, atol=1e-10) for _ in range(50)]


def heyoka_flows() -> Callable[[], object]:
    """Fifty `wn` flows by heyoka, one after the other."""
    import heyoka
    from bntheory.odes.derivation.drift import derive_drift
    from bntheory.odes.derivation.symbols import ORDER_PARAMETERS, PARAMETERS
    from bntheory.odes.flow.flow_kernels import parameters

    equations = derive_drift(WN).equations
    variables = heyoka.make_vars(*equations)
    names = {ORDER_PARAMETERS[n]: v for n, v in zip(equations, variables, strict=True)}
    names |= {symbol: heyoka.par[k] for k, symbol in enumerate(PARAMETERS)}
    pairs = zip(variables, equations.values(), strict=True)
    system = [(v, heyoka.from_sympy(e, s_dict=names)) for v, e in pairs]
    start, times = np.array(WN.initial_state), np.linspace(0.0, END, 101)
    ta = heyoka.taylor_adaptive(system, start, tol=1e-9)
    ta.pars[:] = parameters(WN)[: ta.pars.size]  # it knows those that the equations name

    def flows() -> None:
        for _ in range(50):
            ta.time, ta.state[:] = 0.0, start
            ta.propagate_grid(times)

    return flows


def arithmetic(problem: bn.Problem) -> Callable[[], object]:
    """Right-hand sides alone, compiled into one loop."""
    rhs, y, p = compiled(problem)
    dy = np.empty(y.size)

    @numba.njit
    def repeated(y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
        for _ in range(CALLS):
            rhs(0.0, y, p, dy)

    return lambda: repeated(y, p, dy)


def swept(levels: tuple[float, ...]) -> Callable[[], object]:
    """Flows of ReLU `bn` on one core, with passages of levels."""
    return lambda: solve_flows(RELU, {"eta": RATES}, AtEnd(np.full(MANY, END), levels), workers=1)


def chain_steps() -> None:
    """Steps of the chain of ReLU `bn`, of which each draws 32 examples."""
    bn.simulate(RELU, dim=10_000, runs=1, times=[0.0, STEPS / 10_000], workers=1)


def normals() -> None:
    """The two normals of every example of `chain_steps`."""
    np.random.default_rng(0).standard_normal(2 * RELU.M * STEPS)


def around() -> list[dict[str, object]]:
    """Passages of levels, and JSON of many rows."""
    watched, plain = cheapest(swept((0.1, 0.01)), swept(()), repeats=5)
    flow = bn.integrate(WN, points=200_000)
    text, computed = cheapest(flow.to_json, lambda: bn.integrate(WN, points=200_000), repeats=3)
    return [
        {"name": "sweep: two levels watched / none", "ratio": watched / plain, "target": "<= 3",
         "note": f"ReLU bn, {watched / MANY * 1e6:.1f} us a flow"},
        {"name": "JSON: million numbers a second", "ratio": 1.2 / text, "target": ">= 2",
         "note": f"200 000 rows of six: {text:.2f} s; computing them {computed:.2f} s"},
    ]  # fmt: skip


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    ours, exact, scipy, its = (
        t / 50
        for t in cheapest(single(WN), single(RELU), odeint_flows(WN), odeint_flows(RELU), repeats=7)
    )
    rhs, with_table = (t / CALLS for t in cheapest(arithmetic(WN), arithmetic(RELU), repeats=7))
    steps, drawn = cheapest(chain_steps, normals, repeats=5)
    found = [
        {"name": "flow: odeint / wn", "ratio": scipy / ours, "target": "reported",
         "note": f"the same compiled right-hand side, {scipy * 1e6:.0f} us"},
        {"name": "flow: odeint / ReLU bn", "ratio": its / exact, "target": "reported",
         "note": f"the same compiled right-hand side, {its * 1e6:.0f} us"},
        {"name": "right-hand side, ns", "ratio": rhs * 1e9, "target": "a limit",
         "note": f"wn; of ReLU bn, which looks up a table, {with_table * 1e9:.0f} ns"},
        {"name": "chain: step / its normals", "ratio": steps / drawn, "target": "<= 2",
         "note": f"ReLU bn, M = 32: {steps / STEPS * 1e9:.0f} ns; numpy's 64 normals "
                 f"{drawn / STEPS * 1e9:.0f} ns"},
        *around(),
    ]  # fmt: skip
    if importlib.util.find_spec("heyoka"):
        ours, theirs = (t / 50 for t in cheapest(single(WN), heyoka_flows(), repeats=7))
        found.append({"name": "flow: heyoka / wn", "ratio": theirs / ours, "target": "reported",
                      "note": f"one after the other, {theirs * 1e6:.0f} us"})  # fmt: skip
    return found
