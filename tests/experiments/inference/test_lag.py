"""Running statistics that lag behind the weights, and errors over time."""

import itertools
import json
import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.inference.lag import lagging, updating_rate
from command import call

#: Grows by a fifth within a unit of time.
GROWING = bn.Problem("identity", batch_size=8, eta=6.0, running_rate=0.5, noise=0.1)
TIMES = [0.0, 0.7, 1.9, 4.0]
#: 3 errors x 3 times at 4.5 standard errors of a t law with 47 degrees: false-alarm rate 4e-4.
WORST, RUNS = 4.5, 48


@pytest.mark.parametrize("rate", [0.03, 1.7, 300.0])
def test_the_variance_solves_its_equation(rate):
    # Steps of dV/dt = r (L^2 - V) that are exact for L^2 linear in a step: they leave (1e-3)^2.
    t = np.linspace(0, 4, 4001)
    L2 = bn.integrate(GROWING, times=t).L ** 2
    V, by_hand = L2[0], [L2[0]]
    for low, high in itertools.pairwise(L2):
        late = (high - low) / 1e-3 / rate
        V = high - late + (V - low + late) * math.exp(-rate * 1e-3)
        by_hand.append(V)
    found = lagging(GROWING, rate, np.array(TIMES)).variance
    np.testing.assert_allclose(found, np.interp(TIMES, t, by_hand), rtol=2e-6)


def test_every_group_is_an_update():
    groups = GROWING.replace(batch_size=24, statistics_size=8)
    assert updating_rate(groups) == 3 * updating_rate(GROWING) == 1.5
    fixed = groups.replace(running_rate=None, running_momentum=0.01)
    assert updating_rate(fixed) is None
    assert updating_rate(fixed, dim=1000) == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("changes", "dim", "engine"),
    [
        ({}, 4000, "chain"),
        ({"running_rate": 3.0, "batch_size": 12, "statistics_size": 6, "eta": 4.0}, 2000, "chain"),
        ({"running_rate": None, "running_momentum": 0.23}, 2000, "chain"),
        ({"running_rate": None, "running_momentum": 0.01}, 1000, "chain"),
        ({"running_rate": 1.1}, 250, "vectors"),
        pytest.param({"activation": "relu", "running_rate": 0.8}, 4000, "chain",
                     marks=pytest.mark.slow),
        pytest.param({"activation": "tanh", "scheme": "mean-only-bn", "running_rate": None,
                      "running_momentum": 0.3}, 4000, "chain", marks=pytest.mark.slow),
        pytest.param({"activation": "relu", "scheme": "var-only-bn", "running_rate": 0.8,
                      "batch_size": 16}, 4000, "chain", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_errors_over_time_are_those_of_runs(changes, dim, engine):
    problem = GROWING.replace(**changes)
    found = bn.inference_over_time(problem, times=TIMES, dim=dim, runs=RUNS, engine=engine, seed=2)
    assert found.max_abs_z < WORST
    assert np.isfinite(found.measured["running"].z[1:]).all()


def test_wrong_laws_are_seen():
    # The runs' deployed error against statistics that do not lag; that lag at half and at twice the
    # rate; and those of one update a step where there are three.
    problem = GROWING.replace(batch_size=24, statistics_size=8)
    found = bn.inference_over_time(problem, times=TIMES, dim=4000, runs=RUNS, seed=2)
    measured = found.measured["running"]
    assert np.abs(measured.z[1:]).max() < WORST

    def apart(rate):
        other = problem.replace(running_rate=rate)
        theory = bn.inference_over_time(other, times=TIMES).running
        return np.abs((measured.mean - theory)[1:] / measured.sem[1:]).max()

    assert apart(1e4) > 2 * WORST
    assert min(apart(2 * 0.5), apart(0.5 / 2), apart(0.5 / 3)) > 2 * WORST


def test_fast_statistics_do_not_lag_and_slow_ones_stay():
    settled = bn.inference(GROWING.replace(running_rate=1e6), time=3.0)
    assert settled.error["running"] == pytest.approx(settled.error["population"], rel=1e-5)
    stays = bn.inference(GROWING.replace(running_rate=1e-9), time=3.0)
    flow = bn.integrate(GROWING, times=[0.0, 3.0])
    assert stays.moments["v_half"] == pytest.approx(flow.L[-1], rel=1e-7)
    assert stays.moments["v_one"] == pytest.approx(flow.L[-1] ** 2, rel=1e-7)
    # By hand: a deployed scale that is too large by L / sqrt(V).
    Q, R, times = stays.Q * flow.L[-1], stays.R, stays.moments["v_half"]
    assert stays.error["running"] == pytest.approx((1 - 2 * Q * R + Q**2) / 2, rel=1e-7)
    assert stays.best_gamma["running"] == pytest.approx(R / times, rel=1e-9)
    assert (stays.std, stays.running_momentum, stays.running_rate) == (0.0, 0.0, 1e-9)


def test_at_its_end_it_is_inference():
    curves = bn.inference_over_time(GROWING, times=[0.0, 2.5])
    found = bn.inference(GROWING, time=2.5)
    for name, error in found.error.items():
        assert curves.values[name][-1] == pytest.approx(error, rel=1e-6)
    assert curves.max_abs_z is None


def test_the_command_tells_curves_and_runs(monkeypatch, capfd):
    line = ["--activation", "identity", "--batch-size", "8", "--running-rate", "2", "--over-time"]
    more = ["--time", "1", "--points", "3", "--runs", "4", "--dim", "50", "--json"]
    assert call(monkeypatch, "inference", *line, *more) == 0
    found = json.loads(capfd.readouterr().out)
    assert len(found["t"]) == len(found["variance"]) == len(found["running"]) == 3
    assert found["measured"]["running"]["z"][0] is None  # nothing scatters at the start
    assert found["max_abs_z"] > 0


@pytest.mark.parametrize(
    ("problem", "options", "named"),
    [
        ({"scheme": "wn"}, {}, "scheme='wn'"),
        ({}, {"runs": 1}, "runs=1"),
        ({"running_rate": 90.0}, {"runs": 2, "dim": 50}, "running_rate=90.0: .*at most N"),
        ({}, {"engine": "abacus", "runs": 2}, "engine='abacus'"),
        ({"scheme": "tracked", "running_rate": 1.0}, {}, "scheme='tracked'"),
    ],
)
def test_bad_input_is_named_over_time(problem, options, named):
    with pytest.raises(ValueError, match=named):
        bn.inference_over_time(bn.Problem(**problem), **options)


def test_flows_with_running_statistics_know_no_rate():
    problem = bn.Problem("identity", "tracked", batch_size=8, running_rate=1.0)
    with pytest.raises(ValueError, match=r"running_rate=1.0: .*a fixed running_momentum"):
        bn.integrate(problem)
