"""The law of running statistics: against drawn averages, chi-square laws and QUADPACK."""

import math

import numpy as np
import pytest
from bntheory.odes.tables import running_law
from bntheory.odes.tables.running_law import RunningLaw
from bntheory.odes.tables.running_rule import variance_rule
from ema import draw_running, within
from scipy.integrate import quad

SETS = [(8, 0.1), (6, 0.3), (5, 0.77)]


@pytest.mark.parametrize(("m", "rho"), SETS)
def test_moments_are_those_of_drawn_averages(m, rho):
    # 3 sets x 5 means at 4.5 standard errors: false-alarm rate 1e-4.
    law, (mean, V) = RunningLaw(m, rho), draw_running(m, rho, 25_000, np.random.default_rng(m))
    assert within(mean**2, law.tau)
    assert within(V, 1.0)
    assert within((V - 1) ** 2, law.variance)
    assert within(V**-0.5, law.inverse_moment(0.5))
    assert within(V**-1.0, law.inverse_moment(1.0))
    # What is wrong is seen: tau without 2 - rho, the biased variance, v taken as 1.
    assert not within(mean**2, rho / m)
    assert not within(V, (m - 1) / m)
    assert not within(V**-1.0, 1.0)
    assert not within(V**-0.5, 1.0)


@pytest.mark.parametrize(("m", "rho", "power"), [(4, 0.9, 1.0), (7, 0.13, 0.5), (3, 0.35, 2.0)])
def test_the_integral_to_its_stated_error(m, rho, power):
    # QUADPACK in s itself, which is asked for 1e-12, with twice as many terms; the law says 1e-9.
    weights = 2 * rho * (1 - rho) ** np.arange(80 / rho) / (m - 1)

    def product(s):
        return math.exp(-(m - 1) / 2 * np.log1p(s * weights).sum())

    near = quad(product, 0, 1, weight="alg", wvar=(power - 1, 0), epsrel=1e-12, epsabs=0)[0]
    far = quad(lambda s: s ** (power - 1) * product(s), 1, np.inf, epsrel=1e-11, limit=200)[0]
    expected = (near + far) / math.gamma(power)
    assert RunningLaw(m, rho).inverse_moment(power) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("m", [5, 9, 64])
def test_without_memory_it_is_a_chi_square(m):
    # By hand; the last bits are those of lgamma. The integral knows nothing of this.
    law = RunningLaw(m, 1.0)
    assert law.inverse_moment(1.0) == pytest.approx((m - 1) / (m - 3), rel=1e-13)
    for power in (0.5, 1.0):
        closed = law.inverse_moment(power)
        assert running_law._inverse_moment(law, power) == pytest.approx(closed, rel=1e-12)


def test_which_moments_exist():
    assert RunningLaw(3, 1.0).inverse_moment(1.0) is None
    assert RunningLaw(3, 1.0).inverse_moment(0.5) is not None
    assert RunningLaw(5, 1.0).inverse_moment(2.0) is None
    assert math.isfinite(RunningLaw(3, 0.99).inverse_moment(2.0))  # any memory makes it finite


@pytest.mark.parametrize("m", [2, 11, 256])
def test_long_memory_goes_on_where_the_product_ends(m, monkeypatch):
    # Both roads at one momentum; Euler and Maclaurin leave decay^7, 1e-13 here.
    rho = 0.0199
    series = [running_law._inverse_moment.__wrapped__(RunningLaw(m, rho), p) for p in (0.5, 1, 2)]
    monkeypatch.setattr(running_law, "FEW_TERMS", 0.0)
    product = [running_law._inverse_moment.__wrapped__(RunningLaw(m, rho), p) for p in (0.5, 1, 2)]
    monkeypatch.undo()
    assert series == pytest.approx(product, rel=1e-11)
    # To first order in the variance E V^-p = 1 + p (p + 1) Var V / 2, and 1 in the limit.
    tiny = RunningLaw(m, 1e-7)
    assert tiny.inverse_moment(1.0) - 1 == pytest.approx(tiny.variance, rel=1e-4)


@pytest.mark.parametrize(
    ("m", "rho"), [(2, 0.9), (2, 0.02), (3, 0.7), (4, 1.0), (8, 0.1), (31, 0.3), (256, 1e-3)]
)
def test_the_rule_has_the_moments_of_the_integral(m, rho):
    # The rule inverts the transform that the integral averages: 1e-13, or the last bits of a sum.
    law = RunningLaw(m, rho)
    powers = [p for p in (0.0, 0.5, 1.0, 2.0) if law.exists(p)]
    V, weight = variance_rule(law, powers[-1])
    for p in powers[1:]:
        assert weight @ V**-p == pytest.approx(law.inverse_moment(p), rel=1e-11)
    assert weight.sum() == pytest.approx(1.0, rel=1e-11)
    assert weight @ V == pytest.approx(1.0, rel=1e-11)
    assert weight @ (V - 1) ** 2 == pytest.approx(law.variance, rel=1e-9)
    assert np.log(weight @ np.exp(-2 * V)) == pytest.approx(
        law.log_laplace(np.array([2.0]))[0], rel=1e-11
    )
