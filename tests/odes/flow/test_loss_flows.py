"""Flows of other losses: limits, growth, and what they cost."""

import math

import bntheory as bn
import numpy as np
import pytest
from scipy import integrate, optimize, special

#: Logistic loss of separable labels.
SIGNS = {"activation": "identity", "loss": "logistic", "labels": "sign"}


@pytest.mark.parametrize(
    ("given", "loss"),
    [
        ({"activation": "identity", "scheme": "sgd", "noise": 0.3}, "huber:1e5"),
        pytest.param({"activation": "relu", "scheme": "wn"}, "huber:1e5", marks=pytest.mark.slow),
        pytest.param(
            {"activation": "identity", "scheme": "pn", "zeta": 0.2, "noise": 0.3},
            "(y - o)**2/2 + 0*y",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_wide_huber_loss_is_the_squared_one(given, loss):
    """Both flows have steps of an error of 1e-12: 1e-10 is what may add up."""
    options = {"time": 5, "points": 6, "rtol": 1e-12, "atol": 1e-13}
    squared = bn.integrate(bn.Problem(**given), **options)
    wide = bn.integrate(bn.Problem(**given, loss=loss), **options)
    for name in squared.values:
        assert wide.values[name] == pytest.approx(squared.values[name], abs=1e-10)


def growth(eta_over_B, normalised):
    """Product x of scale and angle, and the cube of the scale over time, eta = 1.

    With a scale c and an angle theta small as ``x / c``, moments are integrals over ``p = c y u``.
    """

    def G(x):
        return integrate.quad(
            lambda p: special.ndtr(p / x) * special.expit(-p) ** 2, -60, 60, points=[0]
        )[0]

    def H(x):
        return integrate.quad(
            lambda p: p * special.ndtr(p / x) * special.expit(-p), -60, 60, points=[0]
        )[0]

    def at_rest(x):  # x^2 = eta G/B, of a normalised student x^2 = sqrt(2 H eta G/B)
        if normalised:
            return x**4 - 2 * H(x) * eta_over_B * G(x)
        return x**2 - eta_over_B * G(x)

    x = optimize.brentq(at_rest, 1e-2, 10)
    rate = 6 / math.sqrt(2 * math.pi) * (H(x) + (0.0 if normalised else x * x / 2))
    return x, rate


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["sgd", "wn"])
def test_scale_and_angle_are_powers_of_time_without_logarithms(scheme):
    """Exponents 1/3 and -1/3 at t = 1e5: what is left of the corrections is below 0.002."""
    eta, B = 2.0, 4
    problem = bn.Problem(scheme=scheme, eta=eta, batch_size=B, **SIGNS)
    flow = bn.integrate(problem, times=[0, 5e4, 1e5])
    assert flow.status == "complete"
    angle = np.arccos(flow.R)
    doubled = {n: math.log2(v[-1] / v[-2]) for n, v in (("Q", flow.Q), ("angle", angle))}
    assert doubled == pytest.approx({"Q": 1 / 3, "angle": -1 / 3}, abs=2e-3)
    assert math.log2(flow.L[-1] / flow.L[-2]) == pytest.approx(1 / 3, abs=2e-3)
    x, rate = growth(eta / B, scheme == "wn")
    assert flow.Q[-1] * angle[-1] == pytest.approx(x, rel=1e-3)
    assert flow.Q[-1] == pytest.approx((rate * eta * 1e5) ** (1 / 3), rel=2e-3)
    assert flow.error01 == pytest.approx(angle / math.pi, abs=1e-12)


@pytest.mark.slow
def test_momentum_is_a_larger_rate_for_any_loss():
    given = {"scheme": "wn", **SIGNS}
    fast = bn.integrate(bn.Problem(eta=0.5, **given), time=3, points=4)
    heavy = bn.integrate(bn.Problem(eta=0.1, momentum=0.8, **given), time=3, points=4)
    late = bn.integrate(bn.Problem(eta=0.1, momentum=0.8, **given), time=3, points=4, inertia=1e5)
    assert pytest.approx(fast.R, abs=1e-9) == heavy.R
    assert pytest.approx(fast.R, abs=1e-3) == late.R


@pytest.mark.slow
def test_the_expected_loss_is_the_mean_over_labels():
    """Of the squared loss the error and half the noise; of a hinge a sample mean."""
    flow = bn.integrate(bn.Problem("relu", "wn", noise=0.1), time=1, points=2)
    assert bn.expected_loss(flow) == pytest.approx(flow.error + 0.05, abs=1e-12)
    flow = bn.integrate(bn.Problem("identity", "wn", loss="hinge", labels="sign"), time=1, points=2)
    rng = np.random.default_rng(5)
    u, z = rng.standard_normal((2, 400_000))
    y = np.sign(flow.R[-1] * u + math.sqrt(1 - flow.R[-1] ** 2) * z)
    drawn = np.maximum(0, 1 - y * flow.Q[-1] * u)
    apart = bn.expected_loss(flow)[-1] - drawn.mean()
    assert abs(apart) < 4 * drawn.std() / math.sqrt(drawn.size)
    heavy = bn.Problem("identity", "wn", loss="absolute", noise=0.1, noise_law="student-t:1")
    assert np.isinf(bn.expected_loss(bn.integrate(heavy, time=1, points=2))).all()


def test_hubers_expected_loss_keeps_its_digits_under_heavy_tails():
    # By 30 digits of mpmath, over the chi-square of Student's law; residuals of 1e20 belong to it.
    problem = bn.Problem("identity", "wn", loss="huber:0.7", noise=0.31, noise_law="student-t:1.3")
    flow = bn.integrate(problem, times=[0.0, 0.1])
    assert bn.expected_loss(flow)[0] == pytest.approx(1.18541983268180, rel=1e-8)
