"""Training mode and deployment of a student that is divided by a spread and loses no mean."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.inference.deployed import Deployment
from bntheory.experiments.inference.own_batch import kappa
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from bntheory.odes.tables.running_law import RunningLaw
from ema import draw_running, drawn_pairs, within
from reference import ACTIVATIONS

#: Activation, m, rho, gamma, R: odd numbers.
SETS = [
    ("identity", 7, 0.13, 0.83, 0.91),
    ("relu", 9, 0.31, 1.27, 0.67),
    ("tanh", 6, 0.23, -1.43, -0.79),
    ("erf", 5, 0.41, 4.7, 0.53),
]


def student(activation, m, rho, R, scheme="var-only-bn"):
    return Deployment(bn.Problem(activation, scheme, batch_size=m), RunningLaw(m, rho), R)


@pytest.mark.parametrize(("activation", "m", "rho", "gamma", "R"), SETS)
def test_errors_are_those_of_drawn_batches(activation, m, rho, gamma, R):
    # 4 sets x 4 numbers at 4.5 standard errors: false-alarm rate 1e-4; what is wrong is seen.
    own, rng = student(activation, m, rho, R), np.random.default_rng(m)
    g = ACTIVATIONS[activation][0]
    u = rng.standard_normal((150_000, m))
    v = R * u + math.sqrt(1 - R**2) * rng.standard_normal(u.shape)
    f = gamma * u / u.std(axis=1, keepdims=True)
    drawn = ((g(v) - g(f)) ** 2).mean(axis=1) / 2
    assert within(drawn, own.curve("own_batch").error(gamma))
    wrong = student(activation, m, rho, R, "bn")
    assert not within(drawn, wrong.curve("own_batch").error(gamma))
    signs = (np.sign(v) != np.sign(f)).mean(axis=1)
    assert within(signs, own.zero_one(gamma)["own_batch"])
    _, V = draw_running(m, rho, 60_000, rng)
    deployed = drawn_pairs(g, gamma, R, 0 * V, V, 20, rng)
    assert within(deployed, own.curve("running").error(gamma))


@pytest.mark.parametrize("which", [0, 2])
def test_a_running_mean_or_a_biased_variance_is_seen(which):
    # The error at every running variance is known here without the noise of examples.
    activation, m, rho, gamma, R = SETS[which]
    own, rng = student(activation, m, rho, R), np.random.default_rng(1)
    g = ACTIVATIONS[activation][0]
    _, V = draw_running(m, rho, 20_000, rng)
    x, w = np.polynomial.hermite_e.hermegauss(60)
    w = w / w.sum()
    target = np.array([w @ g(R * u + math.sqrt(1 - R**2) * x) for u in x])
    power = w @ np.array([w @ g(R * u + math.sqrt(1 - R**2) * x) ** 2 for u in x])

    def errors(V):
        f = g(gamma * x / np.sqrt(V)[:, None])
        return (power - 2 * f @ (w * target) + f**2 @ w) / 2

    assert within(errors(V), own.curve("running").error(gamma))
    assert within((errors(V) - errors(V).mean()) ** 2, own.scatter(gamma) ** 2)
    assert not within(errors(V * (m - 1) / m), own.curve("running").error(gamma))
    assert not within(errors(V), student(activation, m, rho, R, "bn").curve("running").error(gamma))


@pytest.mark.parametrize(("activation", "m"), [("identity", 8), ("relu", 9)])
def test_gamma_descends_the_error_of_training_mode(activation, m):
    # Another road: the flow's tables of batch moments, to 1e-7; differences leave (1e-3)^2.
    problem = bn.Problem(activation, "var-only-bn", batch_size=m)
    gamma, R, dy = 0.7, 0.6, np.empty(3)
    flow_kernels(problem).rhs(0.0, np.array([gamma, R, 1.0]), parameters(problem), dy)
    error = student(activation, m, 0.1, R).curve("own_batch").error
    slope = (error(gamma + 1e-3) - error(gamma - 1e-3)) / 2e-3
    assert dy[0] == pytest.approx(-problem.eta * slope, abs=2e-6)


def test_the_identity_has_a_closed_form():
    m, R, gamma = 6, 0.8, 1.1
    square, along = (m - 2) / (m - 3), R * kappa(m) * (m - 1) / (m - 2)
    own = student("identity", m, 0.2, R).curve("own_batch")
    assert own.error(gamma) == pytest.approx((1 - 2 * gamma * along + gamma**2 * square) / 2)
    cubic = student("h*1.0 + 0*h**2", m, 0.2, R).curve("own_batch")  # by quadrature
    assert cubic.error(gamma) == pytest.approx(own.error(gamma), rel=1e-7)


def test_what_is_infinite_is_none_and_what_is_bounded_is_not():
    for activation, known in (("relu", False), ("erf", True)):
        own = student(activation, 3, 0.2, 0.7)
        assert (own.curve("own_batch").error(0.9) is not None) == known
    found = bn.inference(bn.Problem("relu", "var-only-bn", batch_size=8), at_q=0.9, at_r=0.9)
    assert found.moments["tau"] == 0.0
    assert found.moments["v_one"] == RunningLaw(8, 0.1).inverse_moment(1.0)
    assert len(set(found.zero_one.values())) == 1
