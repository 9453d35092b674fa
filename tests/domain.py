"""Problems over the whole accepted domain, and whether what is said of one is right.

Twins that share no code judge each other: the flow against the exact chain, a sweep's point
against the flow, the predicted scatter against that of the runs. A problem may also be
refused, with a `ValueError` that names a parameter; anything else is a fault.
"""

from __future__ import annotations

import math
import re
import warnings

import bntheory as bn
import numpy as np
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from bntheory.odes.flow.known_moments import next_region
from hypothesis import strategies as st

ACTIVATIONS = ("relu", "identity", "erf", "tanh", "sigmoid", "softplus", "gelu", "leaky-relu")
SCHEMES = ("sgd", "wn", "pn", "bn", "mean-only-bn", "var-only-bn")
#: Formulas of users: (scheme, activation).
FORMULAS = (
    ("wn", "h**3/6"),
    ("sgd", "sin(h)"),
    ("bn", "max(h, -1)"),
    ("bn", "abs(h)"),
    ("mean-only-bn", "h**2/2"),
    ("sqrt(N)*gamma*a/sqrt(n2 + N)", "tanh"),
    ("gamma*(a - mu)/sqrt(sigma**2 + 1)", "relu"),
)
#: The runs that judge a flow. A flow that is the median of a run's law lies outside of the
#: range of n runs with probability 2^(1 - n): 1.2e-7.
RUNS = 24
#: Batches so small that the increments have no fourth moment, where means of runs converge
#: more slowly than their medians: their range is taken twice as wide.
HEAVY_TAILS = 8
#: Below, L of `var-only-bn` grows by rare batches that runs miss (docs/theory/4-exact-bn.md).
RARE_BATCHES = 14
#: Normals that may be drawn for one problem (about two seconds of one core).
BUDGET = 1.5e8
#: With fewer steps the shift is far from one of order 1/N.
FEWEST_STEPS = 32
#: Where even at this N a step is no small part of the fastest time, runs say nothing of the flow.
LARGEST_DIM = 10**12


