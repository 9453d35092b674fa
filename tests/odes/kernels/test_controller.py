"""The controller of the step size, by its formulas."""

import math

import bntheory as bn
import pytest
from bntheory.odes.kernels.controller import LEAST_ERROR, next_step, vanishes


@pytest.mark.parametrize("error", [math.inf, math.nan, 1e9])
@pytest.mark.parametrize("roots", [False, True])
def test_a_step_that_blew_up_is_a_fifth_and_is_forgotten(error, roots):
    assert next_step(2.0, error, 0.5, roots) == (0.4, 0.5)


@pytest.mark.parametrize(
    ("roots", "rejected", "own", "last"),
    [(False, -0.2, -0.14, 0.08), (True, -0.25, -0.125, 0.0625)],
)
def test_the_exponents(roots, rejected, own, last):
    step, before = next_step(2.0, 3.0, 0.5, roots)
    assert step == pytest.approx(2.0 * 0.9 * 3.0**rejected, rel=1e-15)
    assert before == 0.5
    step, before = next_step(2.0, 0.3, 0.5, roots)
    assert step == pytest.approx(2.0 * 0.9 * 0.3**own * 0.5**last, rel=1e-15)
    assert before == 0.3


@pytest.mark.parametrize("roots", [False, True])
def test_a_step_grows_by_five_at_most_and_an_error_of_zero_counts_as_a_small_one(roots):
    assert next_step(2.0, 0.0, 1.0, roots) == (10.0, LEAST_ERROR)
    assert next_step(2.0, 1.0, 1e-12, roots)[0] >= 0.4


def test_a_step_vanishes_relative_to_the_time_and_to_the_first_step():
    assert vanishes(1e-15, 0.2, 0.0)
    assert not vanishes(1e-15, 0.0, 0.05)
    assert vanishes(1e-15, 0.0, 0.2)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize(("scheme", "activation"), [("sgd", "identity"), ("wn", "relu")])
@pytest.mark.parametrize("time", [1e-3, 1.0, 1e3])
def test_a_flow_that_begins_at_a_rest_stays_there(scheme, activation, momentum, time):
    """Whose speed is rounding, so that a first step by it is beyond all measure."""
    rest = bn.Problem(activation, scheme, eta=0.02, q0=1.0, r0=1.0, momentum=momentum)
    flow = bn.integrate(rest, time=time, points=3)
    assert flow.status == "complete"
    found = bn.sweep(rest, eta=[0.02], time=time)
    passed = bn.sweep(rest, eta=[0.02], time=time, quantity=["final-Q", "time-to:1e-3"])
    for Q in (flow.Q[-1], *found["final_Q"].values, *passed["final_Q"].values):
        assert abs(Q - 1.0) < 2e-7  # some twenty steps, of 1e-8 each
    assert found["diverged"].values.tolist() == [0.0]
