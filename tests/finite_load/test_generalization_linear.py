"""Linear students: closed forms against eigenvalue quadrature, SciPy's ridge, and BN's SGD."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.finite_load import linear
from bntheory.finite_load.critical import crossing_load, optimal_decay, optimal_shrinkage
from bntheory.finite_load.curve import generalization
from bntheory.finite_load.student import student_error
from bntheory.finite_load.timecourse import TimeCourse
from bntheory.teacher_student.training.full_batch import ridge_solution, solve_full_batch
from bntheory.teacher_student.training.train import train
from bntheory.teacher_student.training.training_set import TrainingSet
from hypothesis import example, given, settings
from hypothesis import strategies as st

loads = st.floats(0.05, 20.0)
decays = st.floats(1e-3, 50.0)
noises = st.floats(0.0, 4.0)


@given(loads, decays, noises)
@example(0.998046875, 1.0, 0.0)
@example(1.00001, 1.0, 1.0)
@settings(max_examples=60, deadline=None)
def test_ridge_is_the_end_of_the_exact_time_course(alpha, decay, noise):
    end = TimeCourse(alpha, noise, decay).error(60.0 / decay)[0]
    assert linear.ridge(alpha, decay, noise).error[0] == pytest.approx(end, rel=1e-7)


@given(loads.filter(lambda a: abs(a - 1) > 0.01), noises)
@settings(max_examples=60, deadline=None)
def test_ridge_tends_to_least_squares(alpha, noise):
    limit = linear.least_squares(alpha, noise)
    close = linear.ridge(alpha, 1e-9, noise)
    assert close.error[0] == pytest.approx(limit.error[0], rel=1e-4)
    assert close.m[0] == pytest.approx(limit.m[0], rel=1e-4)


@given(loads, decays, st.floats(0.01, 4.0))
@settings(max_examples=60, deadline=None)
def test_no_decay_beats_the_noise_itself(alpha, decay, noise):
    best = linear.ridge(alpha, noise, noise).error[0]
    assert linear.ridge(alpha, decay, noise).error[0] >= best - 1e-12


def test_optimal_decay_is_found_at_the_noise():
    found = optimal_decay("identity", [0.3, 1.0, 4.0], noise=0.4)
    np.testing.assert_allclose(found.decay, 0.4, rtol=1e-3)


def test_order_parameters_and_error_agree():
    solved = linear.ridge(np.geomspace(0.2, 5, 9), 0.1, 0.25)
    np.testing.assert_allclose(solved.error, student_error("identity", solved.m, solved.q))


def test_vanilla_diverges_at_load_one_and_nowhere_else():
    error = linear.least_squares([0.99, 1.0, 1.01], 0.25).error
    assert np.isfinite(error).tolist() == [True, False, True]
    assert linear.least_squares(1.0, 0.0).error[0] == 0.0


def test_the_two_decay_conventions():
    per_sum = generalization("identity", [0.5, 2.0], zeta=0.25)
    per_example = generalization("identity", [0.5, 2.0], zeta=0.25, decay_per="example")
    np.testing.assert_allclose(per_example.error[1], linear.ridge(2.0, 0.5, 0.25).error[0])
    assert per_sum.error[0] != per_example.error[0]
    assert "per sum" in per_sum.label
    assert "per example" in per_example.label


def full_batch(alphas, decay, dim, runs):
    """Mean and standard error of exact full-batch solutions, arrays over the loads."""
    points = []
    for k, alpha in enumerate(alphas):
        problem = bn.Problem("identity", "wn", zeta=decay / alpha, noise=0.25)
        points.append(solve_full_batch(problem, alpha, dim=dim, runs=runs, seed=k, start="xty"))
    return np.array([[point["error"], point["sem"]] for point in points]).T


def test_ridge_theory_against_scipy():
    """False alarm: P(|t_23| > 3.5) = 0.2% a load, 0.8% in all; the seeds are fixed."""
    alphas = np.array([0.25, 0.9, 1.0, 3.0])
    theory = linear.ridge(alphas, 0.25, 0.25).error
    mean, sem = full_batch(alphas, 0.25, 120, 24)
    assert np.abs((mean - theory) / sem).max() < 3.5
    # the same sets refuse the theory without decay
    wrong = linear.ridge(alphas, 0.025, 0.25).error
    assert np.abs((mean - wrong) / sem).max() > 10


@pytest.mark.slow
@pytest.mark.parametrize("decay", [0.25, 1 / 64])
def test_ridge_theory_against_scipy_at_full_size(decay):
    """False alarm: 13 loads of P(|t_23| > 3.5) = 0.2%, 2.5%; the seeds are fixed."""
    alphas = np.round(np.geomspace(0.2, 5.0, 13), 3)
    theory = linear.ridge(alphas, decay, 0.25).error
    mean, sem = full_batch(alphas, decay, 500, 24)
    assert np.abs((mean - theory) / sem).max() < 3.5


@pytest.mark.parametrize("M", [4, 32])
def test_kappa_is_the_mean_spread_of_a_batch(M):
    """False alarm: 4 standard errors, 6e-5; a wrong order in 1/M is 10 and more away."""
    spread = np.random.default_rng(M).standard_normal((40_000, M)).std(axis=1)
    sem = spread.std() / math.sqrt(spread.size)
    assert abs(spread.mean() - linear.bn_shrinkage(M)) < 4 * sem
    assert abs(spread.mean() - (1 - 1 / (2 * M))) > 10 * sem


def norm_ratio(alpha, M, dim, runs, epochs):
    """Mean of |v_BN| / |v_LS| over the same training sets, and whether all runs converged."""
    problem = bn.Problem("identity", "bn", batch_size=M, noise=0.25, eta=0.03 * M, q0=1.0)
    done = train(problem, alpha, dim=dim, runs=runs, epochs=epochs, tolerance=0.02)
    ratios = []
    for k, child in enumerate(np.random.SeedSequence(0).spawn(runs)):
        data = TrainingSet.draw(problem, alpha, dim, np.random.default_rng(child.spawn(2)[0]))
        # BN subtracts the mean, so least squares fits the centred examples
        centred = TrainingSet(data.X - data.X.mean(axis=0), data.y - data.y.mean(), data.teacher)
        squared = data.overlaps(ridge_solution(centred))[1]
        ratios.append(math.sqrt(done.values["q"][k] / squared))
    return float(np.mean(ratios)), done.converged


@pytest.mark.parametrize("M", [8, 64])
def test_bn_converges_to_shrunken_least_squares(M):
    """Within 0.004 of kappa_M; neither 1 nor the caption's 1/(1 + 1/(2M)) is that close at M=8."""
    ratio, converged = norm_ratio(4.0, M, 100, 4, 10_000)
    assert converged
    assert abs(ratio - linear.bn_shrinkage(M)) < 0.004
    if M == 8:
        assert abs(ratio - 1 / (1 + 1 / (2 * M))) > 0.02


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [2.0, 4.0])
@pytest.mark.parametrize("M", [8, 16, 32, 64])
def test_bn_converges_to_shrunken_least_squares_at_full_size(M, alpha):
    ratio, converged = norm_ratio(alpha, M, 200, 8, 20_000)
    assert converged
    assert abs(ratio - linear.bn_shrinkage(M)) < 0.004


