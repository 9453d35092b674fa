"""The verdict: true theories pass, planted errors do not, and the p-value is what it says."""

from dataclasses import replace

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.chi_square import resolved
from bntheory.experiments.verdict.compare import QUANTITIES, judge
from scipy.stats import binom, kstest

CASES = [
    bn.Problem(scheme="sgd", eta=1.0, noise=0.3),
    bn.Problem(scheme="wn", activation="erf", noise=0.1),
    bn.Problem(scheme="pn", activation="leaky-relu", batch_size=4),
    bn.Problem(scheme="wn", activation="identity", eta=1.0, weight_decay=0.2),
    bn.Problem(scheme="wn", activation="softplus", eta="1/(1+t)"),
    bn.Problem(scheme="pn", activation="min(max(h, -1), 1)"),
]


@pytest.mark.parametrize("problem", CASES, ids=lambda p: f"{p.activation} {p.scheme}")
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


def test_a_wrong_scatter_is_detected_and_named(precise_runs):
    # Planted: a predicted covariance that is 15% too small. 200 runs have some 30 modes each, so
    # that their pooled variance has a standard error of 2%.
    flow = bn.integrate(precise_runs.problem, times=precise_runs.t)
    predicted = bn.fluctuations(precise_runs.problem, times=precise_runs.t)
    wrong = replace(predicted, covariance=predicted.covariance / 1.15)
    verdict = judge(precise_runs, flow, alpha=0.001, predicted=wrong)
    assert not verdict.agree
    assert verdict.test.scatter_p < 1e-4 < verdict.test.mean_p
    assert "of the predicted one" in verdict.verdict()


def test_a_student_that_stops_scattering_is_not_judged_by_rounding():
    # Without noise and batch statistics R tends to 1 and its scatter to 0, at last below what the
    # flow's tolerance and rounding leave; seed fixed, false-alarm rate 1e-3.
    problem = bn.Problem(scheme="wn", eta=2.0, batch_size=32)
    verdict = bn.compare(problem, runs=64, time=20, seed=0, alpha=0.001)
    late = verdict.predicted.covariance[-1, 1, 1]
    assert late < 1e-11 < verdict.predicted.covariance[:, 1, 1].max()
    assert verdict.agree
    assert verdict.max_abs_z < 6
    silent = ~resolved(verdict.predicted, 1000)
    assert silent[0]
    assert silent[-1]
    assert not any((np.abs(z[silent]) > 0).any() for z in verdict.z.values())


def p_values(problem, groups, size, *, dim=1000, time=5.0, seed=11):
    """P-values of independent comparisons of a true theory, and of their two parts."""
    runs = bn.simulate(problem, dim=dim, time=time, points=21, runs=groups * size, seed=seed)
    flow = bn.integrate(problem, times=runs.t)
    predicted = bn.fluctuations(problem, times=runs.t)
    found = []
    for k in range(groups):
        own = {n: values[k * size : (k + 1) * size] for n, values in runs.values.items()}
        verdict = judge(replace(runs, values=own), flow, predicted=predicted)
        found.append((verdict.p_value, verdict.test.mean_p, verdict.test.scatter_p))
    return np.array(found).T


def test_p_values_of_a_true_theory_are_uniform():
    # 40 repeats; Kolmogorov-Smirnov at 1e-3. The test of the scatter errs to the safe side
    # (heavy tails are never taken to be light), so that it is held to one side.
    both, mean, scatter = p_values(bn.Problem(scheme="wn", noise=0.1), 40, 32)
    assert kstest(mean, "uniform").pvalue > 1e-3
    assert kstest(scatter, "uniform", alternative="greater").pvalue > 1e-3
    assert kstest(both, "uniform", alternative="greater").pvalue > 1e-3


CALIBRATED = [
    bn.Problem(scheme="wn", noise=0.1),
    bn.Problem(scheme="sgd", activation="erf", noise=0.2, eta=1.0),
    bn.Problem(scheme="pn", activation="identity", batch_size=4, noise=0.1),
    bn.Problem(batch_size=8),
]


@pytest.mark.slow
@pytest.mark.parametrize("problem", CALIBRATED, ids=lambda p: f"{p.scheme}-{p.activation}")
def test_calibration_over_500_repeats(problem, record_property):
    # Rejections at level 0.01 among 500: between 0 and 13 for true rates of 0.5% to 1.2%, with
    # probability 0.99 on each side; uniformity at 1e-3.
    both, mean, _ = p_values(problem, 500, 32)
    rates = [float((p < level).mean()) for p in (both, mean) for level in (0.01, 0.05)]
    uniform = kstest(mean, "uniform").pvalue
    name = f"{problem.scheme} {problem.activation} M={problem.M}"
    record_property(
        "false alarms of compare (level 0.01, 0.05; of the mean alone; KS p of the mean)",
        f"{name:24s} " + " ".join(f"{rate:.3f}" for rate in rates) + f"  {uniform:.3f}",
    )
    assert uniform > 1e-3
    assert kstest(both, "uniform", alternative="greater").pvalue > 1e-3
    assert (both < 0.01).sum() <= binom.isf(1e-3, 500, 0.012)


