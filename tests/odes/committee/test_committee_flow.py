"""Flows of committees: against equations from elsewhere, one unit, and what they conserve."""

import json
import math

import bntheory as bn
import numpy as np
import pytest
import saad_solla
from bntheory.odes.committee.dynamics import CommitteeDynamics
from bntheory.odes.committee.integrate import solve_committee
from bntheory.odes.committee.points import Sampling, orders
from bntheory.results.errors import InputError
from bntheory.teacher_student.committee.order import specialisation
from bntheory.teacher_student.state_space import StateSpace
from command import call

START = {"A": [[0.3, 0.1], [-0.1, 0.2]], "C": [[0.5, 0.2], [0.2, 0.7]]}
PLAIN = bn.Problem("erf", "sgd", eta=0.7, units=2, teacher_units=2, second_layer=[1.2, 0.8],
                   teacher_overlap=[[1.0, 0.3], [0.3, 0.9]], noise=0.2, weight_decay=0.05,
                   batch_size=2, start=START)  # fmt: skip
SAMPLED = bn.Problem("erf", "bn", eta=0.5, units=2, teacher_units=2, batch_size=8, noise=0.1,
                     weight_decay=0.02, start=START | {"gamma": [0.6, 0.8]})  # fmt: skip
TIMES = np.linspace(0.0, 20.0, 5)
FEW = Sampling(2, 2**8)


def test_erf_committees_follow_saad_and_solla():
    """Both solvers' tolerances are 1e-11."""
    flow = bn.integrate(PLAIN, times=TIMES, rtol=1e-11, atol=1e-13)
    A, C = saad_solla.flow(PLAIN, TIMES)
    assert np.abs(flow.A - A).max() < 1e-9
    assert np.abs(flow.C - C).max() < 1e-9
    expected = [saad_solla.error(a, c, PLAIN) for a, c in zip(A, C, strict=True)]
    assert np.abs(flow.error - expected).max() < 1e-9
    for wrong in ("square on the diagonal", "noiseless square", "half decay"):
        assert np.abs(flow.C - saad_solla.flow(PLAIN, TIMES[:2], wrong)[1][1]).max() > 1e-3


@pytest.mark.parametrize(
    "problem", [bn.Problem("relu", "wn", noise=0.1, weight_decay=0.01, eta=0.8)]
)
def test_one_unit_is_the_scalar_flow(problem):
    flow = solve_committee(problem, TIMES, (1e-11, 1e-13, 20_000))
    scalar = bn.integrate(problem, times=TIMES, rtol=1e-11, atol=1e-13)
    length = np.sqrt(flow.C[:, 0, 0])
    assert np.abs(flow.gamma[:, 0] - scalar.gamma).max() < 1e-9
    assert np.abs(length - scalar.L).max() < 1e-9
    assert np.abs(flow.R[:, 0, 0] - scalar.R).max() < 1e-9
    assert np.abs(flow.error - scalar.error).max() < 1e-9
    assert isinstance(bn.integrate(problem, time=1.0, points=2), bn.Flow)


def shuffled(space: StateSpace, y, students, teachers):
    blocks = space.unpack(y)
    blocks["A"] = blocks["A"][np.ix_(students, teachers)]
    blocks["C"] = blocks["C"][np.ix_(students, students)]
    if "gamma" in blocks:
        blocks["gamma"] = blocks["gamma"][students]
    return space.pack(blocks)


@pytest.mark.parametrize("problem", [PLAIN, SAMPLED], ids=["closed", "sampled"])
@pytest.mark.parametrize(("students", "teachers"), [([1, 0], [0, 1]), ([1, 0], [1, 0])])
def test_orders_of_units_do_not_matter(problem, students, teachers):
    """To rounding; with points that are not symmetrised it fails by their scatter."""
    same = problem.replace(second_layer=None, teacher_overlap=None)
    flow, space = CommitteeDynamics(same, FEW), same.committee.state_space
    y = np.array(same.initial_state)
    there = flow.rhs(shuffled(space, y, students, teachers))
    assert np.abs(there - shuffled(space, flow.rhs(y), students, teachers)).max() < 1e-12
    if problem is SAMPLED:
        ordered = flow.numbers.copy()
        ordered[7 + 2 + 4 + 3] = 1.0  # the group has its first element alone: the identity
        ordered = np.delete(ordered, np.arange(7 + 2 + 4 + 5 + 4, 7 + 2 + 4 + 5 + 16))
        left = flow.rhs(shuffled(space, y, students, teachers), ordered)
        assert np.abs(left - shuffled(space, flow.rhs(y, ordered), students, teachers)).max() > 1e-6


