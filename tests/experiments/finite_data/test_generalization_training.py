"""SGD on training sets: its steps against gradients by hand, its bookkeeping, its honesty."""

import json
import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.files import to_csv, to_json
from bntheory.teacher_student.training import train as train_module
from bntheory.teacher_student.training.full_batch import (
    relu_solution,
    ridge_solution,
    solve_full_batch,
)
from bntheory.teacher_student.training.run import Student, Training, TrainingRun
from bntheory.teacher_student.training.train import fresh_error, train
from bntheory.teacher_student.training.training_set import TrainingSet

SCHEMES = ("sgd", "wn", "pn", "bn", "mean-only-bn", "var-only-bn")


def drawn(problem, alpha=2.0, dim=12, seed=0):
    return TrainingSet.draw(problem, alpha, dim, np.random.default_rng(seed))


def batch_loss(scheme, w, gamma, rows, data):
    """Mean loss of one batch, written from the table of theory page 1."""
    h, N = data.X[rows] @ w, w.size
    mean, spread, length = h.mean(), h.std(), np.linalg.norm(w)
    everything = data.X @ w
    f = {
        "sgd": h,
        "wn": math.sqrt(N) * gamma * h / length,
        "pn": gamma * (h - everything.mean()) / everything.std(),
        "bn": gamma * (h - mean) / spread,
        "mean-only-bn": math.sqrt(N) * gamma * (h - mean) / length,
        "var-only-bn": gamma * h / spread,
    }[scheme]
    return np.mean((data.y[rows] - np.tanh(f)) ** 2) / 2


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_step_is_minus_the_gradient(scheme):
    """Central differences of step 1e-5 are good to 1e-9 here; learning rate and decay by hand."""
    zeta = 0.0 if scheme == "sgd" else 0.2
    problem = bn.Problem(
        "tanh", scheme, eta=0.3, zeta=zeta, weight_decay=0.1, batch_size=6, q0=0.8, l0=1.3
    )
    data = drawn(problem)
    run = TrainingRun(problem, data, Training(1, True, "random", 0.1), np.random.default_rng(5))
    rows = np.array([[1, 4, 4, 7, 9, 20]])
    run.batches, run.steps = lambda: rows, 1
    w, gamma, N = run.w.copy(), run.scalars[0], run.w.size
    run.advance()

    def loss(w, gamma):
        return batch_loss(scheme, w, gamma, rows[0], data)

    step = 1e-5
    slope = [(loss(w + step * e, gamma) - loss(w - step * e, gamma)) / 2e-5 for e in np.eye(N)]
    np.testing.assert_allclose(run.w, w - 0.3 * (np.array(slope) + 0.1 * w / N), atol=1e-8)
    if scheme != "sgd":
        by_gamma = (loss(w, gamma + step) - loss(w, gamma - step)) / 2e-5
        assert run.scalars[0] == pytest.approx(gamma - 0.3 / N * (by_gamma + zeta * gamma))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_student_at_test_time_uses_the_training_sets_statistics(scheme):
    problem = bn.Problem("identity", scheme, q0=0.7, l0=1.5)
    data = drawn(problem)
    run = TrainingRun(problem, data, Training(1, True, "random", 0.1), np.random.default_rng(3))
    student, h = run.current(), data.X @ run.w
    length, mean, spread = np.linalg.norm(run.w) / math.sqrt(run.w.size), h.mean(), h.std()
    expected = {
        "sgd": h,
        "wn": 0.7 * h / length,
        "pn": 0.7 * (h - mean) / spread,
        "bn": 0.7 * (h - mean) / spread,
        "mean-only-bn": 0.7 * (h - mean) / length,
        "var-only-bn": 0.7 * h / spread,
    }[scheme]
    np.testing.assert_allclose(student.shift + data.X @ student.v, expected, atol=1e-12)


