"""Random problems for which the theory holds, and how often `compare` rejects them."""

from __future__ import annotations

import math

import bntheory as bn
import numpy as np
from bntheory.experiments.verdict.compare import judge
from bntheory.odes.flow.integrate import solve
from bntheory.odes.fluctuations.covariance import FlowError, fluctuations

ACTIVATIONS = ("relu", "identity", "erf", "tanh", "sigmoid", "softplus", "gelu", "leaky-relu")
SCHEMES = ("sgd", "wn", "pn", "bn", "mean-only-bn", "var-only-bn")
#: Batches from which on every scheme's flow is finite for activations that grow.
SMALLEST = {"bn": 6, "mean-only-bn": 3, "var-only-bn": 9}
#: Normals of the runs of one verdict (three seconds of one core at most).
NORMALS = 1e8


def random_problem(rng: np.random.Generator, number: int) -> tuple[bn.Problem, dict]:
    """The number-th problem, and the sizes of its runs: schemes and activations take turns."""
    scheme = SCHEMES[number % len(SCHEMES)]
    activation = ACTIVATIONS[(number // len(SCHEMES) + number) % len(ACTIVATIONS)]
    least = SMALLEST.get(scheme, 1)
    M = int(np.exp(rng.uniform(math.log(least), math.log(64))))
    dim = int(np.exp(rng.uniform(math.log(max(200, 8 * M)), math.log(2000))))
    numbers = {
        "eta": float(np.exp(rng.uniform(math.log(0.1), math.log(1.0 + 0.1 * M)))),
        "batch_size": M,
        "noise": float(rng.choice([0.0, np.exp(rng.uniform(-4, 0))])),
        "weight_decay": float(rng.choice([0.0, np.exp(rng.uniform(-4, -1))])),
        "q0": float(np.exp(rng.uniform(-1.5, 0.7))),
        "r0": float(rng.uniform(-0.8, 0.9)),
    }
    if scheme != "sgd":
        numbers["l0"] = float(np.exp(rng.uniform(-0.5, 0.7)))
        numbers["zeta"] = float(rng.choice([0.0, 0.15]))
    problem = bn.Problem(scheme=scheme, activation=activation, **numbers)
    runs = int(np.clip(NORMALS / (3 * M * dim * 4), 40, 100))
    return problem, {"dim": dim, "runs": runs, "time": float(rng.uniform(1.0, 4.0))}


def p_values(problem: bn.Problem, sizes: dict, seeds: int) -> list[tuple[float, float, float]]:
    """Of every seed: the verdict's p-value, and those of the mean and of the scatter.

    Theory is computed once. NaN where there is no such test.
    """
    dim, runs, time = sizes["dim"], sizes["runs"], sizes["time"]
    found, theory = [], None
    for seed in range(seeds):
        sample = bn.simulate(problem, dim=dim, runs=runs, time=time, points=41, seed=1000 + seed)
        if theory is None or theory[0].t.size != sample.t.size:
            flow = solve(problem, times=sample.t)
            try:
                theory = flow, fluctuations(problem, times=sample.t)
            except (ValueError, FlowError):
                theory = flow, None
        verdict = judge(sample, theory[0], predicted=theory[1])
        test = verdict.test
        parts = (test.mean_p, test.scatter_p) if test else (math.nan, math.nan)
        found.append((verdict.p_value, *parts))
    return found
