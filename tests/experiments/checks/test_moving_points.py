"""The largest stable learning rate of points that move with eta, and what contradicts it."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.checks import learning_rate as learning_rate_check
from bntheory.experiments.checks.branch import check_branch
from bntheory.experiments.checks.fixed_points import check_fixed_points
from bntheory.odes.equilibria.dynamics import Dynamics


@pytest.mark.parametrize("eta", [0.5, 3.0, 7.0])
@pytest.mark.parametrize("noise", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize("M", [2, 4])
def test_a_linear_plain_student_is_stable_up_to_a_rate_known_by_hand(eta, noise, decay, M):
    """dw = eta (w* - w - decay w) + noise: |w|^2 contracts at 2 (1 + decay) - eta / M."""
    problem = bn.Problem("identity", "sgd", eta=eta, noise=noise, weight_decay=decay, batch_size=M)
    expected = 2 * M * (1 + decay)
    for point in bn.fixed_points(problem).points:
        # The branch is followed to where Q is thousands: the rate is known to 1 / Q^2.
        assert point.largest_eta == pytest.approx(expected, rel=1e-6)
        assert point.eta_max == pytest.approx(expected, rel=1e-6)
        assert point.eta_eff == eta
        assert point.stable == (eta < expected)


def test_sweeps_have_the_same_rates():
    problem = bn.Problem("identity", "sgd", noise=0.5, batch_size=4)
    grid = bn.sweep(problem, weight_decay=[0.0, 0.5], time=30.0,
                    quantity="eta-eff,eta-max,largest-eta")  # fmt: skip
    assert grid["eta_eff"].values == pytest.approx(problem.eta)
    for name in ("eta_max", "largest_eta"):
        assert grid[name].values == pytest.approx([8.0, 12.0], rel=1e-6)
    runs = bn.sweep(problem, eta=[0.5, 1.0], dim=50, time=1.0, runs=2, simulate=True,
                    quantity="eta-eff")  # fmt: skip
    assert runs["eta_eff"].values.tolist() == [[0.5, 0.5], [1.0, 1.0]]


PLAIN = [
    {"activation": "relu", "noise": 0.3, "batch_size": 4},
    {"activation": "relu", "noise": 0.01, "weight_decay": 0.1},
    {"activation": "leaky-relu", "noise": 1.0, "batch_size": 8},
    {"activation": "erf", "noise": 0.3},
    pytest.param({"activation": "tanh", "noise": 0.1}, marks=pytest.mark.slow),
    pytest.param(
        {"activation": "gelu", "noise": 0.1, "weight_decay": 0.05}, marks=pytest.mark.slow
    ),
]


@pytest.mark.parametrize("numbers", PLAIN)
def test_flows_hold_below_the_largest_rate_and_leave_above(numbers):
    problem = bn.Problem(scheme="sgd", **numbers)
    check = check_branch(problem)
    assert (check.holds_below, check.leaves_above) == (True, True)
    assert check.largest_eta == pytest.approx(bn.fixed_points(problem).reached.largest_eta)
    # The frozen point's rate is another, and is contradicted, as 10% more or less are.
    for factor in (0.9, 1.1):
        assert not check_branch(problem, factor * check.largest_eta).agree


@pytest.mark.parametrize("scheme", ["wn", "pn", "bn", "mean-only-bn"])
@pytest.mark.parametrize("eta", [0.5, 50.0, 5e4])
def test_a_length_that_follows_eta_keeps_its_point(scheme, eta):
    problem = bn.Problem(scheme=scheme, eta=eta, noise=0.1, weight_decay=1e-3, batch_size=8)
    point = next(p for p in bn.fixed_points(problem).points if p.stable and p.Q > 0)
    assert point.largest_eta is None or point.largest_eta > eta
    start = problem.replace(q0=point.Q, r0=point.R * 0.98, l0=point.L * 1.02)
    flow = bn.integrate(start, time=20 / point.slow_rate, points=2)
    assert flow.status == "complete"
    assert flow.R[-1] == pytest.approx(point.R, abs=1e-5)
    assert flow.L[-1] == pytest.approx(point.L, rel=1e-5)
    # What eta would have to be at this length for misaligned weights to grow.
    assert point.largest_eta_frozen == pytest.approx(point.eta_max * point.L**2 / point.Q)


def test_the_end_of_a_branch_is_a_fold():
    """Beyond it Newton's iteration finds no rest near the last one."""
    problem = bn.Problem(scheme="sgd", noise=0.3, batch_size=4)
    fold = bn.fixed_points(problem).reached.largest_eta
    below = [p for p in bn.fixed_points(problem.replace(eta=0.9999 * fold)).points if p.stable]
    above = [p for p in bn.fixed_points(problem.replace(eta=1.001 * fold)).points if p.stable]
    assert (len(below), len(above)) == (1, 0)
    # At a fold an eigenvalue vanishes like the square root of the distance.
    far = [p for p in bn.fixed_points(problem.replace(eta=0.9996 * fold)).points if p.stable]
    ratio = far[0].slow_rate / below[0].slow_rate
    assert ratio == pytest.approx(2.0, rel=0.1)


def test_check_contradicts_a_wrong_jacobian(monkeypatch):
    problem = bn.Problem(scheme="wn")
    found = bn.fixed_points(problem)
    right = learning_rate_check.largest_learning_rate
    size = {"dim": 4000, "runs": 64, "seed": 5}
    assert check_fixed_points(found, **size).agree
    monkeypatch.setattr(
        learning_rate_check, "largest_learning_rate", lambda flow, y: 1.2 * right(flow, y)
    )
    assert not check_fixed_points(found, **size).agree


def test_a_branch_that_leaves_what_is_known_has_no_end():
    """sin(h) is resolved up to Q = 16: a fault of the trial over the domain, in a traceback."""
    problem = bn.Problem("sin(h)", "sgd", weight_decay=0.2615, eta=1.0, q0=1.0, r0=0.0,
                         batch_size=49_590)  # fmt: skip
    for point in bn.fixed_points(problem).points:
        assert point.largest_eta is None or point.largest_eta > 0
        assert np.isfinite([value.real for value in point.eigenvalues]).all()


def test_a_point_that_does_not_move_has_the_rate_of_its_jacobian():
    problem = bn.Problem(scheme="sgd")
    point = bn.fixed_points(problem).reached
    assert point.largest_eta == point.largest_eta_frozen == pytest.approx(2.0, rel=1e-12)
    assert check_branch(problem) is None
    limit = Dynamics(problem).limits()[0]
    assert np.abs(limit) == pytest.approx(1.0)
