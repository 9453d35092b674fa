"""Sweeps over committees: escape rates, plateaus and specialisation times."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError

TWO = bn.Problem("erf", "sgd", units=2, teacher_units=2, start="symmetric:0.03")
#: Escape rate over eta at small eta, K = T = 2 (theory page 10, equation 10.9).
RATE = 4 / (math.pi * math.sqrt(3) * 5**1.5)


def test_numbers_of_flows():
    asked = "escape-rate,specialisation-time,plateau,time-to:0.01,final-error,final-specialisation"
    found = bn.sweep(TWO, eta=[0.1, 1.0], time=150, quantity=asked)
    # The term of second order takes 1% of the rate at 0.1, with M = 1, and 10% at 1.
    assert found.escape_rate.values[0] == pytest.approx(0.1 * RATE, rel=0.02)
    assert 0.8 * RATE < found.escape_rate.values[1] < 0.95 * RATE
    assert np.isnan(found.specialisation_time.values[0])  # 0.1 needs longer
    flow = bn.integrate(TWO.replace(eta=1.0), time=150, points=3001)
    k = int(np.argmax(flow.specialisation >= 0.25))
    assert flow.t[k - 1] <= found.specialisation_time.values[1] <= flow.t[k] + 0.01
    falls = flow.error[0] * 0.9 ** np.arange(1, 200)
    falls = falls[falls > 1e-8]
    times = np.interp(np.log(falls), np.log(flow.error[::-1].clip(1e-9)), flow.t[::-1])
    assert found.plateau.values[1] == pytest.approx(np.diff(times).max(), rel=0.01)
    assert found.final_specialisation.values[1] == pytest.approx(flow.specialisation[-1], abs=1e-6)


def test_runs_specialise_when_the_flow_does():
    asked = {"quantity": "specialisation-time,diverged", "time": 100.0}
    flow = bn.sweep(TWO, eta=[1.0], **asked).specialisation_time.values
    found = bn.sweep(TWO, eta=[1.0], dim=4000, runs=6, simulate=True, **asked)
    times = found.specialisation_time.values[0]
    # Runs differ by the noise of 1/sqrt(4000) that the plateau amplifies: their mean is within
    # five standard errors, and of order 1/N of the flow.
    assert abs(times.mean() - flow[0]) < 5 * times.std(ddof=1) / math.sqrt(6) + 1.0
    assert (found.diverged.values == 0).all()


def test_defaults_are_those_of_committees():
    found = bn.sweep(TWO, eta=[1.0], time=1.0)
    assert set(found.data_vars) >= {"final_error", "final_specialisation", "specialisation_time"}


@pytest.mark.parametrize(
    ("problem", "quantity", "reason"),
    [
        (bn.Problem(), "escape-rate", "nothing to specialise"),
        (bn.Problem(), "specialisation-time", "nothing to specialise"),
        (TWO, "final-Q", "matrices"),
    ],
)
def test_what_there_is_not_is_refused(problem, quantity, reason):
    with pytest.raises(InputError, match=reason):
        bn.sweep(problem, eta=[0.1, 0.2], quantity=quantity)


def test_a_point_without_a_plateau_says_why():
    unequal = TWO.replace(second_layer=(1.0, 0.5))
    found = bn.sweep(unequal, eta=[0.3], time=0.1, quantity="escape-rate")
    assert "there is no plateau" in found.message.values[0]
