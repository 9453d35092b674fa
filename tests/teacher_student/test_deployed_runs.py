"""Running statistics as the simulators keep them, and the error of the student that has them."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.formula_kernels import specialise

BN = bn.Problem("identity", batch_size=12, statistics_size=4, eta=0.8, running_momentum=0.3, r0=0.6)


def test_every_group_updates_them_as_torch_does():
    # torch: running = (1 - momentum) running + momentum batch, the variance with m - 1.
    kernels, rng = specialise(BN, "batch_gradient"), np.random.default_rng(0)
    a, target, c = rng.standard_normal(12), rng.standard_normal(12), np.empty(12)
    mean, variance, biased = 0.2, 0.6, 0.6
    for group in a.reshape(3, 4):
        mean = 0.7 * mean + 0.3 * group.mean()
        variance = 0.7 * variance + 0.3 * group.var(ddof=1)
        biased = 0.7 * biased + 0.3 * group.var()
    running, without = np.array([0.2, 0.6, 0.3, 3.0, 5.0]), np.empty(12)
    pulls = kernels.batch_gradient(a, target, (4, running), 1.0, 0.8, 0.0, 100.0, c)
    np.testing.assert_allclose(running[:2], [mean, variance], rtol=1e-13)
    assert abs(running[1] - biased) > 0.01
    # Training mode does not see them, nor their absence.
    none = kernels.batch_gradient(a, target, (4, np.zeros(0)), 1.0, 0.8, 0.0, 100.0, without)
    assert none == pulls
    np.testing.assert_array_equal(c, without)


@pytest.mark.parametrize("momentum", [0.0, pytest.param(0.6, marks=pytest.mark.slow)])
def test_chain_and_vectors_keep_one_law(momentum):
    # 400 runs each, where terms of finite N are in the law: means of 4 numbers within 4.5
    # standard errors, 3e-5 in all.
    problem = BN.replace(momentum=momentum, eta=0.8 * (1 - momentum))
    sample = {"dim": 30, "runs": 400, "times": [0.0, 1.0], "running": True}
    chain = bn.simulate(problem, seed=1, **sample)
    vectors = bn.simulate(problem, seed=2, engine="vectors", **sample)
    for name in ("running_mean", "running_variance", "error_running"):
        apart = abs(chain.mean[name] - vectors.mean[name])[-1]
        assert apart < 4.5 * np.hypot(chain.sem[name], vectors.sem[name])[-1]
    squares = [(runs.running_mean[:, -1] ** 2) for runs in (chain, vectors)]
    sem = np.hypot(*(s.std(ddof=1) / 20 for s in squares))
    assert abs(squares[0].mean() - squares[1].mean()) < 4.5 * sem
    assert (chain.running_variance[:, 0] == 1.0).all()


def test_the_deployed_error_is_that_of_drawn_examples():
    runs = bn.simulate(BN, dim=40, runs=3, times=[0.0, 0.5], running=True, seed=4)
    rng = np.random.default_rng(1)
    for k in range(3):
        gamma, R, L = (runs.values[n][k, -1] for n in ("gamma", "R", "L"))
        u, z = rng.standard_normal((2, 400_000))
        v = R * u + np.sqrt(1 - R**2) * z
        f = gamma * (L * u - runs.running_mean[k, -1]) / np.sqrt(runs.running_variance[k, -1])
        losses = (v - f) ** 2 / 2
        apart = abs(losses.mean() - runs.error_running[k, -1])
        assert apart < 4.5 * losses.std() / np.sqrt(u.size)


def test_a_rate_is_a_momentum_over_n():
    sample = {"dim": 50, "runs": 2, "times": [0.0, 1.0], "running": True}
    rate = bn.simulate(BN.replace(running_rate=15.0), **sample)
    momentum = bn.simulate(BN.replace(running_momentum=0.3), **sample)
    np.testing.assert_array_equal(rate.running_variance, momentum.running_variance)


def test_what_has_none_is_refused():
    with pytest.raises(ValueError, match="running=True: scheme='wn'"):
        bn.simulate(bn.Problem(scheme="wn"), running=True)
    with pytest.raises(ValueError, match=r"running_rate=51.0: .*at most N is accepted"):
        bn.simulate(BN.replace(running_rate=51.0), dim=50)