@pytest.mark.slow
@pytest.mark.parametrize("error", [0.005, 0.01, 0.02])
def test_power_against_errors_of_the_drift_of_gamma_is_the_planned_one(error, record_property):
    # 300 comparisons of 64 runs with a theory whose gamma drifts too fast by the error. The
    # plan's power is that of the mean's test alone: the rate is within 4.5 binomial standard
    # errors of it, or above; the first-order response is good to a few per cent of the error.
    problem = bn.Problem(scheme="wn", activation="identity", noise=0.1)
    runs = bn.simulate(problem, dim=1000, time=8, points=21, runs=300 * 64, seed=5)
    wrong = problem.replace(gamma_rate=1 + error)
    flow, predicted = (f(wrong, times=runs.t) for f in (bn.integrate, bn.fluctuations))
    rejected = 0
    for k in range(300):
        own = {n: values[k * 64 : (k + 1) * 64] for n, values in runs.values.items()}
        rejected += not judge(replace(runs, values=own), flow, predicted=predicted).agree
    power = bn.plan(problem, error, time=8, dims=[1000]).power_of(64, 1000)["gamma"]
    record_property(
        "power of compare (64 runs at N = 1000, time 8) against errors of gamma's drift",
        f"{100 * error:4.1f}%  rejected {rejected / 300:.3f}  planned {power:.3f}",
    )
    spread = np.sqrt(power * (1 - power) / 300)
    assert rejected / 300 == pytest.approx(power, abs=4.5 * spread + 0.03)


def test_without_a_prediction_the_runs_own_scatter_serves():
    # A batch of four: the scatter of L is infinite. And inputs whose shift is not known.
    small = bn.compare(bn.Problem(batch_size=4), dim=1000, runs=32, time=2, points=5)
    assert small.test is None
    assert small.agree
    assert small.to_dict()["test"] is None
    assert set(small.z) == {"Q", "R", "L", "error", "LR"}
    assert np.isnan(small.z["L"]).all()
    assert np.isfinite(small.z["LR"]).all()
    assert "scatter is infinite" in small.verdict()
    others = {"engine": "vectors", "inputs": "rademacher", "dim": 200}
    verdict = bn.compare(bn.Problem(scheme="wn"), runs=16, time=2, points=5, **others)
    assert verdict.test is None
    with pytest.raises(ValueError, match="picture='scatter'"):
        small.showing("scatter")


def test_the_ellipses_of_the_scatter_hold_their_share():
    # 400 runs: the share inside a 95% ellipse has a standard error of 1.1%; four of them.
    problem = bn.Problem(scheme="wn", noise=0.1)
    verdict = bn.compare(problem, dim=1000, runs=400, time=4, points=9)
    figure = verdict.showing("scatter").plot()
    shares = [float(axes.get_title().split(": ")[1].split("%")[0]) for axes in figure.axes]
    assert len(shares) == 4
    assert shares == pytest.approx([95] * 4, abs=4.5 + 0.5)


def test_a_plan_scales_as_it_must():
    # The noncentrality is proportional to N, to the runs, and to the square of the error.
    problem = bn.Problem(scheme="wn", noise=0.1)
    one = bn.plan(problem, 0.002, time=5, dims=[500, 1000])
    four = bn.plan(problem, 0.001, time=5, dims=[500])
    assert one.runs["R"][0] == pytest.approx(2 * one.runs["R"][1], abs=2)
    assert four.runs["R"][0] == pytest.approx(4 * one.runs["R"][0], abs=4)
    power = one.power_of(int(one.runs["R"][0]), 500)["R"]
    assert power == pytest.approx(0.9, abs=0.01)
    assert one.plot().axes[0].get_ylabel() == "runs needed"
    assert "detect an error of 0.2%" in one.advice()


def test_both_roads_diverging_are_compared_as_far_as_they_go():
    problem = bn.Problem(scheme="sgd", eta=2.5)
    verdict = bn.compare(problem, dim=2000, runs=16, time=100, points=101)
    assert verdict.runs.t[-1] < 100
    assert verdict.runs.t.size == verdict.flow.t.size
    with pytest.raises(ValueError, match="fewer than two stored times"):
        bn.compare(problem.replace(eta=30.0), dim=2000, runs=16, times=[0.0, 50.0])


def test_a_single_time_is_refused_before_anything_runs():
    with pytest.raises(ValueError, match=r"^times=\[1.0\]: two or more times are accepted"):
        bn.compare(bn.Problem(scheme="wn"), dim=10**9, runs=10**6, times=[1.0])


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


@pytest.mark.parametrize(("name", "value"), [("error", 0), ("power", 1.0), ("alpha", 0.9)])
def test_bad_input_of_a_plan_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        bn.plan(bn.Problem(scheme="wn"), **{name: value})
