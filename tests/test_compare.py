"""The verdict: true theories pass, planted errors do not, and the p-value is what it says."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.compare import QUANTITIES, judge

CASES = [
    bn.Problem(scheme="sgd", eta=1.0, noise=0.3),
    bn.Problem(scheme="wn", activation="erf", noise=0.1),
    bn.Problem(scheme="pn", activation="leaky-relu", batch_size=4),
    bn.Problem(scheme="wn", activation="identity", eta=1.0, weight_decay=0.2),
    bn.Problem(scheme="wn", activation="softplus", eta="1/(1+t)"),
    bn.Problem(scheme="pn", activation="min(max(h, -1), 1)"),
]


@pytest.mark.parametrize("problem", CASES, ids=str)
def test_true_theories_agree(problem):
    # Six cases at level 0.001: false-alarm rate at most 0.6% for the lot.
    verdict = bn.compare(problem, dim=2000, runs=48, time=8, points=17, seed=3, alpha=0.001)
    assert verdict.agree, verdict.verdict()
    assert verdict.z["R"][0] == 0.0


@pytest.fixture(scope="module")
def precise_runs():
    return bn.simulate(bn.Problem(scheme="pn"), dim=20_000, runs=200, time=6, points=13, seed=5)


@pytest.mark.parametrize(
    ("planted", "detected"), [(0.0, False), (0.01, True), (0.02, True), (0.05, True)]
)
def test_planted_errors_in_the_drift_are_detected(planted, detected, precise_runs):
    # gamma's drift is scaled by 1 + planted. At N = 20 000 and 200 runs the smallest, 1%, moves
    # gamma by over ten standard errors; the true theory is rejected at rate alpha = 0.001.
    wrong = precise_runs.problem.replace(gamma_rate=1 + planted)
    verdict = judge(precise_runs, bn.integrate(wrong, times=precise_runs.t), alpha=0.001)
    assert verdict.agree is not detected
    if detected:
        assert verdict.worst[0] == "Q"
        assert "DISAGREE" in verdict.verdict()


def test_p_values_of_a_true_theory_are_not_too_small():
    # The simulation is its own theory, so the null hypothesis holds exactly but for the noise of
    # the reference mean (1/30 of the variance). 60 repeats at level 0.1: more than 15 rejections
    # have probability 4e-4 under the binomial law, and no bias allowance is involved.
    problem = bn.Problem(scheme="wn", noise=0.2)
    options = {"dim": 300, "time": 4.0, "points": 9}
    reference = bn.simulate(problem, runs=960, seed=1, **options)
    flow = bn.integrate(problem, times=reference.t)
    exact = {name: reference.mean[name] for name in flow.values}
    flow = bn.Flow(problem, flow.t, exact, flow.steps)
    rejected = 0
    for seed in range(60):
        runs = bn.simulate(problem, runs=32, seed=100 + seed, **options)
        rejected += judge(runs, flow, alpha=0.1).p_value < 0.1
    assert rejected <= 15


def test_both_roads_diverging_are_compared_as_far_as_they_go():
    problem = bn.Problem(scheme="sgd", eta=2.5)
    verdict = bn.compare(problem, dim=2000, runs=16, time=100, points=101)
    assert verdict.runs.t[-1] < 100
    assert verdict.runs.t.size == verdict.flow.t.size
    with pytest.raises(ValueError, match="fewer than two stored times"):
        bn.compare(problem.replace(eta=30.0), dim=2000, runs=16, times=[0.0, 50.0])


def test_forms_of_the_result_agree_with_each_other():
    verdict = bn.compare(bn.Problem(scheme="wn"), dim=200, runs=16, time=2, points=5)
    as_dict, data = verdict.to_dict(), verdict.to_dataset()
    for name in QUANTITIES:
        assert (data[f"{name}_theory"].values == as_dict["theory"][name]).all()
        assert (verdict.columns()[f"{name}_mean"] == as_dict["mean"][name]).all()
        assert np.isfinite(as_dict["z"][name]).all()
    assert as_dict["max_abs_z"] == max(np.abs(z).max() for z in as_dict["z"].values())
    assert as_dict["agree"] == (as_dict["p_value"] >= as_dict["alpha"])


def test_the_picture_shows_the_data():
    verdict = bn.compare(bn.Problem(scheme="wn"), dim=200, runs=16, time=2, points=5)
    figure = verdict.plot()
    panel = figure.axes[1]
    theory = next(line for line in panel.lines if line.get_label() == "theory")
    assert (theory.get_ydata() == verdict.flow.R).all()
    assert theory.get_linestyle() == "-"
    word = "agree" if verdict.agree else "DISAGREE"
    assert word in figure.get_suptitle()


@pytest.mark.parametrize("options", [{"alpha": 0}, {"alpha": float("nan")}, {"runs": 4}])
def test_bad_input_is_named(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name}="):
        bn.compare(bn.Problem(scheme="wn"), **options)
