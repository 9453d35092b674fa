"""Momentum where learning rates are what is asked for: sweeps, fixed points, best rates."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.equilibria.optimal_schedule import optimal_schedule
from bntheory.results.errors import InputError

PLAIN = bn.Problem("identity", "wn", eta=0.6, noise=0.3, batch_size=4, weight_decay=0.4)
#: The same flow, with a buffer.
HEAVY = PLAIN.replace(momentum=0.75, eta=0.15)


def test_a_sweep_over_momentum_has_the_flows_of_the_problems():
    # The two solvers have one tolerance, 1e-8 a step.
    base = HEAVY.replace(decoupled_decay=True)
    grid = {"momentum": [0.2, 0.9], "eta": [0.1, 0.3], "weight_decay": [0.0, 0.5]}
    made = bn.sweep(base, **grid, time=3, quantity=["final-Q", "final-L", "eta-eff"])
    rows = bn.Sweep(made).to_dict()["rows"]
    assert len(rows) == 8
    for row in rows:
        own = base.replace(**{name: row[name] for name in grid})
        flow = bn.integrate(own, times=[0.0, 3.0])
        assert (row["final-Q"], row["final-L"]) == pytest.approx((flow.Q[-1], flow.L[-1]), abs=1e-7)
        # The direction learns at the rate of the limit.
        rate = own.eta / (1 - own.momentum) * flow.Q[-1] / flow.L[-1] ** 2
        assert row["eta-eff"] == pytest.approx(rate, rel=1e-6)


def test_a_sweep_over_momentum_refuses_what_a_problem_refuses():
    with pytest.raises(InputError, match="below 1"):
        bn.sweep(HEAVY, momentum=[0.5, 1.0])
    with pytest.raises(InputError, match="constant eta"):
        bn.sweep(HEAVY.replace(eta="1/(1+t)"), momentum=[0.5, 0.6])
    with pytest.raises(InputError, match="a momentum above 0"):
        bn.sweep(HEAVY.replace(nesterov=True), momentum=[0.0, 0.6])


def test_fixed_points_are_those_of_the_limit_and_their_rates_the_users():
    heavy, plain = (bn.fixed_points(p).reached for p in (HEAVY, PLAIN))
    for name in ("Q", "R", "L", "eta_eff", "eta_max"):
        assert getattr(heavy, name) == pytest.approx(getattr(plain, name), rel=1e-9)
    heavy, plain = (bn.fixed_points(p.replace(weight_decay=0.0)).reached for p in (HEAVY, PLAIN))
    assert heavy.eta_max == pytest.approx(plain.eta_max, rel=1e-9)
    assert heavy.largest_eta == pytest.approx(plain.largest_eta / 4, rel=1e-9)
    assert bn.fixed_points(HEAVY).problem == HEAVY


def test_best_rates_and_schedules_are_shorter_by_the_momentum():
    # A minimum is found to 1e-7 of log eta, where the error is flat to 1e-14.
    low, high = 0.05, 10.0
    plain = bn.best_learning_rate(PLAIN, time=3, low=low, high=high)
    heavy = bn.best_learning_rate(HEAVY, time=3, low=low / 4, high=high / 4)
    assert heavy.eta == pytest.approx(plain.eta / 4, rel=1e-5)
    assert heavy.error == pytest.approx(plain.error, rel=1e-9)
    one, other = (optimal_schedule(p, time=2, points=5).values for p in (PLAIN, HEAVY))
    np.testing.assert_allclose(other["eta"], one["eta"] / 4, rtol=1e-9)
    np.testing.assert_allclose(other["eta_eff"], one["eta_eff"], rtol=1e-9)


def test_the_scatter_is_that_of_the_limit_and_the_shift_is_not_predicted():
    heavy, plain = (bn.fluctuations(p, times=[0.0, 2.0]) for p in (HEAVY, PLAIN))
    np.testing.assert_allclose(heavy.covariance, plain.covariance, rtol=1e-12)
    assert np.isnan(heavy.mean_shift(1000)["R"]).all()
    # 400 runs resolve a spread to 3.5%; 4 of these, and 3% for terms of 1/N.
    runs = bn.simulate(HEAVY, dim=1000, runs=400, times=[0.0, 2.0], seed=5)
    for name in ("Q", "R", "L"):
        assert runs.std[name][-1] == pytest.approx(heavy.std(1000)[name][-1], rel=0.17)


def test_equations_say_what_their_learning_rate_is():
    text = bn.derive(HEAVY.replace(decoupled_decay=True)).text()
    assert "eta is the learning rate / (1 - momentum), momentum = 0.75" in text
    assert "lambda is lambda (1 - momentum)" in text
    assert "momentum" not in bn.derive(PLAIN).text()
