"""Runs on inputs with a spectrum: chain against vectors, both against the flow."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.integrate import solve
from scipy.stats import ks_2samp, norm

SPECTRUM = "3:0.2:0.1,1:0.3:0.5,0.1:0.5:2"
#: Three odd parameter sets a scheme.
ODD = {
    "sgd": [
        {"activation": "relu", "eta": 0.8, "batch_size": 3, "noise": 0.1},
        {"eta": 0.5, "batch_size": 2, "noise": 0.3, "weight_decay": 0.2, "spectrum": "two:30:tail"},
        {"eta": "0.9/(1 + t)", "batch_size": 5, "spectrum": "power:1:8:head"},
    ],
    "wn": [
        {"eta": 1.1, "batch_size": 3, "noise": 0.1, "weight_decay": 0.3},
        {"activation": "relu", "eta": 0.7, "batch_size": 7, "spectrum": "two:12", "r0": -0.3},
        {"activation": "erf", "eta": 1.7, "batch_size": 4, "noise": 0.2, "l0": 1.6},
    ],
    "pn": [
        {"eta": 0.9, "batch_size": 5, "noise": 0.1, "zeta": 0.05},
        {"eta": 0.6, "batch_size": 3, "weight_decay": 0.4, "noise": 0.2, "spectrum": "two:12"},
        {"activation": "relu", "eta": 1.2, "batch_size": 9, "spectrum": "power:1:8:tail"},
    ],
    "bn": [
        {"eta": 1.3, "batch_size": 8, "noise": 0.1},
        {"eta": 0.9, "batch_size": 14, "statistics_size": 7, "noise": 0.1, "weight_decay": 0.3},
        {"activation": "relu", "eta": 1.0, "batch_size": 16, "spectrum": "two:12:tail"},
    ],
    "mean-only-bn": [{"eta": 0.9, "batch_size": 6, "noise": 0.2}],
    "var-only-bn": [{"eta": 0.9, "batch_size": 8, "noise": 0.2, "spectrum": "two:12"}],
}
CASES = [(scheme, k) for scheme, sets in ODD.items() for k in range(len(sets))]


def problem_of(scheme, k):
    given = {"activation": "identity", "spectrum": SPECTRUM} | ODD[scheme][k]
    return bn.Problem(scheme=scheme, **given)


@pytest.mark.parametrize(
    ("scheme", "k", "dim"),
    [("wn", 0, 30), ("bn", 1, 30), *(pytest.param("pn", 1, 24, marks=pytest.mark.slow),) * 1],
)
def test_chain_and_vectors_have_the_same_law_at_small_dimensions(scheme, k, dim):
    problem = problem_of(scheme, k)
    chain, vectors = (
        bn.simulate(problem, dim=dim, runs=800, time=3, points=2, engine=engine, seed=seed)
        for engine, seed in (("chain", 3), ("vectors", 4))
    )
    kinds = [(name, chain.values[name][:, -1], vectors.values[name][:, -1]) for name in "QRL"]
    for name in "AC":
        for b in range(problem.spectrum_.blocks):
            pair = chain.blocks[name][:, -1, b], vectors.blocks[name][:, -1, b]
            kinds.append((f"{name}_{b}", *pair))
    for name, one, other in kinds:  # nine comparisons: 1e-3 in all
        assert ks_2samp(one, other).pvalue > 1e-4, name


def test_a_teacher_without_power_in_a_block_is_simulated_by_both():
    problem = bn.Problem("identity", "wn", spectrum="2:0.5:1,0.5:0.5:0", batch_size=3)
    ends = [bn.simulate(problem, dim=40, runs=600, time=3, points=2, engine=e, seed=k)
            for k, e in enumerate(("chain", "vectors"))]  # fmt: skip
    assert ks_2samp(*(e.blocks["C"][:, -1, 1] for e in ends)).pvalue > 1e-3
    assert all((e.blocks["A"][..., 1] == 0.0).all() for e in ends)


def test_compare_agrees_and_says_whose_scatter_it_is():
    verdict = bn.compare(problem_of("wn", 0), dim=2000, runs=40, time=4, points=5, seed=2)
    assert verdict.agree
    assert "runs' own" in verdict.verdict()
    assert np.shape(verdict.to_dict()["A"]) == (5, 3)


def deviations(scheme, k, engine, dim, runs, at=4.0):
    problem = problem_of(scheme, k)
    flow = solve(problem, times=[0.0, at / 2, at])
    found = bn.simulate(problem, times=[0, at / 2, at], dim=dim, runs=runs, engine=engine, seed=k)
    z = {name: (found.mean[name] - flow.values[name])[1:] / found.sem[name][1:]
         for name in "QRL"}  # fmt: skip
    for name in "AC":
        values = found.blocks[name][:, 1:]
        error = values.std(axis=0, ddof=1) / runs**0.5
        z[name] = (values.mean(axis=0) - flow.blocks[name][1:]) / error
    return z


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "k"), CASES)
def test_flow_is_the_mean_of_chains(scheme, k):
    z = deviations(scheme, k, "chain", 20_000, 24)
    # Of 24 runs standard errors scatter by 15%: a t with 23 degrees, and 30 correlated numbers.
    assert max(np.abs(x).max() for x in z.values()) < 1.25 * norm.isf(1e-3 / 60)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["sgd", "wn", "pn", "bn"])
def test_chains_and_vectors_have_the_same_mean_at_a_thousand(scheme):
    problem, runs = problem_of(scheme, 0), 24
    ends = [bn.simulate(problem, dim=1000, runs=runs, time=4, points=2, engine=e, seed=k)
            for k, e in enumerate(("chain", "vectors"))]  # fmt: skip
    for name in "QRL":
        one, other = (e.values[name][:, -1] for e in ends)
        error = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / runs)
        assert abs(one.mean() - other.mean()) < 4.0 * error + 1e-12, name
