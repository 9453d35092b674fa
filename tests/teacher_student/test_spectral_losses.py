"""Losses and labels on inputs with a spectrum: the flow against the chain and against vectors."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.compare import judge
from bntheory.odes.flow.integrate import solve
from scipy.stats import norm

SPECTRUM = "3:0.2:0.1,1:0.3:0.5,0.1:0.5:2"
#: By loss, what is trained with.
SUPERVISED = {
    "logistic": {"loss": "logistic", "labels": "sign"},
    "huber": {"loss": "huber:0.6", "noise": 0.3},
}
#: Three odd parameter sets a scheme, of both losses.
ODD = {
    "sgd": [
        {"eta": 1.7, "batch_size": 3, "q0": 0.6},
        {"eta": 0.9, "batch_size": 2, "weight_decay": 0.2, "spectrum": "two:30:tail"},
        {"eta": "1.3/(1 + t)", "batch_size": 5, "spectrum": "power:1:4:head", "r0": -0.2},
    ],
    "wn": [
        {"eta": 1.9, "batch_size": 3, "weight_decay": 0.3},
        {"eta": 1.1, "batch_size": 7, "spectrum": "two:12", "r0": -0.3, "zeta": 0.2},
        {"eta": 2.3, "batch_size": 4, "l0": 1.6, "spectrum": "power:1.5:4:tail"},
    ],
    "pn": [
        {"eta": 1.3, "batch_size": 5, "zeta": 0.05},
        {"eta": 0.8, "batch_size": 3, "zeta": 0.0, "weight_decay": 0.4, "spectrum": "two:12"},
        {"eta": 1.6, "batch_size": 9, "zeta": 0.0, "spectrum": "power:1:4:tail", "l0": 0.8},
    ],
    "bn": [
        {"eta": 1.3, "batch_size": 8},
        {"eta": 0.9, "batch_size": 14, "statistics_size": 7, "weight_decay": 0.3},
        {"eta": 1.8, "batch_size": 16, "spectrum": "two:12:tail", "r0": 0.4},
    ],
    "mean-only-bn": [{"eta": 1.2, "batch_size": 6}],
    "var-only-bn": [{"eta": 1.1, "batch_size": 8, "spectrum": "two:12"}],
}
CASES = [(loss, s, k) for loss in SUPERVISED for s, sets in ODD.items() for k in range(len(sets))]


def problem_of(loss, scheme, k):
    given = {"activation": "identity", "spectrum": SPECTRUM} | SUPERVISED[loss] | ODD[scheme][k]
    return bn.Problem(scheme=scheme, **given)


def flattened(values, blocks):
    """The numbers of runs or of a flow at its later times, one column a number."""
    kinds = [values[name][..., 1:] for name in ("Q", "R", "L")]
    kinds += [blocks[name][..., 1:, b] for name in "AC" for b in range(blocks[name].shape[-1])]
    return np.concatenate(kinds, axis=-1)


@pytest.mark.parametrize(
    ("loss", "scheme"),
    [("logistic", "wn"), *(pytest.param(loss, scheme, marks=pytest.mark.slow)
                           for loss in SUPERVISED for scheme in ODD)],
)  # fmt: skip
def test_identical_blocks_are_one_and_one_is_isotropic(loss, scheme):
    bounds = {"times": [0.0, 1.0, 3.0], "rtol": 1e-11, "atol": 1e-13}
    problem = problem_of(loss, scheme, 0)
    plain = solve(problem.replace(spectrum="1"), **bounds)
    for spectrum in ("1:1:1", "1:0.1:0.1,1:0.2:0.2,1:0.3:0.3,1:0.4:0.4"):
        flow = solve(problem.replace(spectrum=spectrum), **bounds)
        for name, values in plain.values.items():
            assert flow.values[name] == pytest.approx(values, abs=1e-10), name


@pytest.mark.slow
def test_huber_with_a_threshold_beyond_all_residuals_is_the_squared_loss():
    problem = bn.Problem("identity", "wn", spectrum=SPECTRUM, noise=0.3, eta=0.9, batch_size=5)
    ends = [solve(problem.replace(loss=loss), times=[0.0, 3.0], rtol=1e-10, atol=1e-12)
            for loss in ("squared", "huber:60")]  # fmt: skip
    for name in "AC":
        assert ends[0].blocks[name] == pytest.approx(ends[1].blocks[name], abs=1e-9)


def test_compare_agrees_and_a_wrong_loss_does_not():
    problem, runs = problem_of("logistic", "wn", 0), {"dim": 2000, "runs": 32, "seed": 2}
    verdict = bn.compare(problem, time=4, points=5, **runs)
    assert verdict.agree
    assert "runs' own" in verdict.verdict()
    wrong = solve(problem.replace(loss="squared", labels="teacher"), time=4, points=5)
    assert not judge(verdict.runs, wrong).agree


def test_a_scale_that_grows_for_ever_is_no_fixed_point():
    problem = problem_of("logistic", "wn", 0).replace(weight_decay=0.0)
    assert bn.fixed_points(problem).points == ()


@pytest.mark.slow
@pytest.mark.parametrize("given", [
    {"scheme": "pn", "loss": "huber:0.7", "noise": 0.2, "batch_size": 4},
    {"scheme": "bn", "loss": "logistic", "labels": "sign", "batch_size": 8},
])  # fmt: skip
def test_fixed_points_and_largest_rates_are_the_isotropic_ones(given):
    problem = bn.Problem("identity", eta=0.5, zeta=0, **given)
    one = bn.fixed_points(problem).reached
    many = bn.fixed_points(problem.replace(spectrum="two:12:tail")).reached
    assert abs(many.Q - one.Q) < 1e-6
    # Slopes at R = 1 of tables are fitted over angles (`odes.kernels.roots.edge_rule`).
    assert many.eta_max == pytest.approx(one.eta_max, rel=0.01 if problem.uses_batch else 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "scheme", "k"), CASES)
def test_flow_is_the_mean_of_chains_and_chains_are_vectors(loss, scheme, k):
    problem = problem_of(loss, scheme, k)
    times, runs = [0.0, 2.0, 4.0], 24
    flow = solve(problem, times=times)
    expected = flattened(flow.values, flow.blocks)

    def drawn(engine, dim, seed):
        made = bn.simulate(problem, times=times, dim=dim, runs=runs, engine=engine, seed=seed)
        return flattened(made.values, made.blocks)

    chain = drawn("chain", 20_000, k)
    z = (chain.mean(axis=0) - expected) / (chain.std(axis=0, ddof=1) / runs**0.5)
    # Of 24 runs standard errors scatter by 15%: a t with 23 degrees; up to 38 correlated numbers.
    assert np.abs(z).max() < 1.25 * norm.isf(1e-3 / 76)
    one, other = drawn("chain", 1000, 10 + k), drawn("vectors", 1000, 20 + k)
    error = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / runs)
    gap = (one.mean(axis=0) - other.mean(axis=0)) / error
    print(f"|z| {loss} {scheme} {k}: {np.abs(z).max():.2f} chain, {np.abs(gap).max():.2f} vectors")
    assert np.abs(gap).max() < 1.15 * norm.isf(1e-3 / 76)
