"""Checks of fixed points by runs with momentum. False alarms: 4 standard errors, 1 in 16 000."""

from dataclasses import replace

import bntheory as bn
import pytest
from bntheory.experiments.checks.branch import check_branch
from bntheory.experiments.checks.equilibrium import check_equilibrium
from bntheory.experiments.checks.fixed_points import check_fixed_points
from bntheory.experiments.checks.learning_rate import check_learning_rate
from bntheory.teacher_student.momentum import inertia


@pytest.mark.parametrize("kind", [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_chains_with_momentum_find_the_largest_rate_of_the_flow_with_their_inertia(kind):
    problem = bn.Problem(scheme="wn", **kind)
    check = check_learning_rate(problem, dim=4000, runs=128, seed=1)
    assert check.agree
    # eta / (1 - momentum) is the rate of the limit, whose largest is 2.
    assert check.jacobian == pytest.approx(0.2, rel=1e-9)
    assert check.inertia == inertia(problem, 4000)
    # Runs of this N can tell their inertia from none, and a wrong factor (1 - momentum).
    assert not replace(check, inertial=check.flow).agree
    assert not replace(check, inertial=1.05 * check.inertial).agree
    assert "inertia kappa" in check.summary()
    assert check.to_dict()["inertial"] == check.inertial


def test_an_equilibrium_is_found_by_chains_with_decoupled_decay():
    problem = bn.Problem(scheme="wn", eta=0.05, weight_decay=1.0, noise=0.1, momentum=0.9,
                         decoupled_decay=True)  # fmt: skip
    check = check_equilibrium(problem, dim=2000, runs=16, seed=3)
    assert check.agree
    twice = {name: 1.03 * value for name, value in check.theory.items()}
    assert not replace(check, theory=twice).agree
    # What inertia does is of order 1/N, here to decay that is outside of it; the verdict counts it.
    larger = tuple({name: x + 0.03 for name, x in shift.items()} for shift in check.shift)
    assert not replace(check, shift=larger).agree
    assert 1e-5 < abs(check.shift[0]["L"]) < 1e-3
    assert "inertia moves L by" in check.summary()


def test_a_moving_point_is_checked_in_the_rates_of_the_problem():
    problem = bn.Problem(scheme="sgd", noise=0.3, batch_size=4)
    heavy = problem.replace(eta=0.1, momentum=0.5)
    check, plain = check_branch(heavy), check_branch(problem)
    assert check.agree
    assert check.largest_eta == pytest.approx(0.5 * plain.largest_eta)
    assert not check_branch(heavy, plain.largest_eta).agree


def test_points_with_momentum_are_checked_as_a_whole():
    found = bn.fixed_points(bn.Problem(scheme="wn", eta=0.1, momentum=0.8))
    checked = check_fixed_points(found, dim=4000, runs=64, seed=5)
    assert checked.agree
    assert checked.to_dict()["check"]["learning_rate"]["inertia"] == pytest.approx(4000 / 4.5)
