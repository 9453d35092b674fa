"""Whether runs hold enough steps for their scatter: kurtosis, and the verdict that asks for it."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.step_tails import kurtosis, second_and_fourth

CUBIC = bn.Problem("h**3/6", "wn", eta=0.1, noise=0.1)
GIVEN = {"dim": 2000, "runs": 64, "time": 2.0, "points": 5}


def at_start(problem):
    flow = bn.integrate(problem, time=1e-9, points=2)
    return np.stack([flow[name] for name in problem.order_parameters], axis=-1)


def test_the_kurtosis_of_a_linear_student_is_that_of_its_steps():
    # delta = v - q u + noise; gamma moves by delta u, R by delta (v - R u) and delta^2, L by
    # delta^2 (with the first for sgd).
    problem = bn.Problem("identity", "wn", eta=0.3, q0=0.7, r0=0.4, noise=20.0)
    rng = np.random.default_rng(1)
    u, z, xi = rng.standard_normal((3, 4_000_000))
    v = 0.4 * u + np.sqrt(1 - 0.4**2) * z
    delta = v - 0.7 * u + math.sqrt(20.0) * xi
    longer = (0.3 * 0.7 * delta) ** 2 / 2
    steps = [0.3 * delta * u, 0.3 * 0.7 * delta * (v - 0.4 * u) - 0.4 * longer, longer]
    variances, _ = second_and_fourth(problem, {"gamma": 0.7, "R": 0.4, "L": 1.0})
    assert variances == pytest.approx([x.var() for x in steps], rel=0.02)
    found = max(((x - x.mean()) ** 4).mean() / x.var() ** 2 for x in steps)
    # The mean of a square with a kurtosis of 1e3 and less: 4 standard errors are 6%.
    assert kurtosis(problem, at_start(problem)) == pytest.approx(found, rel=0.06)


@pytest.mark.parametrize(
    ("activation", "least", "most"),
    [("tanh(h)", 3, 30), ("max(h, -1)", 3, 60), ("h**3/6", 1e5, 1e8), ("exp(h)", 1e9, np.inf)],
)
def test_quick_activations_have_heavy_steps(activation, least, most):
    problem = CUBIC.replace(activation=activation)
    assert least < kurtosis(problem, at_start(problem)) < most


@pytest.mark.parametrize(
    "numbers",
    [
        {"scheme": "bn", "eta": "0.1/(1 + t)"},
        {"scheme": "bn", "train_beta": True, "zeta": "auto", "weight_decay": 0.1},
        {"scheme": "bn", "statistics_size": 8},
        {"scheme": "mean-only-bn"},
        {"scheme": "frozen", "frozen_std": 1.3},
        {"scheme": "sqrt(N)*gamma*a/sqrt(n2 + N)"},
        {"scheme": "wn", "activation": "c*h**3", "parameters": {"c": 0.2}},
        {"scheme": "wn", "q0": 0.7, "zeta": 0.1},
        {"scheme": "sqrt(N)*gamma*a/sqrt(n2 + c*N)", "parameters": {"c": 0.7}},
    ],
)
def test_every_problem_with_a_predicted_scatter_has_one(numbers):
    problem = bn.Problem(**({"activation": "h**3/6", "eta": 0.1, "batch_size": 16} | numbers))
    assert 1e3 < kurtosis(problem, at_start(problem)) < 1e9


def test_a_true_theory_of_a_cubic_is_not_rejected_for_a_scatter_that_nobody_sampled():
    found = [bn.compare(CUBIC, seed=seed, **GIVEN) for seed in range(12)]
    assert not any(verdict.test.sampled for verdict in found)
    assert "not judged" in found[0].verdict()
    # Of 12 at a level of .01 (means of few large steps: some .03) three or more are 1 in 200.
    assert sum(not verdict.agree for verdict in found) <= 2


def test_a_wrong_theory_of_a_cubic_is_still_rejected():
    runs = bn.simulate(CUBIC, seed=3, dim=2000, runs=64, time=2.0, points=5)
    wrong = bn.integrate(CUBIC.replace(eta=0.12), times=runs.t)
    assert not bn.judge(runs, wrong).agree


def test_the_scatter_of_a_usual_formula_is_judged():
    verdict = bn.compare(CUBIC.replace(activation="h*tanh(h)"), seed=1, **GIVEN)
    assert verdict.test.sampled
    assert verdict.test.scatter_p < 1.0
