"""Momentum on inputs with a spectrum: chain against vectors, both against the inertial flow."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.compare import judge
from bntheory.odes.flow.integrate import solve
from scipy.stats import ks_2samp, norm

SPECTRUM = "3:0.2:0.1,1:0.3:0.5,0.1:0.5:2"
#: Three odd parameter sets a scheme.
ODD = {
    "sgd": [
        {"eta": 0.08, "momentum": 0.9, "batch_size": 3, "noise": 0.1},
        {"eta": 0.2, "momentum": 0.6, "nesterov": True, "batch_size": 2, "weight_decay": 0.2},
        {"eta": "0.3/(1 + t)", "momentum": 0.7, "batch_size": 5, "spectrum": "two:30:tail"},
    ],
    "wn": [
        {"eta": 0.1, "momentum": 0.9, "batch_size": 3, "noise": 0.1, "weight_decay": 0.3},
        {"eta": 0.3, "momentum": 0.8, "decoupled_decay": True, "weight_decay": 0.5,
         "batch_size": 4, "spectrum": "two:12", "r0": -0.3},
        {"eta": 0.05, "momentum": 0.97, "nesterov": True, "batch_size": 4, "noise": 0.2},
    ],
    "pn": [
        {"eta": 0.09, "momentum": 0.9, "batch_size": 5, "noise": 0.1, "zeta": 0.05},
        {"eta": 0.2, "momentum": 0.7, "batch_size": 3, "zeta": 0, "weight_decay": 0.4,
         "spectrum": "two:12"},
        {"eta": 0.4, "momentum": 0.5, "nesterov": True, "batch_size": 9, "zeta": 0,
         "spectrum": "two:20:tail"},
    ],
    "bn": [
        {"eta": 0.13, "momentum": 0.9, "batch_size": 8, "noise": 0.1},
        {"eta": 0.3, "momentum": 0.6, "batch_size": 14, "statistics_size": 7, "noise": 0.1,
         "decoupled_decay": True, "weight_decay": 0.3},
        {"eta": 0.2, "momentum": 0.8, "batch_size": 16, "spectrum": "two:12:tail"},
    ],
}  # fmt: skip
CASES = [(scheme, k) for scheme, sets in ODD.items() for k in range(len(sets))]


def problem_of(scheme, k):
    given = {"spectrum": SPECTRUM} | ODD[scheme][k]
    return bn.Problem("identity", scheme, **given)


def flattened(values, blocks):
    """The numbers of runs or of a flow at its later times, one column a number."""
    kinds = [values[name][..., 1:] for name in ("Q", "R", "L")]
    kinds += [blocks[name][..., 1:, b] for name in "AC" for b in range(blocks[name].shape[-1])]
    return np.concatenate(kinds, axis=-1)


@pytest.mark.parametrize(
    "scheme", ["wn", *(pytest.param(x, marks=pytest.mark.slow) for x in ("sgd", "pn", "bn"))]
)
def test_identical_blocks_are_one_with_inertia_and_without(scheme):
    bounds = {"times": [0.0, 1.0, 3.0], "rtol": 1e-11, "atol": 1e-13}
    problem = problem_of(scheme, 0)
    blocks = problem.replace(spectrum="1:0.1:0.1,1:0.2:0.2,1:0.3:0.3,1:0.4:0.4")
    for inertia in ({}, {"inertia": 4.0}, {"dim": 300}):
        plain = solve(problem.replace(spectrum="1"), **bounds, **inertia)
        flow = solve(blocks, **bounds, **inertia)
        for name, values in plain.values.items():
            assert flow.values[name] == pytest.approx(values, abs=1e-9), (name, inertia)


def test_large_kappa_is_fixed_momentum():
    problem, times = problem_of("wn", 0), [0.0, 2.0, 4.0]
    still, moving = solve(problem, times=times), solve(problem, times=times, inertia=1e7)
    for name in "AC":
        assert moving.blocks[name] == pytest.approx(still.blocks[name], abs=1e-6)


@pytest.mark.parametrize(
    ("scheme", "k"),
    [("wn", 0), *(pytest.param(*case, marks=pytest.mark.slow) for case in CASES[::2])],
)
def test_chain_and_vectors_have_the_same_law_at_small_dimensions(scheme, k):
    problem = problem_of(scheme, k).replace(spectrum=SPECTRUM)
    chain, vectors = (
        bn.simulate(problem, dim=30, runs=800, time=3, points=2, engine=engine, seed=seed)
        for engine, seed in (("chain", 3), ("vectors", 4))
    )
    one, other = (flattened(x.values, x.blocks).T for x in (chain, vectors))
    for a, b in zip(one, other, strict=True):  # nine comparisons: 1e-3 in all
        assert ks_2samp(a, b).pvalue > 1e-4


def test_runs_agree_with_the_inertial_flow_and_not_with_that_of_fixed_momentum():
    problem = problem_of("wn", 2)
    verdict = bn.compare(problem, dim=600, runs=300, time=4, points=5, seed=3)
    assert verdict.agree
    assert "inertia kappa" in verdict.verdict()
    assert not judge(verdict.runs, solve(problem, time=4, points=5)).agree


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "k"), CASES)
def test_inertial_flow_is_the_mean_of_chains_and_chains_are_vectors(scheme, k):
    problem, times, runs = problem_of(scheme, k), [0.0, 2.0, 4.0], 24

    def drawn(engine, dim, seed):
        made = bn.simulate(problem, times=times, dim=dim, runs=runs, engine=engine, seed=seed)
        return flattened(made.values, made.blocks)

    flow, chain = solve(problem, times=times, dim=20_000), drawn("chain", 20_000, k)
    expected = flattened(flow.values, flow.blocks)
    z = (chain.mean(axis=0) - expected) / (chain.std(axis=0, ddof=1) / runs**0.5)
    # Of 24 runs standard errors scatter by 15%: a t with 23 degrees; 18 correlated numbers.
    assert np.abs(z).max() < 1.25 * norm.isf(1e-3 / 36)
    one, other = drawn("chain", 1000, 10 + k), drawn("vectors", 1000, 20 + k)
    error = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / runs)
    gap = (one.mean(axis=0) - other.mean(axis=0)) / error
    print(f"|z| {scheme} {k}: {np.abs(z).max():.2f} chain, {np.abs(gap).max():.2f} vectors")
    assert np.abs(gap).max() < 1.15 * norm.isf(1e-3 / 36)


def test_fixed_points_are_those_of_the_limit_in_the_users_rates():
    problem = problem_of("sgd", 0).replace(spectrum="two:10")
    found = bn.fixed_points(problem).points[0]
    limit = bn.fixed_points(problem.limit).points[0]
    assert pytest.approx(limit.R, abs=1e-12) == found.R
    assert found.largest_eta == pytest.approx(0.1 * limit.largest_eta, rel=1e-9)
    assert limit.largest_eta == pytest.approx(2 * 3, rel=1e-5)
