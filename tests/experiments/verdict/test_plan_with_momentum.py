"""Plans of comparisons with momentum: by the largest deviation of the runs' own scatter."""

from dataclasses import replace

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.compare import judge
from bntheory.teacher_student.momentum import inertia

HEAVY = bn.Problem("identity", "wn", eta=0.05, momentum=0.9, noise=0.1)


def test_more_runs_or_a_larger_error_are_seen_more_often():
    found = bn.plan(HEAVY, 0.03, time=8, dims=[500, 2000])
    runs = int(found.runs["gamma"][1])
    power = found.power_of(runs, 2000)["gamma"]
    assert power == pytest.approx(0.9, abs=0.01)
    assert found.power_of(4 * runs, 2000)["gamma"] > 0.99
    # What the verdict allows for falls with N: more than N times runs decides.
    assert found.runs["gamma"][0] > 4 * found.runs["gamma"][1]
    assert found.power_of(4 * runs, 500)["gamma"] < 0.9
    larger = bn.plan(HEAVY, 0.06, time=8, dims=[2000])
    assert larger.runs["gamma"][0] < found.runs["gamma"][1] / 3
    assert "detect an error of 3%" in found.advice()
    # Without an error the probability is the level of the verdict.
    none = replace(found.signals["gamma"], deviation=0.0 * found.signals["gamma"].deviation)
    assert none.power(1e6, 1e9, 0.01) == pytest.approx(0.01, abs=0.002)
    assert none.power(32, 1000, 0.01) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("error", [0.03, 0.06])
def test_the_power_against_errors_of_the_drift_is_the_planned_one(error):
    # 100 comparisons of 32 runs: within 4.5 binomial standard errors, and 0.03 for what the
    # linear response and the normal law leave out.
    runs = bn.simulate(HEAVY, dim=1000, time=8, points=51, runs=100 * 32, seed=5)
    wrong = HEAVY.replace(gamma_rate=1 + error)
    flow = bn.integrate(wrong, times=runs.t, inertia=inertia(HEAVY, 1000))
    rejected = []
    for k in range(100):
        own = {n: values[k * 32 : (k + 1) * 32] for n, values in runs.values.items()}
        rejected.append(not judge(replace(runs, values=own), flow).agree)
    power = bn.plan(HEAVY, error, time=8, dims=[1000]).power_of(32, 1000)["gamma"]
    spread = np.sqrt(power * (1 - power) / 100)
    assert np.mean(rejected) == pytest.approx(power, abs=4.5 * spread + 0.03)
