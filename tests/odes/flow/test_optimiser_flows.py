"""Flows by optimisers beside SGD: against equations written by hand, and in known limits."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.codegen.chi_square import chi_square_below, kept_drift, kept_noise, mean_chi
from optimisers import hand_flow, kept, kept_closed
from optimisers import mean_chi as mean_length
from scipy import stats

TIMES = [0.0, 0.7, 2.1]
#: Odd numbers; one threshold, so that flows are compiled once.
WN = {"activation": "identity", "scheme": "wn", "eta": 1.3, "batch_size": 5, "noise": 0.23,
      "weight_decay": 0.17, "zeta": 0.06, "gamma_rate": 0.8, "q0": 0.44, "r0": 0.13,
      "l0": 0.9}  # fmt: skip
SGD = {"activation": "identity", "scheme": "sgd", "eta": 0.6, "noise": 0.3, "q0": 0.7, "r0": -0.2}
WAYS = [{"optimiser": "normalised"}, {"optimiser": "sign"}, {"optimiser": "adagrad-norm"},
        {"step_clip": 0.37}]  # fmt: skip


@pytest.mark.parametrize("degrees", [1.0, 2.0, 7.0, 200.0, 1e6 + 2])
def test_chances_of_a_chi_square_are_scipys(degrees):
    """1e-9 is the rounding of a head with exponents of 1e7."""
    for z in (-30.0, -4.0, -0.5, 0.0, 0.5, 4.0, 30.0, 1e3):
        x = max(1e-9, degrees + z * np.sqrt(2 * degrees))
        assert chi_square_below(degrees, x) == pytest.approx(stats.chi2.cdf(x, degrees), abs=1e-9)
    assert chi_square_below(degrees, 0.0) == 0.0
    assert chi_square_below(degrees, np.inf) == 1.0


def test_what_clipping_keeps_is_an_average_over_a_chi_square():
    for M, e, k, c in ((1, 0.9, 0.7, 0.2), (5, 1.3, 0.8, 0.6), (32, 1.1, 1.2, 5.0)):
        size = k * e / c
        found = kept_drift(M, size), kept_noise(M, size)
        assert found == pytest.approx(kept(M, e, k, c), abs=1e-9)
        assert found == pytest.approx(kept_closed(M, e, k, c), abs=1e-13)
        assert mean_chi(M) == pytest.approx(mean_length(M), rel=1e-13)
    huge = kept_drift(1e6, 1e6), kept_noise(1e6, 1e6) * 1e6
    assert huge == pytest.approx((mean_length(1e6) / 1e6, 1.0), rel=1e-9)


@pytest.mark.parametrize(
    "way",
    [pytest.param(w, marks=[pytest.mark.slow] * ("sign" in w.values())) for w in WAYS],
    ids=str,
)
def test_flows_are_those_written_by_hand(way):
    """Two solvers with steps of an error of 1e-9."""
    problem = bn.Problem(**WN, **way)
    flow, right = (
        bn.integrate(problem, times=TIMES, rtol=1e-9, atol=1e-11),
        hand_flow(problem, TIMES),
    )
    assert flow.status == "complete"
    for name in ("Q", "R", "L", *(["b2"] if problem.accumulates else [])):
        assert flow.values[name] == pytest.approx(right[name], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_flows_of_plain_students_are_those_written_by_hand(way):
    problem = bn.Problem(**SGD, batch_size=3, **way)
    flow, right = (
        bn.integrate(problem, times=TIMES, rtol=1e-9, atol=1e-11),
        hand_flow(problem, TIMES),
    )
    for name in ("R", "L"):
        assert flow.values[name] == pytest.approx(right[name], abs=1e-6)


@pytest.mark.slow
def test_single_examples_are_those_of_other_losses():
    """Of one example: normalised it is that of the absolute loss, clipped that of `clip`."""
    options = {"times": TIMES, "rtol": 1e-10, "atol": 1e-12}
    for way, loss in (({"optimiser": "normalised"}, {"loss": "absolute"}),
                      ({"step_clip": 0.37}, {"clip": 0.37})):  # fmt: skip
        found = bn.integrate(bn.Problem(**SGD, **way), **options)
        other = bn.integrate(bn.Problem(**SGD, **loss), **options)
        for name in ("R", "L"):
            assert found.values[name] == pytest.approx(other.values[name], abs=1e-7)


@pytest.mark.slow
def test_a_wide_threshold_clips_nothing():
    """Both flows have steps of an error of 1e-11."""
    options = {"times": TIMES, "rtol": 1e-11, "atol": 1e-12}
    wide = bn.integrate(bn.Problem(**WN, step_clip=1e6), **options)
    plain = bn.integrate(bn.Problem(**WN), **options)
    for name in ("Q", "R", "L"):
        assert wide.values[name] == pytest.approx(plain.values[name], abs=1e-9)


@pytest.mark.slow
def test_a_sum_of_gradients_is_known_for_any_loss_and_scheme():
    """At a small rate ``b2`` is 1 + t times the mean squared gradient."""
    relu = {"activation": "relu", "scheme": "bn", "batch_size": 8, "noise": 0.2}
    signs = {"activation": "identity", "scheme": "wn", "loss": "logistic", "labels": "sign"}
    for given in (relu, signs):
        problem = bn.Problem(**given, eta=1e-4, optimiser="adagrad-norm")
        flow = bn.integrate(problem, time=1, points=2)
        runs = bn.simulate(problem, dim=2000, runs=24, time=1, points=2)
        z = (runs.mean["b2"][-1] - flow.values["b2"][-1]) / runs.sem["b2"][-1]
        print(given["scheme"], flow.values["b2"][-1], "z", round(z, 2))
        assert abs(z) < 4
