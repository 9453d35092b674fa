"""Stability and equilibrium by simulation. False-alarm rates: 4 standard errors, 1 in 16 000."""

from dataclasses import replace

import bntheory as bn
import pytest
from bntheory.experiments.checks import learning_rate as learning_rate_check
from bntheory.experiments.checks.equilibrium import check_equilibrium
from bntheory.experiments.checks.learning_rate import check_learning_rate

SIZE = {"dim": 4000, "runs": 128, "seed": 11}


@pytest.mark.parametrize(
    ("parameters", "diverges"),
    [
        ({"scheme": "sgd"}, True),
        ({"scheme": "wn"}, False),
        ({"scheme": "pn", "batch_size": 2}, False),
    ],
)
def test_chain_finds_the_largest_stable_learning_rate(parameters, diverges):
    check = check_learning_rate(bn.Problem(**parameters), **SIZE)
    assert check.agree
    assert check.diverges == diverges
    # The simulation can tell: 15% more would have been refused.
    assert not replace(check, flow=1.15 * check.chain + 8 * check.standard_error).agree
    assert check.standard_error < 0.05 * check.jacobian


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "scheme"), [("identity", "bn"), ("relu", "bn"), ("relu", "mean-only-bn")]
)
def test_chain_finds_the_largest_stable_learning_rate_of_exact_bn(activation, scheme):
    problem = bn.Problem(activation, scheme, batch_size=8)
    check = check_learning_rate(problem, dim=20_000, runs=256, seed=0)
    assert check.agree
    assert not check.diverges
    assert not replace(check, flow=1.15 * check.chain + 8 * check.standard_error).agree


def test_at_small_misalignment_the_chain_agrees_with_the_jacobian_itself():
    check = check_learning_rate(bn.Problem("identity", "wn"), **SIZE)
    assert check.chain == pytest.approx(2.0, rel=0.01)


def test_equilibrium_under_weight_decay_by_chain():
    problem = bn.Problem(scheme="wn", weight_decay=0.1, noise=0.1)
    check = check_equilibrium(problem, dim=2000, runs=16, seed=3)
    assert check.agree
    wrong = {name: 1.03 * value for name, value in check.theory.items()}
    assert not replace(check, theory=wrong).agree


def test_nothing_to_check_is_said(monkeypatch):
    with pytest.raises(ValueError, match=r"weight_decay=0\.0"):
        check_equilibrium(bn.Problem(scheme="wn"))
    monkeypatch.setattr(learning_rate_check, "best_limit", lambda flow: None)
    with pytest.raises(ValueError, match="nothing to check"):
        check_learning_rate(bn.Problem(scheme="wn"))
