"""Averages over the law of running statistics: against drawn averages and exact moments."""

import numpy as np
import pytest
from bntheory.odes.tables.running_law import RunningLaw
from bntheory.odes.tables.running_numbers import (
    NODES,
    corrected_numbers,
    gauss_rule,
    tracked_numbers,
)
from bntheory.odes.tables.running_rule import variance_rule
from ema import draw_running, within

#: Examples, momentum, clips of r and d: odd numbers.
CLIPPED = [(8, 0.1, 1.3, 0.4), (5, 0.5, 2.0, 0.2), (4, 1.0, 3.0, 5.0), (6, 0.3, 1e6, 1e6)]


@pytest.mark.parametrize(("m", "rho", "r_max", "d_max"), CLIPPED)
def test_averages_of_r_and_d_are_those_of_drawn_batches(m, rho, r_max, d_max):
    # 16 means, each within 4.5 standard errors.
    rng, count = np.random.default_rng(3), 200_000
    mean, variance = draw_running(m, rho, count, rng)
    u = rng.standard_normal((count, m))
    ubar, s, root = u.mean(axis=1), u.std(axis=1), np.sqrt(variance)
    r = np.clip(s / root, 1 / r_max, r_max)
    d = np.clip((ubar - mean) / root, -d_max, d_max)
    drawn = (r * s + d * ubar, r**2 + d**2, r / s, (r / s) ** 2)
    for sample, value in zip(
        drawn, corrected_numbers(RunningLaw(m, rho), r_max, d_max), strict=True
    ):
        assert within(sample, value)


def test_without_corrections_they_are_those_of_batch_normalisation():
    pull, square, turn, spreading = corrected_numbers(RunningLaw(9, 0.2), 1.0, 0.0)
    s = np.random.default_rng(0).standard_normal((400_000, 9)).std(axis=1)
    assert square == pytest.approx(1.0, abs=1e-9)
    assert spreading == pytest.approx(9 / 6, rel=1e-9)  # E[1/s^2] = m/(m - 3)
    assert within(s, pull)
    assert within(1 / s, turn)


def test_unclipped_they_are_inverse_moments():
    law = RunningLaw(7, 0.25)
    half, one = law.inverse_moment(0.5), law.inverse_moment(1.0)
    expected = [half, (1 + law.tau) * one, half, one]
    np.testing.assert_allclose(corrected_numbers(law, 1e5, 1e5), expected, rtol=1e-8)


@pytest.mark.parametrize(("m", "rho"), [(2, 0.1), (8, 0.05), (5, 0.7), (4, 0.95), (30, 1e-8)])
def test_the_rule_of_tracked_statistics_has_the_inverse_moments(m, rho):
    law = RunningLaw(m, rho)
    tau, *rule = tracked_numbers(law, 2.0)
    roots, weights = np.split(np.array(rule), 2)
    assert tau == law.tau
    for power in (0.5, 1.0, 1.5, 2.0):
        average = weights @ roots ** (2 * power)
        assert average == pytest.approx(law.inverse_moment(power), rel=1e-8)


@pytest.mark.parametrize(("m", "rho"), [(3, 0.2), (8, 0.9)])  # variances up to 0.25
def test_the_rule_averages_what_is_no_polynomial_to_1e_5(m, rho):
    law = RunningLaw(m, rho)
    V, weight = variance_rule(law, 2.0)
    roots, weights = np.split(tracked_numbers(law, 2.0)[1:], 2)
    x, own = np.polynomial.hermite_e.hermegauss(60)

    def pull(root):
        g = np.tanh(np.multiply.outer(root, 2.0 * x))
        return root * ((np.tanh(0.8 * x) - g) * (1 - g**2) * x @ own) / own.sum()

    assert weights @ pull(roots) == pytest.approx(weight @ pull(V**-0.5), abs=1e-5)


def test_a_law_of_few_values_is_its_own_rule():
    nodes, weights = gauss_rule(np.array([1.0, 3.0]), np.array([0.25, 0.75]), NODES)
    np.testing.assert_allclose(nodes[:2], [1.0, 3.0])
    np.testing.assert_allclose(weights, [0.25, 0.75, 0, 0, 0, 0], atol=1e-15)