def test_lengths_move_by_decay_and_the_square_of_the_rate_alone():
    """Batch by batch, of any points: a normalised unit's gradient is perpendicular to it."""
    flow = CommitteeDynamics(SAMPLED, FEW)
    y = np.array(SAMPLED.initial_state)
    C, speed = flow.blocks(y)["C"], flow.blocks(flow.rhs(y, flow.first_order))["C"]
    decay = -2.0 * SAMPLED.eta * SAMPLED.weight_decay * np.diag(C)
    assert np.abs(np.diag(speed) - decay).max() < 1e-13
    assert (np.diag(flow.blocks(flow.rhs(y))["C"]) > decay + 1e-3).all()


def test_a_sampled_flow_says_its_error(tmp_path):
    flow = bn.integrate(SAMPLED, time=1.0, points=3, sampling=FEW)
    assert flow.scramblings == 2
    assert flow.std_error["A"].shape == flow.A.shape == (3, 2, 2)
    assert (flow.std_error["error"][1:] > 0.0).all()
    made = json.loads(flow.to_json())
    assert np.shape(made["C"]) == (3, 2, 2)
    assert np.shape(made["std_error"]["gamma"]) == (3, 2)
    assert "A_12_std_error" in flow.columns()
    assert dict(flow.to_dataset().sizes) == {
        "t": 3, "unit": 2, "teacher_unit": 2, "other_unit": 2
    }  # fmt: skip
    assert len(flow.plot().axes) == 4
    again = bn.integrate(SAMPLED, time=1.0, points=3, sampling=FEW)
    assert (again.A == flow.A).all()


def test_the_command(tmp_path, monkeypatch, capsys):
    status = call(monkeypatch, "integrate", "--units", "2", "--teacher-units", "2", "--activation",
               "erf", "--scheme", "sgd", "--time", "2", "--points", "3", "--json",
               "--output", str(tmp_path / "a.csv"))  # fmt: skip
    assert status == 0
    made = json.loads(capsys.readouterr().out)
    assert list(np.shape(made["A"])) == [3, 2, 2]
    assert made["status"] == "complete"
    assert "specialisation" in (tmp_path / "a.csv").read_text()


def test_what_has_no_flow_is_refused():
    three = bn.Problem("erf", "ln", units=3, teacher_units=2)
    with pytest.raises(InputError, match="units=3"):
        bn.integrate(three)
    with pytest.raises(InputError, match="units"):
        bn.integrate(PLAIN, inertia=10.0)
    with pytest.raises(InputError, match="scramblings=1"):
        bn.integrate(SAMPLED, sampling=(1, None, 0))


def test_orders_keep_the_second_layer_and_the_teacher():
    assert len(orders(np.ones(3), np.eye(2))) == math.factorial(3) * 2
    teacher = np.array([[1.0, 0.3, 0.0], [0.3, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert set(orders(np.array([1.0, 2.0]), teacher)) == {(0, 1, 2, 3, 4), (0, 1, 3, 2, 4)}


def test_specialisation_is_that_of_the_best_match():
    R = np.array([[0.1, 0.8, 0.0], [0.7, 0.2, 0.1], [0.1, 0.0, 0.9]])
    assert specialisation(R) == pytest.approx(0.8 - R.mean())
    assert specialisation(np.array([[0.9, 0.3], [0.1, 0.7]])) == pytest.approx((1.6 - 0.4) / 4)
