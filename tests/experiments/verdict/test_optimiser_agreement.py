"""Optimisers beside SGD: flow against chain and vectors, and mistakes that runs tell apart.

z is the deviation of a mean of runs over its standard error, with what is of order 1/N on top: of
normalised gradients L scatters no more than that. Of 4 ways, 3 sets and 3 numbers |z| > 5 happens
with a chance of 2e-5.
"""

import bntheory as bn
import numpy as np
import pytest
from optimisers import hand_flow

FAR = 5.0
TIMES = [0.0, 0.9, 2.3]
SETS = {
    "decay": {"scheme": "wn", "eta": 1.3, "batch_size": 5, "noise": 0.23, "weight_decay": 0.17,
              "zeta": 0.06, "gamma_rate": 0.8, "q0": 0.44, "r0": 0.13, "l0": 0.9},
    "against": {"scheme": "wn", "eta": 0.7, "batch_size": 2, "noise": 0.0, "q0": 0.61, "r0": -0.27,
                "l0": 0.74},
    "large": {"scheme": "wn", "eta": 2.1, "batch_size": 17, "noise": 0.71, "zeta": 0.3, "q0": 1.2,
              "r0": 0.52, "l0": 1.6, "weight_decay": 0.03},
    "plain": {"scheme": "sgd", "eta": 0.6, "batch_size": 3, "noise": 0.31, "q0": 0.7, "r0": -0.21,
              "weight_decay": 0.11},
}  # fmt: skip
#: One threshold, so that flows are compiled once.
WAYS = {"normalised": {"optimiser": "normalised"}, "sign": {"optimiser": "sign"},
        "adagrad-norm": {"optimiser": "adagrad-norm"}, "clipped": {"step_clip": 0.37}}  # fmt: skip


def made(name, way):
    return bn.Problem("identity", **SETS[name], **WAYS[way])


def simulated(problem, seed=1):
    """Runs at large N by the chain, or by vectors where there is none."""
    if problem.optimiser == "sign":
        return bn.simulate(problem, dim=800, runs=24, times=TIMES, engine="vectors", seed=seed)
    return bn.simulate(problem, dim=20_000, runs=24, times=TIMES, seed=seed)


def largest_z(runs, values):
    """The deviation of Q, R, L (and b2) at the last time that is farthest, in standard errors."""
    names = ["Q", "R", "L", *(["b2"] if runs.problem.accumulates else [])]
    error = {n: np.hypot(runs.sem[n][-1], 2.0 / runs.dim) for n in names}
    return {n: (runs.mean[n][-1] - values[n][-1]) / error[n] for n in names}


def _slow(way, name):
    return way == "sign" or name != "decay"


@pytest.mark.parametrize(
    ("way", "name"),
    [pytest.param(w, n, marks=[pytest.mark.slow] * _slow(w, n)) for w in WAYS for n in SETS],
)
def test_the_flow_is_that_of_runs(way, name):
    problem = made(name, way)
    runs = simulated(problem)
    z = largest_z(runs, bn.integrate(problem, times=runs.t).values)
    print(way, name, {n: round(float(v), 2) for n, v in z.items()})
    assert max(map(abs, z.values())) < FAR


WRONG = {  # by what the flow differs, and the way that it is a mistake of
    "mean length sqrt(M)": ("normalised", {"mean_length": np.sqrt}),
    "noise of sgd": ("normalised", {"noise_factor": 0.8}),
    "no sqrt(2/pi)": ("sign", {"factor": np.sqrt(np.pi / 2)}),
    "b2 without 1/M": ("adagrad-norm", {"b2_factor": 5.0}),
    "drift not clipped": ("clipped", {"factor": 1.3}),
}


@pytest.mark.parametrize(
    "mistake", [pytest.param(m, marks=[pytest.mark.slow] * (WRONG[m][0] == "sign")) for m in WRONG]
)
def test_a_wrong_formula_is_seen(mistake):
    """By hand, right and wrong, against the same runs."""
    way, factors = WRONG[mistake]
    runs = simulated(made("decay", way))
    right, wrong = hand_flow(runs.problem, runs.t), hand_flow(runs.problem, runs.t, **factors)
    z = [max(map(abs, largest_z(runs, v).values())) for v in (right, wrong)]
    print(mistake, np.round(z, 1))
    assert z[0] < FAR < z[1]


@pytest.mark.parametrize(
    "way",
    ["normalised", *(pytest.param(w, marks=pytest.mark.slow) for w in ("adagrad-norm", "clipped"))],
)
def test_the_chain_is_that_of_vectors(way):
    """At N = 60, means and spreads of 400 runs; |z| > 4 of six numbers: 4e-4.

    Of a normalised field and gradient L does not scatter at all: a plain student is taken.
    """
    options = {"dim": 60, "runs": 400, "times": TIMES}
    problem = made("plain", way)
    chain, vectors = (bn.simulate(problem, **options, engine=e, seed=s)
                      for e, s in (("chain", 3), ("vectors", 4)))  # fmt: skip
    for name in ("R", "L"):
        error = np.hypot(chain.sem[name][-1], vectors.sem[name][-1])
        apart = chain.mean[name][-1] - vectors.mean[name][-1]
        wider = np.log(chain.std[name][-1] / vectors.std[name][-1]) * np.sqrt(399)
        print(way, name, round(apart / error, 2), round(wider, 2))
        assert abs(apart) < 4 * error
        assert abs(wider) < 4


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_compare_agrees_by_the_runs_own_scatter(way):
    options = {"engine": "vectors", "dim": 400} if way == "sign" else {"dim": 2000}
    verdict = bn.compare(made("decay", way), runs=32, time=2, points=4, **options)
    print(way, verdict.p_value)
    assert verdict.agree
    assert verdict.predicted is None
