"""The simulators: against plain NumPy, chain against vectors, seeds, threads, memory."""

import math
import tracemalloc

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.online.run import start_vectors
from reference import sgd_step
from scipy.stats import ks_2samp

SCHEMES = ("sgd", "wn", "pn", "bn", "mean-only-bn", "var-only-bn")


def problem_for(scheme, **changes):
    numbers = {"eta": 0.8, "noise": 0.3, "batch_size": 4, "weight_decay": 0.2}
    if scheme != "sgd":
        numbers |= {"zeta": 0.1, "gamma_rate": 1.5}
    return bn.Problem(scheme=scheme, **(numbers | changes))


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_vectors_follow_a_plain_numpy_reference_step_by_step(scheme, activation):
    # The same random numbers in the same order, so only rounding may differ: 40 steps of
    # relative size 1e-15 each, amplified by dynamics that double at most a few times.
    problem = problem_for(scheme, activation=activation)
    N, steps, M = 30, 40, 4
    runs = bn.simulate(
        problem, dim=N, runs=1, times=np.arange(steps + 1) / N, engine="vectors", seed=11
    )
    inputs, labels, vectors = np.random.SeedSequence(11).spawn(1)[0].spawn(3)
    x_rng, label_rng = np.random.default_rng(inputs), np.random.default_rng(labels)
    start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
    teacher, w = start_vectors(N, start["R"], start["L"], np.random.default_rng(vectors))
    gamma = start.get("gamma", 1.0)
    for k in range(steps):
        X = x_rng.standard_normal((M, N)) / math.sqrt(N)
        noise = math.sqrt(0.3) * label_rng.standard_normal(M)
        w, gamma = sgd_step(scheme, activation, (w, gamma), teacher, X, noise, 0.8, 0.1, 0.2, 1.5)
        assert runs.L[0, k + 1] == pytest.approx(np.linalg.norm(w) / math.sqrt(N), rel=1e-10)
        R = w @ teacher / np.linalg.norm(w) / math.sqrt(N)
        assert runs.R[0, k + 1] == pytest.approx(R, abs=1e-10)
        if scheme != "sgd":
            assert runs.gamma[0, k + 1] == pytest.approx(gamma, rel=1e-10)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_chain_and_vectors_have_the_same_law(scheme):
    # Two KS tests and two z-tests a scheme, 24 in all: at level 1e-4 each the false-alarm rate
    # of the whole is 0.24%. N = 20 makes finite-size effects large, so both must share them.
    problem = problem_for(scheme)
    options = {"dim": 20, "runs": 3000, "times": [0.0, 3.0]}
    chain = bn.simulate(problem, seed=1, **options)
    vectors = bn.simulate(problem, seed=2, engine="vectors", **options)
    for name in ("R", "L"):
        one, other = chain.values[name][:, -1], vectors.values[name][:, -1]
        assert ks_2samp(one, other).pvalue > 1e-4
        sem = math.hypot(chain.sem[name][-1], vectors.sem[name][-1])
        assert abs(one.mean() - other.mean()) < 3.9 * sem


def test_a_chain_with_a_wrong_step_length_would_be_caught():
    # 2% more label noise is a 2% longer step in the noise-driven part: the tests above see it.
    one = bn.simulate(problem_for("wn"), dim=20, runs=3000, times=[0.0, 3.0], seed=1)
    other = bn.simulate(problem_for("wn", noise=0.5), dim=20, runs=3000, times=[0.0, 3.0], seed=2)
    assert ks_2samp(one.L[:, -1], other.L[:, -1]).pvalue < 1e-4


def test_run_k_is_the_same_however_many_are_asked_for_and_on_any_number_of_threads():
    problem = bn.Problem(scheme="bn", batch_size=4)
    for engine in ("chain", "vectors"):
        options = {"dim": 50, "time": 2.0, "points": 3, "engine": engine, "seed": 7}
        few = bn.simulate(problem, runs=3, workers=1, **options)
        many = bn.simulate(problem, runs=9, workers=4, **options)
        assert (many.R[:3] == few.R).all()
        assert not (few.R[0] == few.R[1]).all()
        other = bn.simulate(problem, runs=3, **(options | {"seed": 8}))
        assert not (few.R == other.R).all()


def test_stored_times_do_not_change_the_run():
    problem = bn.Problem(scheme="wn")
    coarse = bn.simulate(problem, dim=100, runs=2, times=[0.0, 5.0])
    fine = bn.simulate(problem, dim=100, runs=2, times=[0.0, 0.01, 1.23, 2.0, 5.0])
    assert (coarse.R[:, -1] == fine.R[:, -1]).all()
    assert fine.t == pytest.approx([0.0, 0.01, 1.23, 2.0, 5.0])


