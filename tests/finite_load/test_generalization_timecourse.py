"""Error against training time: exact eigenvalue solution against gradient descent and SGD."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.finite_load.linear import least_squares
from bntheory.finite_load.timecourse import TimeCourse, marchenko_pastur
from bntheory.teacher_student.training.train import train
from bntheory.teacher_student.training.training_set import TrainingSet


@pytest.mark.parametrize("alpha", [0.3, 0.97, 1.0, 2.5])
def test_spectrum_has_the_moments_of_random_matrices(alpha):
    """tr A / N = alpha and tr A^2 / N = alpha + alpha^2 for A = X^T X."""
    a, weight = marchenko_pastur(alpha)
    moments = [weight @ a**k for k in (0, 1, 2)]
    np.testing.assert_allclose(moments, [1, alpha, alpha + alpha**2], rtol=1e-6)


def test_spectrum_against_a_large_matrix():
    """One matrix of N = 600: the counting function fluctuates by about 1/N."""
    X = np.random.default_rng(0).standard_normal((480, 600)) / math.sqrt(600)
    eigenvalues = np.linalg.eigvalsh(X.T @ X)
    a, weight = marchenko_pastur(0.8)
    for cut in (0.1, 0.5, 2.0):
        assert abs((eigenvalues < cut).mean() - weight[a < cut].sum()) < 0.01


def test_the_ends_of_the_course():
    course = TimeCourse(2.0, noise=0.25, q0=0.3)
    assert course.error(0.0)[0] == pytest.approx(0.5 * (1 + 0.3))
    assert course.error(1e4)[0] == pytest.approx(least_squares(2.0, 0.25).error[0])


def test_gradient_descent_follows_the_course():
    """Discrete steps 0.01 against the flow; false alarm: P(|t_11| > 4) = 0.2% a time, 0.8%."""
    times, rows = (0.5, 2.0, 8.0, 30.0), []
    problem = bn.Problem("identity", "sgd", noise=0.25)
    for seed in range(12):
        data = TrainingSet.draw(problem, 1.2, 150, np.random.default_rng(seed))
        a, V = np.linalg.eigh(data.X.T @ data.X)
        pull = V.T @ (data.X.T @ data.y)
        kept = [(1 - 0.01 * a) ** round(time / 0.01) for time in times]
        students = [V @ (pull * (1 - k) / np.maximum(a, 1e-12)) for k in kept]
        rows.append([np.mean((v - data.teacher) ** 2) / 2 for v in students])
    mean, sem = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / math.sqrt(len(rows))
    assert np.abs((mean - TimeCourse(1.2).error(times)) / sem).max() < 4


def test_sgd_follows_the_course():
    """eta / M = 0.02 an epoch, and so a noise of that order; false alarm as above, 1%."""
    epochs = [0, 10, 50, 200, 800]
    problem = bn.Problem("identity", "sgd", batch_size=16, noise=0.25, eta=0.32, q0=0.01)
    runs = train(
        problem, 1.0, dim=160, runs=12, epochs=800, start="random", stored_epochs=epochs, seed=1
    )
    mean = runs.history.mean(axis=0)
    sem = runs.history.std(axis=0, ddof=1) / math.sqrt(runs.runs)
    theory = TimeCourse(1.0, noise=0.25, q0=1e-4).error(0.02 * np.array(epochs))
    assert np.abs((mean - theory) / (sem + 0.02 * theory)).max() < 4
    late = TimeCourse(1.0, noise=0.25, q0=1e-4).error(0.04 * np.array(epochs))
    assert np.abs((mean - late) / (sem + 0.02 * theory)).max() > 6


def test_stopping_is_best_where_the_course_says():
    course = TimeCourse(1.0)
    times = np.geomspace(0.5, 20, 300)
    grid = course.error(times)
    best = course.stop()
    assert best.error == pytest.approx(grid.min(), rel=1e-4)
    assert best.tau == pytest.approx(times[grid.argmin()], rel=0.02)
    assert best.error <= grid.min()


def test_without_noise_there_is_no_reason_to_stop():
    assert math.isinf(TimeCourse(3.0, noise=0.0).stop().tau)


@pytest.mark.parametrize("arguments", [{"alpha": -1.0}, {"alpha": 1.0, "q0": -1.0}])
def test_bad_input_is_named(arguments):
    with pytest.raises(ValueError, match="accepted"):
        TimeCourse(**arguments)
    with pytest.raises(ValueError, match="tau="):
        TimeCourse(1.0).error(-1.0)
