"""Flows go on from one table to the next, and say so where there is none."""

import warnings

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.tables.regions import Region, middle, region_of, widened
from command import call
from hypothesis import given
from hypothesis import strategies as st

EXACT = ("bn", "mean-only-bn", "var-only-bn")


@given(st.booleans(), st.floats(-25, 8), st.floats(-30, 30))
def test_every_region_holds_what_it_was_chosen_for(singular, log_scale, shift):
    scale = float(np.exp(log_scale))
    found = region_of(singular, scale, shift)
    if found is None:
        assert scale > 2900 or abs(shift) > 33  # the largest region ends at 3072
    else:
        assert found.holds(scale, shift, margin=0.01)


@pytest.mark.parametrize("singular", [False, True])
def test_a_flow_that_leaves_a_region_finds_itself_inside_of_another(singular):
    region, passed = middle(singular), 0
    while region is not None and passed < 10:
        beyond = region_of(singular, region.high, 0.0)
        assert beyond != region
        region, passed = beyond, passed + 1
    assert passed > 4
    region, passed = middle(singular), 0
    while region.low > 0:
        region, passed = region_of(singular, region.low, 0.0), passed + 1
    assert passed == (3 if singular else 0)


def test_one_table_serves_a_flow_and_its_fluctuations():
    assert widened(False, 1.0) == middle(False)
    assert widened(True, 1.0) == middle(True) == Region(0.1, 3.0)


CASES = [
    ("bn", "tanh", 8, 60.0),
    pytest.param("bn", "softplus", 64, 20.0, marks=pytest.mark.slow),
    pytest.param("mean-only-bn", "erf", 16, 5.0, marks=pytest.mark.slow),
    ("var-only-bn", "tanh", 9, 0.02),
    pytest.param("var-only-bn", "sigmoid", 12, 5.0, marks=pytest.mark.slow),
    ("mean-only-bn", "tanh", 16, 0.003),
]


@pytest.mark.parametrize(("scheme", "activation", "M", "gamma"), CASES)
def test_outside_of_the_middle_flow_sweep_and_chain_agree(scheme, activation, M, gamma):
    problem = bn.Problem(scheme=scheme, activation=activation, batch_size=M, q0=gamma, r0=-0.5,
                         l0=max(1.0, gamma) ** 0.5, noise=0.1)  # fmt: skip
    flow = bn.integrate(problem, time=2.0, points=3)
    assert flow.status == "complete"
    twin = bn.sweep(problem, eta=[problem.eta], time=2.0)
    for name in ("Q", "R", "L", "error"):
        # Both within 1e-8 a step of the same solution.
        assert flow.values[name][-1] == pytest.approx(twin[f"final_{name}"].item(), rel=1e-6)
    runs = bn.simulate(problem, dim=20_000, runs=24, time=2.0, points=3)
    for name in ("Q", "R", "L"):
        # Shifts of order 1/N are far below; Student's law of 23 degrees at 1e-5: 5.6.
        off = np.abs(flow.values[name] - runs.mean[name])[1:]
        assert np.all(off < 6.0 * runs.sem[name][1:] + 2e-5 * np.abs(flow.values[name][1:]))


def test_passages_are_watched_across_regions():
    problem = bn.Problem(activation="tanh", batch_size=8, q0=4.0, eta=20.0, l0=3.0)
    grid = bn.sweep(problem, time=[40.0], quantity="time-to:0.1,plateau,final-Q")
    assert grid["final_Q"].item() < 3.0  # it came into the middle from outside
    fine = bn.integrate(problem, time=40.0, points=20_001)
    first = fine.t[np.argmax(fine.error <= 0.1)]
    assert grid["time_to_0_1"].item() == pytest.approx(first, abs=0.002)  # a step of the times
    falls = [fine.t[np.argmax(fine.error <= fine.error[0] * 0.9**k)] for k in range(1, 60)]
    reached = [t for t in falls if t > 0]
    assert grid["plateau"].item() == pytest.approx(np.diff([0, *reached]).max(), abs=0.02)


