"""Flows of batch renormalisation with activations against the chain, and against `bn`."""

import bntheory as bn
import numpy as np
import pytest

DIM, RUNS, TIMES = 20_000, 24, [0.0, 1.0, 3.0]
#: 36 z-values in all at 4.5 standard errors of a t law with 23 degrees: a false alarm in 170.
WORST = 4.5
RELU = bn.Problem(
    "relu", "batch-renorm", eta=0.7, batch_size=8, running_momentum=0.02, r_max=1.3, d_max=0.4,
    noise=0.2, r0=0.4,
)  # fmt: skip
ODD = [
    RELU,
    RELU.replace(batch_size=20, statistics_size=5, running_momentum=0.4, r_max=2.0, d_max=0.2,
                 eta=1.1, weight_decay=0.3, r0=-0.2, q0=1.2),
    RELU.replace(activation="leaky-relu", batch_size=11, running_momentum=0.15, r_max=50.0,
                 d_max=60.0, eta=0.9),
    RELU.replace(activation="erf", q0=0.9, r0=0.3, batch_size=12, statistics_size=6),
    RELU.replace(activation="tanh", r_max=3.0, d_max=5.0, running_momentum=0.1, eta=0.9),
]  # fmt: skip
CASES = [
    pytest.param(p, id=f"{p.activation}-{k}", marks=[pytest.mark.slow] * (k > 0))
    for k, p in enumerate(ODD)
]


def deviations(runs, flow):
    """How many standard errors the runs' means are from a flow, of Q, R, L at the last times."""
    found = [np.abs(runs.mean[n] - flow.values[n])[1:] / runs.sem[n][1:] for n in ("Q", "R", "L")]
    return np.array(found)


@pytest.mark.parametrize("problem", CASES)
def test_the_flow_is_that_of_the_chain_with_an_activation(problem):
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=TIMES, seed=5)
    assert deviations(runs, bn.integrate(problem, times=TIMES)).max() < WORST
    # Batch normalisation, which corrects nothing, is seen.
    wrong = bn.integrate(problem.replace(scheme="bn"), times=TIMES)
    assert deviations(runs, wrong).max() > 2 * WORST


def test_without_corrections_it_is_the_flow_of_bn():
    # Both are tables; that of bn is shipped, and good to 1e-6 or better.
    plain = RELU.replace(scheme="bn")
    flows = [bn.integrate(p, times=TIMES)
             for p in (plain, RELU.replace(r_max=1.0, d_max=0.0))]  # fmt: skip
    for name in ("Q", "R", "L"):
        np.testing.assert_allclose(flows[0].values[name], flows[1].values[name], atol=2e-6)
    # Of either sign of gamma, whose field is that of the overlap's other sign.
    mirrored = bn.integrate(RELU.replace(r_max=1.0, d_max=0.0, r0=-0.4), times=TIMES)
    own = bn.integrate(plain.replace(r0=-0.4), times=TIMES)
    np.testing.assert_allclose(mirrored.R, own.R, atol=2e-6)


@pytest.mark.slow
def test_aligned_students_rest_where_the_flow_ends():
    quiet = RELU.replace(noise=0.0)  # with noise the flow nears R = 1 like a power of time
    (point,) = [p for p in bn.fixed_points(quiet).points if p.stable and p.Q > 0]
    flow = bn.integrate(quiet, time=60.0)
    assert pytest.approx((flow.Q[-1], flow.R[-1]), abs=1e-3) == (point.Q, point.R)


@pytest.mark.slow
def test_a_scale_beyond_the_table_is_said():
    with pytest.warns(bn.DivergenceWarning, match="range in which its moments are known"):
        flow = bn.integrate(ODD[4].replace(q0=3.5), time=1.0)
    assert flow.status == "outside-tables"
