"""`bn.fit`: planted numbers come back within their standard errors, wrong ones do not."""

import bntheory as bn
import numpy as np
import pytest
from scipy.stats import chi2

LINEAR = bn.Problem("identity", scheme="wn", zeta=0.3, noise=0.1)
TIMES = np.linspace(0.25, 8.0, 16)
#: Where a chi-square of one or two degrees of freedom lies with probability 1e-3 beyond.
LIMITS = {k: chi2.isf(1e-3, k) for k in (1, 2)}


def distance(found, truth):
    """How far the estimates are from the truth, as a chi-square."""
    off = found.estimates - np.asarray(truth)
    return float(off @ np.linalg.solve(found.covariance, off))


def test_gamma_decay_and_rate_come_back_from_runs():
    # N = 4000: what runs differ from the flow by, 1/N, is below a tenth of a standard error.
    runs = bn.simulate(LINEAR, dim=4000, runs=32, times=TIMES, seed=5)
    found = bn.fit(LINEAR.replace(zeta=0.1, eta=0.4), runs, over=["zeta", "eta"])
    assert found.status == "complete"
    assert found.from_runs
    assert distance(found, [0.3, 0.5]) < LIMITS[2]
    # A fit to a problem with another noise is no fit of these runs.
    wrong = bn.fit(LINEAR.replace(zeta=0.1, gamma_rate=1.3), runs, over=["zeta", "eta"])
    assert distance(wrong, [0.3, 0.5]) > 10 * LIMITS[2]


def test_standard_errors_are_the_scatter_of_estimates():
    # Independent errors of known size: 40 fits scatter by what each says of itself.
    flow = bn.integrate(LINEAR, times=TIMES)
    rng, found = np.random.default_rng(1), []
    for _ in range(40):
        table = {
            "t": TIMES,
            "R": flow.R + 0.01 * rng.standard_normal(16),
            "R_sem": np.full(16, 0.01),
        }
        found.append(bn.fit(LINEAR.replace(zeta=0.2), table, over="zeta", quantity="R"))
    squares = [distance(each, [0.3]) for each in found]
    # The sum is chi-square of 40 degrees of freedom; both tails at 5e-4.
    assert chi2.isf(1 - 5e-4, 40) < sum(squares) < chi2.isf(5e-4, 40)


def test_without_standard_errors_the_residuals_say_how_large_they_are():
    flow, rng = bn.integrate(LINEAR, times=TIMES), np.random.default_rng(2)
    noisy = flow.Q + 0.003 * rng.standard_normal(16)
    plain = bn.fit(LINEAR.replace(zeta=0.2), {"t": TIMES, "Q": noisy}, over="zeta")
    told = {"t": TIMES, "Q": noisy, "Q_sem": np.full(16, 0.003)}
    known = bn.fit(LINEAR.replace(zeta=0.2), told, over="zeta")
    # A sample's variance of 15 degrees of freedom: within a factor of 2 at 1e-3.
    assert 0.5 < plain.standard_errors[0] / known.standard_errors[0] < 2.0
    assert plain.estimates[0] == pytest.approx(known.estimates[0], rel=1e-6)


@pytest.mark.slow
def test_a_parameter_of_the_activation_is_fitted_with_kernels_compiled_once():
    from bntheory.odes.flow.shared_kernels import shared_kernels

    truth = bn.Problem("tanh(c*h)", "wn", noise=0.1, parameters={"c": 1.3})
    assert shared_kernels(truth, {}) == shared_kernels(truth.replace(c=0.7), {})
    runs = bn.simulate(truth, dim=2000, runs=24, times=TIMES, seed=3)
    found = bn.fit(truth.replace(c=1.0), runs, over=["c"])
    assert distance(found, [1.3]) < LIMITS[1]
    assert found.problem.parameters["c"] == found.estimates[0]
    assert found.plot("one").axes


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"over": ["nought"]}, r"^over='nought': one of eta, gamma_rate"),
        ({"over": []}, r"^over=\[\]"),
        ({"over": "batch_size"}, r"^over='batch_size'"),
        ({"data": 3}, r"^data='int': runs of bntheory.simulate"),
        ({"data": {"R": [1.0]}}, r"^data=\['R'\]"),
        ({"data": {"t": [0.0, 1.0], "R": [1.0]}}, r"^data="),
        ({"data": {"t": [1.0, 0.0], "R": [1.0, 1.0]}}, r"increase"),
        ({"data": {"t": [1.0], "R": [0.3]}}, r"^data='1 points'"),
        ({"quantity": "Q"}, r"^quantity='Q'"),
        # Three points of R do not tell seven numbers.
        ({"over": ["noise", "q0", "r0", "l0", "eta", "zeta", "gamma_rate"]}, r"^data=|^over="),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, said):
    data = {"t": [0.5, 1.0, 2.0], "R": [0.25, 0.3, 0.4]}
    given = {"data": data, "over": ["zeta"], **change}
    with pytest.raises(ValueError, match=said):
        bn.fit(LINEAR, given.pop("data"), **given)