@pytest.mark.parametrize("scheme", ["sgd", "wn"])
def test_full_batch_descent_ends_at_ridge(scheme):
    """Whole-set batches leave no noise: v agrees with SciPy's solution to the rate's tolerance."""
    decay = {"weight_decay": 0.25} if scheme == "sgd" else {"zeta": 0.25}
    problem = bn.Problem("identity", scheme, batch_size=80, eta=20.0, noise=0.3, q0=1.0, **decay)
    done = train(problem, 2.0, dim=40, runs=2, epochs=3000, replacement=False, tolerance=1e-3)
    assert done.converged
    for k, child in enumerate(np.random.SeedSequence(0).spawn(2)):
        data = TrainingSet.draw(problem, 2.0, 40, np.random.default_rng(child.spawn(2)[0]))
        m, q = data.overlaps(ridge_solution(data, 0.5))  # lambda = alpha zeta
        assert done.values["m"][k] == pytest.approx(m, rel=1e-3)
        assert done.values["q"][k] == pytest.approx(q, rel=1e-3)


def test_runs_depend_on_the_seed_alone():
    problem = bn.Problem("relu", "bn", batch_size=8, eta=2.0, noise=0.1)
    few = train(problem, 2.0, dim=20, runs=2, epochs=5, workers=1, seed=7)
    many = train(problem, 2.0, dim=20, runs=5, epochs=5, workers=3, seed=7)
    for name, values in few.values.items():
        np.testing.assert_array_equal(values, many.values[name][:2])
    assert (
        train(problem, 2.0, dim=20, runs=2, epochs=5, seed=8).values["m"] != few.values["m"]
    ).all()


@pytest.mark.parametrize("replacement", [True, False])
def test_batches(replacement):
    problem = bn.Problem("relu", "wn", batch_size=6)
    training = Training(1, replacement, "random", 0.1)
    run = TrainingRun(problem, drawn(problem), training, np.random.default_rng(0))
    drawn_rows = np.stack([run.batches() for _ in range(200)])
    assert drawn_rows.shape == (200, 4, 6)
    distinct = [np.unique(epoch).size for epoch in drawn_rows]
    assert (min(distinct) < 24) == replacement
    counts = np.bincount(drawn_rows.ravel(), minlength=24)
    assert np.abs(counts - 200).max() < 5 * math.sqrt(200)  # false alarm below 24 * 6e-7


def test_starts():
    problem = bn.Problem("identity", "wn", l0=2.0, q0=0.5)
    data = drawn(problem)

    def first(start, problem=problem):
        training = Training(1, True, start, 0.1)
        return TrainingRun(problem, data, training, np.random.default_rng(0))

    assert np.linalg.norm(first("random").w) == pytest.approx(2.0 * math.sqrt(12))
    pull = data.X.T @ data.y
    w = first("xty").w
    assert w @ pull == pytest.approx(np.linalg.norm(w) * np.linalg.norm(pull))
    assert (first("zero", bn.Problem("identity", "sgd")).w == 0).all()
    data = TrainingSet(data.X, np.zeros(24), data.teacher)
    assert np.linalg.norm(first("xty").w) == pytest.approx(2.0 * math.sqrt(12))


def test_a_schedule_is_followed():
    """With eta = 1/(1 + 12 t) and one step an epoch the second step has rate 1/2."""
    problem = bn.Problem("identity", "sgd", batch_size=24, eta="1/(1 + 12*t)", q0=0.5)
    data = drawn(problem)
    training = Training(2, False, "random", 0.1)
    run = TrainingRun(problem, data, training, np.random.default_rng(0))
    run.advance()
    w = run.w.copy()
    run.advance()  # one step an epoch: t = 1/12 and the rate is 1/2
    np.testing.assert_allclose(run.w, w + 0.5 * data.X.T @ (data.y - data.X @ w) / 24)


def test_convergence_is_detected_not_assumed():
    problem = bn.Problem("identity", "sgd", batch_size=8, eta=2.0, noise=0.25, weight_decay=1.0)
    loose = train(problem, 2.0, dim=30, runs=3, epochs=4000, tolerance=0.2)
    tight = train(problem, 2.0, dim=30, runs=3, epochs=64, tolerance=1e-6)
    assert loose.converged
    assert (loose.epochs < 4000).all()
    assert set(tight.status) == {"not converged"}
    assert (tight.epochs == 64).all()


def test_divergence_is_reported_without_nan():
    problem = bn.Problem("identity", "sgd", batch_size=1, eta=30.0)
    runs = train(problem, 2.0, dim=30, runs=2, epochs=50)
    assert set(runs.status) == {"diverged"}
    assert not runs.usable.any()
    assert "NaN" not in to_json(runs)
    assert math.isnan(runs.mean())