@pytest.mark.parametrize("engine", ["chain", "vectors"])
def test_every_run_starts_exactly_at_the_problem_s_start(engine):
    problem = bn.Problem(scheme="wn", q0=0.7, r0=-0.4, l0=1.7)
    runs = bn.simulate(problem, dim=10, runs=2, times=[0.0, 1.0], engine=engine)
    for name, value in [("Q", 0.7), ("R", -0.4), ("L", 1.7)]:
        assert runs.values[name][:, 0] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("scheme", ["wn", "bn"])
def test_a_batch_drawn_twice_is_the_batch_kept(scheme, monkeypatch):
    problem = bn.Problem(scheme=scheme, batch_size=5, noise=0.1)
    options = {"dim": 40, "runs": 2, "times": [0.0, 2.0], "engine": "vectors"}
    kept = bn.simulate(problem, **options)
    monkeypatch.setattr("bntheory.teacher_student.online.run.BATCH_KEPT", 1)
    drawn_twice = bn.simulate(problem, **options)
    assert pytest.approx(kept.R, rel=1e-11) == drawn_twice.R


@pytest.mark.parametrize("options", [{"scheme": "sgd"}, {"scheme": "bn", "batch_size": 32}])
def test_vectors_of_a_million_components_stay_below_100_megabytes(options):
    problem = bn.Problem(**options)
    bn.simulate(problem, dim=10, runs=1, times=[0.0, 0.1], engine="vectors")
    tracemalloc.start()
    bn.simulate(problem, dim=10**6, runs=1, times=[0.0, 1e-6], engine="vectors")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6


def test_a_schedule_is_followed():
    # A rate that is 0.5 up to rounding gives the same run as the constant.
    constant = bn.simulate(bn.Problem(scheme="wn", eta=0.5), dim=100, runs=2, times=[0.0, 3.0])
    formula = bn.simulate(
        bn.Problem(scheme="wn", eta="0.5 + 0*t"), dim=100, runs=2, times=[0.0, 3.0]
    )
    falling = bn.simulate(
        bn.Problem(scheme="wn", eta="0.5/(1+t)"), dim=100, runs=2, times=[0.0, 3.0]
    )
    assert (constant.R == formula.R).all()
    assert not np.allclose(constant.R, falling.R)


def test_divergence_is_said_and_leaves_finite_numbers():
    problem = bn.Problem(scheme="sgd", eta=3.0)
    with pytest.warns(bn.DivergenceWarning, match="of 4 runs diverged"):
        runs = bn.simulate(problem, dim=50, runs=4, time=400, points=21)
    assert runs.status == "diverged"
    assert "diverged" in runs.message
    assert all(np.isfinite(values).all() for values in runs.values.values())
    assert runs.t.size < 21


def test_the_error_is_the_test_error_of_the_students():
    # Fresh examples; 4.5 standard errors.
    rng = np.random.default_rng(0)
    runs = bn.simulate(bn.Problem(scheme="wn"), dim=100, runs=1, times=[0.0, 4.0])
    Q, R = runs.Q[0, -1], runs.R[0, -1]
    u, z = rng.standard_normal((2, 400_000))
    losses = (np.maximum(R * u + math.sqrt(1 - R**2) * z, 0) - np.maximum(Q * u, 0)) ** 2 / 2
    assert abs(losses.mean() - runs.error[0, -1]) < 4.5 * losses.std() / math.sqrt(len(u))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"dim": 2}, "dim=2"),
        ({"runs": 0}, "runs=0"),
        ({"engine": "gpu"}, "engine='gpu'"),
        ({"seed": -1}, "seed=-1"),
        ({"time": math.nan}, "time=nan"),
        ({"points": 1}, "points=1"),
        ({"times": [1.0, 0.5]}, "times="),
        ({"times": [-1.0, 0.5]}, "times="),
    ],
)
def test_bad_input_is_named(options, named):
    with pytest.raises(ValueError, match=named.replace("'", ".")):
        bn.simulate(bn.Problem(scheme="wn"), **options)


def test_a_schedule_that_turns_negative_is_refused_by_both_roads():
    problem = bn.Problem(scheme="wn", eta="1 - t/5")
    for road in (bn.simulate, bn.integrate):
        with pytest.raises(ValueError, match=r"eta='1 - t/5' is -0.0008 at t=5.004"):
            road(problem, time=6)
        assert road(problem, time=4, points=3).status == "complete"
