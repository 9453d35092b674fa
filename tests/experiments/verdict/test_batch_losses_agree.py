"""Flows of batch schemes with other losses against the chain, and the chain against vectors."""

import bntheory as bn
import numpy as np
import pytest

CASES = {
    "logistic, bn": {"scheme": "bn", "eta": 1.3, "batch_size": 5, "loss": "logistic",
                     "labels": "sign", "q0": 0.6, "r0": 0.25, "l0": 1.1},
    "hinge, ghost": {"scheme": "bn", "eta": 1.7, "batch_size": 24, "statistics_size": 12,
                     "loss": "hinge", "labels": "sign", "q0": 0.8, "r0": 0.35, "l0": 0.9,
                     "weight_decay": 0.05},
    "bernoulli, mean-only": {"scheme": "mean-only-bn", "eta": 0.9, "batch_size": 7,
                             "loss": "logistic", "labels": "bernoulli:1.5", "r0": 0.15},
    "huber, bn": {"scheme": "bn", "eta": 0.8, "batch_size": 9, "loss": "huber:0.5", "noise": 0.1,
                  "noise_law": "student-t:2", "q0": 0.7, "r0": 0.3},
    "logistic, var-only": {"activation": "relu", "scheme": "var-only-bn", "eta": 1.1,
                           "batch_size": 11, "loss": "logistic", "labels": "sign", "q0": 0.7,
                           "r0": 0.4},
}  # fmt: skip
QUICK = "logistic, bn"
#: Of a verdict on one of five cases: false alarms of one run of these tests in 200.
LEVEL = 1e-3


def problem_of(name):
    return bn.Problem(**{"activation": "identity"} | CASES[name])


def some(names):
    return [name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", some(CASES))
def test_the_mean_of_chains_is_on_the_flow(name):
    """At N = 20000; |z| below 4.5 of three quantities is one alarm in 50000."""
    problem = problem_of(name)
    runs = bn.simulate(problem, dim=20_000, runs=24, time=2, points=3, seed=77)
    flow = bn.integrate(problem, times=runs.t)
    assert 0.0 < flow.moments_error < 2e-3
    assert flow.to_dict()["moments_error"] == flow.moments_error
    z = {}
    for quantity in problem.order_parameters:
        apart = runs.mean[quantity][-1] - flow.values[quantity][-1]
        z[quantity] = apart / runs.sem[quantity][-1]
    print(name, {quantity: round(float(x), 2) for quantity, x in z.items()})
    assert max(map(abs, z.values())) < 4.5
    wrong = bn.integrate(problem.replace(scheme="pn", statistics_size=None), times=runs.t)
    apart = [abs(runs.mean[q][-1] - wrong.values[q][-1]) / runs.sem[q][-1] for q in z]
    assert max(apart) > 4.5


@pytest.mark.parametrize("name", some(CASES))
def test_chain_and_vectors_agree(name):
    """Means at the end of runs at N = 400: |z| below 4 is one alarm in 700."""
    problem = problem_of(name)
    options = {"dim": 400, "time": 2, "points": 2}
    chain = bn.simulate(problem, runs=300, seed=21, **options)
    vectors = bn.simulate(problem, runs=80, seed=22, engine="vectors", **options)
    z = {}
    for quantity in problem.order_parameters:
        one, two = chain.values[quantity][:, -1], vectors.values[quantity][:, -1]
        error = np.hypot(one.std() / np.sqrt(one.size), two.std() / np.sqrt(two.size))
        z[quantity] = (one.mean() - two.mean()) / error
    print(name, {quantity: round(float(x), 2) for quantity, x in z.items()})
    assert max(map(abs, z.values())) < 4.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logistic, bn", "hinge, ghost"])
def test_the_predicted_scatter_is_the_measure_where_it_exists(name):
    problem = problem_of(name).replace(batch_size=24, statistics_size=12)
    verdict = bn.compare(problem, alpha=LEVEL, dim=4000, runs=64, time=2, points=5, seed=3)
    print(f"{name}: p = {verdict.p_value:.3g}, largest |z| = {verdict.max_abs_z:.2f}")
    assert verdict.test is not None
    assert verdict.agree, verdict.verdict()
    assert verdict.approximation is None  # it is one of the squared loss


@pytest.mark.slow
@pytest.mark.parametrize(("m", "gamma"), [(5, 2.784), (8, 4.084)])
def test_exact_bn_saturates(m, gamma):
    """Signs under the logistic loss: R grows to 1, gamma to a finite value."""
    problem = problem_of(QUICK).replace(batch_size=m, eta=2.0)
    found = bn.fixed_points(problem)
    ends = [point for point in found.points if point.Q > 0.1]
    assert [(round(p.Q, 2), p.R, p.kind, p.stable) for p in ends] == [
        (round(gamma, 2), 1.0, "attractor", True)
    ]
    assert ends[0].length_exponent == pytest.approx(0.25, abs=0.01)