def test_pn_is_shrunken_least_squares_by_one_over_one_plus_zeta():
    problem = bn.Problem("identity", "pn", zeta=0.5, batch_size=200, noise=0.25, eta=40.0, q0=1.0)
    done = train(problem, 4.0, dim=50, runs=2, epochs=4000, replacement=False)
    for k, child in enumerate(np.random.SeedSequence(0).spawn(2)):
        data = TrainingSet.draw(problem, 4.0, 50, np.random.default_rng(child.spawn(2)[0]))
        centred = TrainingSet(data.X - data.X.mean(axis=0), data.y - data.y.mean(), data.teacher)
        q = data.overlaps(ridge_solution(centred))[1]
        assert math.sqrt(done.values["q"][k] / q) == pytest.approx(1 / 1.5, rel=1e-4)


def test_bn_crosses_vanilla_where_shrinking_stops_paying():
    """BN beats least squares while kappa_M exceeds 2 m/q - 1, that is below 1 + S (1+k)/(1-k)."""
    kappa = linear.bn_shrinkage(32)

    def excess(alpha):
        return float(linear.batch_normalised(alpha, 32, 0.25).error[0])

    def vanilla(alpha):
        return float(linear.least_squares(alpha, 0.25).error[0])

    found = crossing_load(excess, vanilla, 1.5, 100.0)
    assert found == pytest.approx(1 + 0.25 * (1 + kappa) / (1 - kappa), rel=1e-8)
    assert optimal_shrinkage(found)[0] == pytest.approx((1 + kappa) / 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"alpha": [0.0]}, "alpha="),
        ({"alpha": math.nan}, "alpha="),
        ({"zeta": -1.0}, "zeta=-1.0"),
        ({"noise": -0.1}, "noise=-0.1"),
        ({"student": "tanh"}, "student='tanh'"),
        ({"scheme": "xy"}, "scheme='xy'"),
        ({"decay_per": "step"}, "decay_per='step'"),
        ({"scheme": "bn", "zeta": 0.1}, "zeta=0.1"),
        ({"scheme": "bn", "batch_size": 1}, "batch_size=1"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        generalization(**{"alpha": 2.0, **arguments})


def test_the_public_name_is_the_function_whatever_was_imported_before():
    assert bn.generalization is generalization