def test_where_no_moments_are_known_the_status_says_so(monkeypatch, capsys):
    problem = bn.Problem(scheme="wn", activation="sin(h)", q0=500.0)  # no rule resolves it
    with pytest.warns(bn.DivergenceWarning, match="scale 500"):
        flow = bn.integrate(problem, time=1.0, points=3)
    assert (flow.status, flow.t.tolist(), flow.R.tolist()) == ("outside-tables", [0.0], [0.2])
    grid = bn.sweep(problem, q0=[1.0, 500.0], time=1.0)
    assert grid["status"].values.tolist() == [1, 2]
    assert "outside-tables" in grid["message"].values[1]
    assert np.isnan(grid["diverged"].values[1])
    found = bn.fixed_points(problem)
    assert found.ending == "outside-tables"
    assert "range in which its moments are known" in found.summary()
    status = call(monkeypatch, "integrate", "--scheme", "wn", "--activation", "sin(h)", "--q0",
                  "500", "--time", "1", "--quiet")  # fmt: skip
    assert status == 0
    assert "scale 500" in capsys.readouterr().err


def test_moments_that_become_infinite_end_a_flow_as_outside():
    # var-only-bn with tanh at M = 5: E[1/s^6] is infinite, and gamma = 0 cannot be passed.
    problem = bn.Problem(scheme="var-only-bn", activation="tanh", batch_size=5, q0=0.5, r0=-0.9,
                         eta=2.0)  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bn.DivergenceWarning)
        flow = bn.integrate(problem, time=20.0)
    assert flow.status in ("complete", "outside-tables")
    assert all(np.isfinite(values).all() for values in flow.values.values())


@pytest.mark.parametrize("scheme", ["sgd", "wn"])
def test_a_fast_flow_is_no_divergence(scheme):
    # Rates of 1e16: steps are small against the time, not against 1.
    problem = bn.Problem(scheme=scheme, q0=600.0, l0=1e-3, eta=0.006, batch_size=19, r0=-1.0)
    if scheme == "sgd":
        problem = bn.Problem(scheme=scheme, q0=1e-4, eta=1e4, batch_size=10**6, r0=0.5, noise=1.0)
    flow = bn.integrate(problem, time=1e-6, points=3)
    assert flow.status == "complete"


def test_the_effective_rate_under_a_schedule_is_that_at_the_end():
    problem = bn.Problem(scheme="wn", eta="1/(1+t)")
    grid = bn.sweep(problem, time=[3.0, 5.0], quantity="eta-eff")
    for time, found in zip([3.0, 5.0], grid["eta_eff"].values, strict=True):
        flow = bn.integrate(problem, time=time, points=2)
        assert found == pytest.approx(flow.Q[-1] / flow.L[-1] ** 2 / (1 + time), rel=1e-7)


def test_a_diverged_flow_is_said_even_when_quiet(monkeypatch, capsys):
    argv = ["integrate", "--scheme", "sgd", "--eta", "10", "--quiet", "--time", "50"]
    assert call(monkeypatch, *argv) == 0
    assert capsys.readouterr().err.startswith("diverged at t = ")
    with pytest.warns(bn.DivergenceWarning, match="diverged at t = "):
        bn.integrate(bn.Problem(scheme="sgd", eta=10.0), time=50.0)


def test_a_sweep_that_diverged_says_so(monkeypatch, capsys):
    argv = ["sweep", "--scheme", "sgd", "--time", "50", "--quiet"]
    assert call(monkeypatch, *argv, "--eta", "10,20") == 0
    assert "2 of 2 grid points are complete, all of them diverged." in capsys.readouterr().out
    assert call(monkeypatch, *argv, "--eta", "0.1,20") == 0
    assert "2 of 2 grid points are complete, 1 of them diverged" in capsys.readouterr().out


def test_a_sweep_over_nothing_is_refused(monkeypatch, capsys):
    assert call(monkeypatch, "sweep", "--time", "1") == 2
    said = capsys.readouterr().err
    assert "no range" in said
    assert "--batch-size" in said
