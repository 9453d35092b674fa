"""Averages over corrected statistics of any activation: against drawn batches and a finer rule."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.tables.corrected_rule import Nodes, corrected_rule
from bntheory.odes.tables.corrected_table import FINER, CorrectedMoments
from bntheory.odes.tables.running_law import RunningLaw
from bntheory.odes.tables.running_numbers import corrected_numbers
from ema import draw_running
from reference import ACTIVATIONS

#: Activation, m, rho, clips of r and d, scale, overlap: odd numbers.
SETS = [
    ("relu", 8, 0.1, 1.3, 0.4, 1.0, 0.6),
    ("relu", 5, 0.5, 1.1, 0.2, 1.0, -0.9),
    pytest.param("erf", 6, 0.3, 50.0, 70.0, 0.9, -0.3, marks=pytest.mark.slow),
    pytest.param("tanh", 5, 0.6, 1.1, 0.2, 1.4, 0.7, marks=pytest.mark.slow),
]


def drawn(activation, law, clips, q, R, count=60_000):
    """The seven numbers and their standard errors, from batches and the averages they find."""
    rng, (g, slope), m = np.random.default_rng(5), ACTIVATIONS[activation], law.m
    mean, V = draw_running(m, law.rho, count, rng)
    u, z, xi = rng.standard_normal((3, count, m))
    v = R * u + math.sqrt(1 - R**2) * z
    ubar, s = u.mean(axis=1), u.std(axis=1)
    r = np.clip(s / np.sqrt(V), 1 / clips[0], clips[0])
    d = np.clip((ubar - mean) / np.sqrt(V), -clips[1], clips[1])
    uhat = (u - ubar[:, None]) / s[:, None]
    x = r[:, None] * uhat + d[:, None]

    def across(signal):
        along = (signal * uhat).mean(axis=1, keepdims=True)
        return signal - signal.mean(axis=1, keepdims=True) - uhat * along

    pull = slope(q * x)
    teacher, student, noise = (across(pull * y) for y in (g(v), g(q * x), xi))
    sample = [(pull * y * x).mean(axis=1) for y in (g(v), g(q * x))]
    sample.append(r / s * (teacher * v).mean(axis=1))
    squares = (teacher**2, teacher * student, student**2, noise**2)
    sample += [(r / s) ** 2 * square.mean(axis=1) for square in squares]
    return np.mean(sample, axis=1), np.std(sample, axis=1) / math.sqrt(count)


def moments(activation, law, clips, q, R, *fine):
    own = bn.Problem(activation).activation_
    return CorrectedMoments(own, law, clips, *fine).at(math.acos(R), q)


@pytest.mark.parametrize(("activation", "m", "rho", "r_max", "d_max", "q", "R"), SETS)
def test_the_numbers_are_those_of_drawn_batches(activation, m, rho, r_max, d_max, q, R):
    # 4 sets x 7 numbers at 4.5 standard errors: false-alarm rate 2e-4. Batch normalisation is seen.
    law, clips = RunningLaw(m, rho), (r_max, d_max)
    mean, sem = drawn(activation, law, clips, q, R)
    found = moments(activation, law, clips, q, R)
    assert np.abs((found - mean) / sem).max() < 4.5
    plain = moments(activation, law, (1.0, 0.0), q, R)
    assert np.abs((plain - mean) / sem).max() > 9


def test_a_finer_rule_agrees():
    activation, m, rho, r_max, d_max, q, R = SETS[1]
    law, clips = RunningLaw(m, rho), (r_max, d_max)
    found = moments(activation, law, clips, q, R)
    np.testing.assert_allclose(found, moments(activation, law, clips, q, R, FINER), atol=1e-4)


@pytest.mark.parametrize(
    ("m", "rho", "r_max", "d_max"), [(8, 0.1, 1.3, 0.4), (5, 0.4, 3.0, 5.0), (6, 0.3, 1e6, 1e6)]
)
def test_the_rule_has_the_closed_averages_of_r_and_d(m, rho, r_max, d_max):
    # Those of the identity, by incomplete gamma functions; the rule leaves 1e-5.
    law = RunningLaw(m, rho)
    rule = corrected_rule(law, r_max, d_max, Nodes(8, 8, 6, 4))
    found = [rule.r * rule.s + rule.d * rule.ubar, rule.r**2 + rule.d**2, rule.r / rule.s,
             (rule.r / rule.s) ** 2]  # fmt: skip
    own = corrected_numbers(law, r_max, d_max)
    np.testing.assert_allclose(np.array(found) @ rule.weight, own, rtol=2e-5)