def log_uniform(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers whose logarithm is uniform, to four digits."""
    logs = st.floats(math.log(least), math.log(most), allow_nan=False)
    return logs.map(lambda x: float(f"{math.exp(x):.4g}"))


def sometimes(zero: float, other: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    """Zero in half of the cases: many terms of a flow vanish there."""
    return st.one_of(st.just(zero), other)


def rounded(number: float) -> float:
    """To four digits behind the point: a counterexample is to be read by people."""
    return round(number, 4)


def problems(
    scheme: str, activation: str, momentum: st.SearchStrategy[float] | None = None
) -> st.SearchStrategy[dict]:
    """Parameters of a problem: log-uniform over six decades, r0 over [-1, 1], both ends too.

    With ``momentum``, a strategy of numbers above 0, all kinds of it.
    """
    six = log_uniform(1e-3, 1e3)
    fields = {
        "scheme": st.just(scheme),
        "activation": st.just(activation),
        "eta": six,
        "q0": six,
        "r0": st.one_of(st.floats(-1.0, 1.0).map(rounded), st.sampled_from((-1.0, 1.0))),
        "noise": sometimes(0.0, six),
        "weight_decay": sometimes(0.0, log_uniform(1e-4, 1e2)),
        "batch_size": log_uniform(2.0, 1e5).map(round),
        "gamma_rate": sometimes(1.0, log_uniform(1e-2, 1e2)),
    }  # fmt: skip
    if "gamma" in bn.Problem(scheme=scheme).trained_scalars:
        fields |= {
            "l0": six,
            "zeta": st.one_of(st.just(0.0), st.just("auto"), log_uniform(1e-3, 1e1)),
        }
        fields |= {"train_beta": st.booleans() if scheme == "bn" else st.just(False)}
    if momentum is not None:
        kinds = {"nesterov": st.booleans(), "decoupled_decay": st.booleans()}
        fields |= {"momentum": momentum} | kinds
    return st.fixed_dictionaries(fields)


def fastest_rate(problem: bn.Problem) -> float:
    """The order of magnitude of the fastest rate at the start, in 1/time (theory page 3).

    Under momentum that of the limit: what the buffer does within its memory is inertia.
    """
    problem = problem.limit
    eta, Q, M = problem.eta, problem.q0, problem.M
    L = problem.l0 if "gamma" in problem.trained_scalars else 1.0
    pull = eta * problem.gamma_rate if "gamma" in problem.trained_scalars else eta
    signal = 1.0 + Q * Q + problem.noise  # of the squared residual
    spread = (eta * Q / L**2) ** 2 * signal / M
    if not problem.trained_scalars:
        spread = eta**2 * (1.0 + (1.0 + problem.noise) / Q**2) / M
    decay = 0.0 if problem.zeta == "auto" else float(problem.zeta)
    turn = eta * Q / L**2 if problem.trained_scalars else eta * max(1.0, 1.0 / Q)
    estimate = max(pull * (1.0 + decay), turn * max(1.0, Q), spread, eta * problem.weight_decay)
    return max(estimate, relative_speed(problem))


def relative_speed(problem: bn.Problem) -> float:
    """How fast the start changes, for activations that grow faster than their field.

    It only sets the length of a run and of its steps, of which the verdict does not depend.
    """
    problem = problem.limit
    kernels, y = flow_kernels(problem), np.array(problem.initial_state)
    dy = np.empty_like(y)
    region = next_region(problem, kernels, y, None)
    kernels.rhs(0.0, y, parameters(problem, region), dy)
    size = np.abs(y)
    size[-2] = 1.0
    speed = np.abs(dy) / np.maximum(size, 1e-12)
    return float(speed.max()) if np.isfinite(speed).all() else 0.0


def horizon(problem: bn.Problem, spans: float) -> tuple[int, float]:
    """N and the end of a run that lasts so many of the fastest times, within the budget.

    A run of the chain costs the same at every N: N is what makes one step a hundredth of the
    fastest time. The steps are even in number, so that half the time is a whole step too: else
    runs at N and at 2 N are looked at at different times.
    """
    steps = 2 * int(np.clip(BUDGET / (6 * RUNS * 3 * problem.M), FEWEST_STEPS / 2, 75))
    dim = int(np.clip(steps * fastest_rate(problem) / spans, 100, LARGEST_DIM))
    return dim, steps / dim


def refusal(error: ValueError) -> str:
    """The reason of a refusal; a fault if it names no parameter with its value."""
    text = str(error)
    named = re.match(r"[a-z_0-9]+=|unknown parameter", text)
    return f"refused: {text}" if named else f"FAULT: refused without a parameter: {text}"


def verdict(parameters: dict, spans: float = 1.0, seed: int = 0) -> str:
    """``agree``, ``refused: ...``, or ``FAULT: ...`` for one problem."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diverged = getattr(bn, "DivergenceWarning", None)
        if diverged is not None:  # said by the status too, which is looked at
            warnings.simplefilter("ignore", diverged)
        try:
            problem = bn.Problem(**parameters)
            dim, time = horizon(problem, spans)
            flow = bn.integrate(problem, time=time, points=3)
        except ValueError as error:
            return refusal(error)
        if flow.status == "outside-tables":
            return f"refused: {flow.message}"
        found = [judge_by_sweep(flow, time), judge_points(problem)]
        if dim < LARGEST_DIM:
            found += [judge_by_chain(flow, dim, seed)]
        return next((text for text in found if text), "agree")


def judge_by_chain(flow: bn.Flow, dim: int, seed: int) -> str | None:
    """Whether a flow agrees with runs of the exact chain.

    Runs at N differ from the flow by their scatter and by a shift of order 1/N. The shift is
    seen between the medians at N and at 2 N, and as much again is allowed for at 2 N, twice
    over for the next order. Under momentum each N has an inertial flow of its own
    (`own_flow`), and the shift is that of the runs from it.
    """
    problem = flow.problem
    if problem.momentum:
        return judge_with_inertia(flow, dim, seed)
    end = 2 * flow.t[-1] - flow.t[-2] if flow.status == "diverged" and len(flow.t) > 1 else None
    times = flow.t if flow.status != "diverged" else np.array([0.0, end or 150.0 / dim])
    coarse, fine = (
        bn.simulate(problem, dim=N, runs=RUNS, times=times, seed=seed + k)
        for k, N in enumerate((dim, 2 * dim))
    )
    if flow.status == "diverged":
        return judge_divergence(flow, fine)
    reached = min(len(coarse.t), len(fine.t))
    if reached < 2:
        return f"FAULT: {fine.message}, the flow is {flow.status}"
    for name in judged(problem):
        for k in range(1, reached):
            medians = [np.median(runs.values[name][:, k]) for runs in (coarse, fine)]
            said = outside(problem, flow, fine, (name, k), abs(medians[1] - medians[0]))
            if said:
                return said
    return None


def judged(problem: bn.Problem) -> tuple[str, ...]:
    """The quantities that runs say something of."""
    rare = problem.scheme == "var-only-bn" and problem.M < RARE_BATCHES
    return ("Q",) if rare else ("Q", "R", "L")


def outside(
    problem: bn.Problem, flow: bn.Flow, fine: bn.Runs, at: tuple[str, int], shift: float
) -> str | None:
    """Whether a flow's value is outside of the runs' range by more than twice a shift."""
    name, k = at
    runs, value = fine.values[name][:, k], flow.values[name][k]
    low, high = runs.min(), runs.max()
    wide = (high - low) / 2 if problem.M < HEAVY_TAILS else 0.0
    slack = 2.0 * shift + wide + 1e-6 * max(abs(low), abs(high)) + 1e-9
    if low - slack <= value <= high + slack:
        return None
    return (
        f"FAULT: {name} = {value:.8g} at t = {flow.t[k]:g}; runs at N = {fine.dim}: "
        f"{low:.8g} to {high:.8g}, shift {shift:.2g}"
    )


def judge_with_inertia(flow: bn.Flow, dim: int, seed: int) -> str | None:
    """`judge_by_chain` for a problem with momentum, by the inertial flows of N and of 2 N."""
    problem, times = flow.problem, flow.t
    if len(times) < 2:
        return None  # the flow at fixed momentum was over at once; runs have to
    dims = (dim, 2 * dim)
    flows = [bn.integrate(problem, times=times, dim=N) for N in dims]
    runs = [
        bn.simulate(problem, dim=N, runs=RUNS, times=times, seed=seed + k)
        for k, N in enumerate(dims)
    ]
    fine = runs[1]
    if flows[1].status == "diverged":
        return judge_divergence(flows[1], fine)
    for name in judged(problem):
        for k in range(1, min(len(made.t) for made in (*flows, *runs))):
            off = [
                np.median(made.values[name][:, k]) - own.values[name][k]
                for made, own in zip(runs, flows, strict=True)
            ]
            said = outside(problem, flows[1], fine, (name, k), abs(off[1] - off[0]))
            if said:
                return said
    return None


def judge_divergence(flow: bn.Flow, runs: bn.Runs) -> str | None:
    """Runs of a flow that diverges grow beyond all measure as well."""
    if runs.status == "diverged":
        return None
    start = max(abs(value) for value in flow.problem.initial_state)
    largest = max(np.abs(runs.values[name]).max() for name in ("Q", "L"))
    if largest > 1e3 * start:
        return None
    return f"FAULT: {flow.message}; the runs go on to {largest:g} at N = {runs.dim}"


def judge_by_sweep(flow: bn.Flow, time: float) -> str | None:
    """A sweep's one point is the flow's end: both are within 1e-8 a step of the same."""
    twin = bn.sweep(flow.problem, eta=[flow.problem.eta], time=time)
    if bool(twin["diverged"][0]) != (flow.status == "diverged"):
        return (
            f"FAULT: the flow is {flow.status}, the sweep says diverged={bool(twin['diverged'][0])}"
        )
    if flow.status != "complete":
        return None
    for name in ("Q", "R", "L", "error"):
        value, other = flow.values[name][-1], float(twin[f"final_{name}"][0])
        if not math.isclose(value, other, rel_tol=1e-5, abs_tol=1e-7):
            return f"FAULT: final {name} = {value:.10g} of the flow, {other:.10g} of the sweep"
    return None


def judge_points(problem: bn.Problem) -> str | None:
    """Every number of every fixed point is finite, or absent; a rest is one."""
    try:
        found = bn.fixed_points(problem)
    except ValueError as error:
        text = refusal(error)
        return text if text.startswith("FAULT") else None
    for point in found.points:
        numbers = [v for v in vars(point).values() if isinstance(v, float)]
        if not all(map(math.isfinite, numbers)):
            return f"FAULT: a fixed point with a number that is not finite: {point}"
        if point.kind == "fixed-point" and point.L is not None and point.residual > 1e-4:
            return f"FAULT: a drift of {point.residual:.2g} at a fixed point: {point}"
    return None
