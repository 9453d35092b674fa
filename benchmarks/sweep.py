"""Sweeps against SciPy and heyoka, maps, and fixed points."""

from __future__ import annotations

import resource

import bntheory as bn
import heyoka
import numpy as np
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.symbols import ORDER_PARAMETERS, PARAMETERS
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from bntheory.odes.flow.rows import at_start
from scipy.integrate import solve_ivp
from timing import seconds, side_by_side

FLOWS, LANES, END = 20_000, 4, 100.0
RATES = np.geomspace(0.01, 4, FLOWS)
SHIPPED = ("relu", "identity", "erf", "tanh", "sigmoid", "softplus", "gelu", "leaky-relu")
PROBLEM = bn.Problem(scheme="pn")


def ours() -> None:
    """All flows through the public function, on one core."""
    bn.sweep(PROBLEM, eta=RATES, time=END, quantity="final-R", workers=1)


def lsoda(count: int = 40) -> float:
    """Seconds a trajectory of SciPy's LSODA with a compiled right-hand side."""
    kernels, dy = flow_kernels(PROBLEM), np.empty(3)

    def all_flows() -> None:
        for eta in RATES[:: FLOWS // count]:
            p = parameters(PROBLEM.replace(eta=float(eta)))

            def rhs(t: float, y: np.ndarray, p: np.ndarray = p) -> np.ndarray:
                kernels.rhs(t, y, p, dy)
                return dy

            solve_ivp(rhs, (0, END), PROBLEM.initial_state, "LSODA", rtol=1e-8, atol=1e-10)

    all_flows()
    return min(seconds(all_flows) for _ in range(3)) / count


def heyoka_batch() -> heyoka.taylor_adaptive_batch_dbl:
    """heyoka's integrator of the derived equations, in four lanes."""
    equations = derive_drift(PROBLEM).equations
    variables = heyoka.make_vars(*equations)
    names = {ORDER_PARAMETERS[name]: v for name, v in zip(equations, variables, strict=True)}
    names |= {symbol: heyoka.par[k] for k, symbol in enumerate(PARAMETERS)}
    system = [
        (v, heyoka.from_sympy(e, s_dict=names))
        for v, e in zip(variables, equations.values(), strict=True)
    ]
    start = np.tile(np.array(PROBLEM.initial_state)[:, None], (1, LANES))
    return heyoka.taylor_adaptive_batch(system, start, tol=1e-9)


def heyoka_flows(integrator: heyoka.taylor_adaptive_batch_dbl, count: int) -> np.ndarray:
    """Final R of every so many flows."""
    flows = at_start(PROBLEM, {"eta": RATES[:: FLOWS // count]})
    R = np.empty(count)
    for first in range(0, count, LANES):
        part = slice(first, first + LANES)
        integrator.set_time(0.0)
        integrator.state[:] = flows.states[part].T
        integrator.pars[:] = flows.numbers[part].T[: len(integrator.pars)]
        integrator.propagate_until(END)
        R[part] = integrator.state[1]
    return R


def sweeps() -> list[dict[str, object]]:
    """20 000 flows against the two rivals."""
    integrator, count = heyoka_batch(), 2000
    mine, theirs = side_by_side(ours, lambda: heyoka_flows(integrator, count), 5)
    mine, theirs, scipy = mine / FLOWS, theirs / count, lsoda()
    checked = bn.sweep(PROBLEM, eta=RATES[:: FLOWS // 100], time=END, quantity="final-R")
    apart = np.abs(checked.final_R - heyoka_flows(integrator, 100)).max()
    note = f"a trajectory, one core: ours {mine * 1e6:.1f} us"
    return [
        {"name": "sweep: LSODA / ours", "ratio": scipy / mine, "target": ">= 100",
         "note": f"{note}, LSODA {scipy * 1e6:.0f} us"},
        {"name": "sweep: heyoka batch / ours", "ratio": theirs / mine, "target": ">= 1",
         "note": f"{note}, heyoka {theirs * 1e6:.1f} us; final R differs by {apart:.0e}"},
    ]  # fmt: skip


def maps() -> list[dict[str, object]]:
    """A map, and the memory that four times as many points take."""

    def draw(points: int) -> None:
        bn.sweep(PROBLEM, eta=np.geomspace(0.01, 4, points), zeta=np.linspace(0, 1, points),
                 time=END, quantity="final-error")  # fmt: skip

    draw(200)
    small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took = min(seconds(lambda: draw(200)) for _ in range(3))
    draw(400)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - small) / 1024
    return [
        {"name": "sweep: map 200 x 200, s", "ratio": took, "target": "seconds",
         "note": "final error over (eta, zeta) at t = 100, all cores"},
        {"name": "sweep: memory of 4 times the points, MB", "ratio": more, "target": "near 0",
         "note": "peak of 400 x 400 above that of 200 x 200"},
    ]  # fmt: skip


def fixed_points() -> dict[str, object]:
    """The slowest shipped activation, warm."""
    took = {}
    for activation in SHIPPED:
        problem = bn.Problem(activation, "pn", weight_decay=0.01)
        bn.fixed_points(problem)
        took[activation] = min(seconds(lambda p=problem: bn.fixed_points(p)) for _ in range(2))
    slowest = max(took, key=lambda name: took[name])
    return {"name": "fixed points, warm, s", "ratio": took[slowest], "target": "< 2",
            "note": f"the slowest of all shipped activations: {slowest}"}  # fmt: skip


def rows() -> list[dict[str, object]]:
    """All rows of this module."""
    return [*sweeps(), *maps(), fixed_points()]
