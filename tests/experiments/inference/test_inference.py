"""`inference`: its keys, its refusals, what does not exist, and its picture."""

import json
import math
from dataclasses import replace

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.inference import lag
from bntheory.experiments.inference.deployed import Deployment
from bntheory.experiments.inference.inference import MOMENTA, SIZES
from bntheory.odes.tables.running_law import RunningLaw
from command import call

STATE = {"at_q": 0.9, "at_r": 0.95}
SMALL = ["--activation", "identity", "--batch-size", "8"]


def test_json_has_the_keys_of_the_interface(monkeypatch, capfd):
    arguments = [*SMALL, "--at-q", "0.9", "--at-r", "0.95", "--running-momentum", "0.3", "--json"]
    assert call(monkeypatch, "inference", *arguments) == 0
    found = json.loads(capfd.readouterr().out)
    for name in ("error", "zero_one", "best_gamma"):
        assert list(found[name]) == ["own_batch", "population", "running"]
    assert list(found["moments"]) == ["tau", "v_half", "v_one"]
    assert list(found["gap"]) == ["population", "running"]
    assert (found["Q"], found["R"], found["running_momentum"]) == (0.9, 0.95, 0.3)
    assert found["statistics_size"] == found["problem"]["batch_size"] == 8
    assert found["error"]["population"] == pytest.approx((0.81 - 2 * 0.9 * 0.95 + 1) / 2)


def test_without_a_state_it_is_that_of_the_flow():
    problem = bn.Problem("identity", batch_size=8)
    flow, found = bn.integrate(problem, time=5.0), bn.inference(problem, time=5.0)
    # Two and 101 stored times: the same steps, interpolated to 1e-8.
    assert abs(found.Q - flow.Q[-1]) < 1e-7
    assert abs(found.R - flow.R[-1]) < 1e-7
    # The flow's error is that with population statistics.
    assert found.error["population"] == pytest.approx(flow.error[-1], abs=1e-7)


def test_what_is_infinite_is_null():
    three = bn.inference(bn.Problem("relu", batch_size=3), running_momentum=1.0, **STATE)
    assert three.moments["v_one"] is three.error["running"] is three.std is None
    assert three.best_gamma["running"] is three.gap["running"] is None
    assert math.isfinite(three.error["own_batch"])
    assert json.loads(three.to_json())["error"]["running"] is None
    # A squared error holds V^-2, which has a mean from m = 6 on.
    assert bn.inference(bn.Problem("relu", batch_size=5), running_momentum=1, **STATE).std is None
    six = bn.inference(bn.Problem("relu", batch_size=6), running_momentum=1, **STATE)
    assert math.isfinite(six.std)
    # A bounded activation has an error whatever the spread.
    bounded = Deployment(bn.Problem("erf", batch_size=3), RunningLaw(3, 1.0), 0.95)
    assert None not in (bounded.curves["running"].error(0.9), bounded.scatter(0.9))


@pytest.mark.parametrize(
    ("problem", "options", "named"),
    [
        ({"scheme": "wn"}, STATE, "scheme='wn': it has no batch statistics"),
        ({"scheme": "gamma*(a - mu)/sqrt(sigma)"}, STATE, "scheme=.*the field must be"),
        ({"running_rate": 2.0}, STATE, "at_q=0.9: .*with a running_momentum"),
        ({"running_rate": 0.0}, {}, "running_rate=0.0"),
        ({"train_beta": True}, STATE, "train_beta=True"),
        ({"activation": "exp(h)"}, STATE, r"activation='exp\(h\)': it grows too fast"),
        ({}, {**STATE, "running_momentum": 0.0}, "running_momentum=0.0"),
        ({}, {**STATE, "running_momentum": 1.5}, "running_momentum=1.5"),
        ({}, {**STATE, "running_momentum": math.nan}, "running_momentum=nan"),
        ({}, {"at_q": 0.9}, "at_q=0.9: accepted together with at_r"),
        ({}, {"at_r": 0.9}, "at_r=0.9: accepted together with at_q"),
        ({}, {"at_q": 0.9, "at_r": 1.2}, "at_r=1.2"),
        ({}, {"at_q": math.inf, "at_r": 0.2}, "at_q=inf"),
        ({"activation": "identity"}, {"time": -1.0}, "time=-1.0"),
    ],
)
def test_bad_input_is_named(problem, options, named):
    with pytest.raises(ValueError, match=named):
        bn.inference(bn.Problem(**problem), **options)


def test_a_flow_without_an_end_is_refused(monkeypatch):
    problem = bn.Problem("identity", batch_size=8)
    ended = replace(bn.integrate(problem, time=1.0), status="diverged", message="diverged at t = 1")
    monkeypatch.setattr(lag, "solve", lambda *_, **__: ended)
    with pytest.raises(ValueError, match=r"time=50.*diverged at t = 1"):
        bn.inference(problem, time=50.0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--running-momentum", "2"], "--running-momentum=2.0"),
        (["--at-q", "1"], "--at-q=1.0"),
        (["--scheme", "sgd"], "--scheme='sgd'"),
        (["--runs", "4"], "--runs=4: accepted with --over-time"),
        (["--over-time", "--at-q", "1"], "--at-q=1.0: accepted without --over-time"),
        (["--over-time", "--runs", "1"], "--runs=1"),
    ],
)
def test_the_command_ends_with_2_and_names_the_option(arguments, named, monkeypatch, capfd):
    assert call(monkeypatch, "inference", *arguments) == 2
    assert named in capfd.readouterr().err


def test_the_picture_shows_the_errors_of_the_state():
    found = bn.inference(bn.Problem("identity", batch_size=8), **STATE)
    lines = {line.get_label(): line for line in found.plot().axes[0].lines}
    assert len(lines) == 2 + len(MOMENTA)
    at = SIZES.index(8)
    own = lines["training mode: own batch"]
    assert (own.get_xdata() == SIZES).all()
    assert own.get_ydata()[at] == found.error["own_batch"]
    assert lines[r"running statistics, $\rho$ = 0.1"].get_ydata()[at] == found.error["running"]
    assert set(lines["population statistics"].get_ydata()) == {found.error["population"]}
    assert np.isfinite(found.by_size.running[1.0]).all()  # the smallest size has a v_one