def test_stored_epochs_hold_the_current_student():
    problem = bn.Problem("relu", "wn", eta=0.5, noise=0.1, q0=0.6)
    runs = train(problem, 3.0, dim=30, runs=2, epochs=20, start="random", stored_epochs=[0, 5, 20])
    assert runs.history.shape == (2, 3)
    assert (runs.history[:, 2] < runs.history[:, 0]).all()
    # at the start q = 0.36 exactly, and the error lies near that of a student without overlap
    assert runs.history[0, 0] == pytest.approx(0.25 + 0.09 - 0.6 / (2 * math.pi), abs=0.1)


def test_results_can_be_saved():
    runs = train(bn.Problem("relu", "wn"), 2.0, dim=20, runs=2, epochs=4, stored_epochs=[2])
    assert json.loads(to_json(runs))["runs"] == 2
    assert to_csv(runs).startswith("m,q,shift,error,training_loss,drift,epochs,status\n")
    assert dict(runs.to_dataset().sizes) == {"run": 2, "epoch": 1}


def test_interrupting_keeps_finished_runs():
    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    problem = bn.Problem("relu", "wn")
    runs = train(problem, 2.0, dim=20, runs=40, epochs=40, workers=1, progress=interrupt)
    assert runs.interrupted
    assert 2 <= runs.runs < 40


def test_the_error_of_a_shifted_student_against_sampling():
    """False alarm: 4 standard errors, 6e-5."""
    problem = bn.Problem("relu", "bn")
    data = drawn(problem, dim=40)
    student = Student(0.8 * data.teacher + np.random.default_rng(0).normal(size=40) * 0.5, 0.2)
    x = np.random.default_rng(1).standard_normal((200_000, 40)) / math.sqrt(40)
    f, v = 0.2 + x @ student.v, x @ data.teacher
    half = (np.maximum(f, 0) - np.maximum(v, 0)) ** 2 / 2
    sem = half.std() / math.sqrt(half.size)
    assert abs(half.mean() - fresh_error(problem, data, student)) < 4 * sem


def test_lbfgs_finds_a_minimum_of_the_relu_loss():
    problem = bn.Problem("relu", "sgd", noise=0.25)
    data = drawn(problem, dim=40)
    found = relu_solution(data, 0.5, data.X.T @ data.y, zeta=0.1)

    def loss(v):
        h = data.X @ v
        squares = np.sum((data.y - np.maximum(h, 0)) ** 2) + 0.1 * h @ h + 0.5 * v @ v
        return squares / 2

    assert found.converged
    assert found.loss == pytest.approx(loss(found.v))
    around = found.v + 1e-3 * np.random.default_rng(0).standard_normal((50, 40))
    assert min(map(loss, around)) > found.loss


def test_full_batch_refuses_what_has_no_loss_of_its_own():
    with pytest.raises(ValueError, match="method='full-batch'"):
        solve_full_batch(bn.Problem("relu", "bn"), 2.0, dim=10, runs=1, seed=0, start="xty")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"alpha": 0.0}, "alpha=0.0"),
        ({"dim": 1}, "dim=1"),
        ({"runs": 0}, "runs=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"start": "ones"}, "start='ones'"),
        ({"start": "zero"}, "start='zero'"),
        ({"tolerance": 0.0}, "tolerance=0.0"),
        ({"stored_epochs": [5, 5]}, "stored_epochs="),
        ({"stored_epochs": [2000]}, "stored_epochs=2000"),
        ({"replacement": False, "alpha": 0.1}, "batch_size=32"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        train(bn.Problem("relu", "bn"), **{"alpha": 2.0, **arguments})


def test_a_schedule_that_turns_negative_is_refused():
    with pytest.raises(ValueError, match="eta="):
        train(bn.Problem("relu", "wn", eta="1 - t"), 2.0, dim=20, epochs=100)


def test_progress_counts_runs():
    seen = []
    train(
        bn.Problem("relu", "wn"), 2.0, dim=10, runs=3, epochs=1,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert train_module.FIRST_BLOCK < 1
