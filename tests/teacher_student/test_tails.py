"""Averages of activations that grow quickly: followed far enough, or refused."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.derivation.gaussian_moments import Moment
from bntheory.odes.source.resolution import resolved_scale
from bntheory.results.errors import InputError
from bntheory.teacher_student.activations import Activation
from bntheory.teacher_student.formula_kernels import specialise
from bntheory.teacher_student.normal_quadrature import FINE, student_rule
from bntheory.teacher_student.tails import beyond, reach_of
from scipy.stats import norm


@pytest.mark.parametrize("c", [0.5, 1.0, 3.0, 6.0])
def test_a_tail_is_that_of_a_shifted_normal(c):
    exact = norm.sf(8.0 - c) + norm.sf(8.0 + c)  # exp(c u) moves the mean of u to c
    assert beyond(lambda u: np.exp(c * u), 8.0) == pytest.approx(exact, rel=0.1, abs=1e-14)


def test_an_average_that_does_not_exist_has_all_of_its_tail():
    assert beyond(lambda u: np.exp(u**2), 16.0) == 1.0


@pytest.mark.parametrize("formula", ["relu", "tanh", "gelu", "softplus", "h**3/6", "sin(h)"])
def test_usual_activations_end_where_the_density_does(formula):
    assert reach_of(Activation.named(formula)) == 8.0


@pytest.mark.parametrize("Q", [0.5, 1.0, 2.0, 4.0])
def test_errors_of_exponentials_are_their_closed_forms(Q):
    R = 0.3
    kernels = specialise(bn.Problem(activation="exp(h)", scheme="wn"), "observables")
    exact = 0.5 * (math.exp(2.0) - 2 * math.exp(0.5 * (1 + Q**2) + R * Q) + math.exp(2 * Q**2))
    assert kernels.test_error(0.0, Q, R) == pytest.approx(exact, rel=1e-8)


def test_within_the_usual_reach_they_are_not():
    # exp(2 Q u) at Q = 4 comes from about u = 8: half of it lies beyond.
    u, weight = student_rule(np.zeros(0), 0.0, 4.0, FINE)
    assert weight @ np.exp(8 * u) == pytest.approx(math.exp(32.0) / 2, rel=1e-3)


@pytest.mark.parametrize("c", [0.1, 0.3, 1.0])
def test_quadratures_of_a_flow_are_trusted_while_their_tails_are_within(c):
    # Without a closed form. E g^2 g'^2 grows like exp(4 c q u): what is missing is P(u > 8 - 4cq).
    activation = Activation.named(f"exp({c}*h)*erf(h)")
    scale = resolved_scale(activation, [Moment(2, 2, 0, 0, 0)])
    assert norm.sf(8.0 - 4 * c * scale) < 1e-7 < norm.sf(8.0 - 4 * c * 4 * scale)


def test_what_is_too_quick_for_its_own_teacher_is_refused():
    quick = bn.Problem(activation="exp(3*h)*erf(h)", scheme="wn")
    with pytest.raises(InputError, match=r"^activation='exp.*grows too quickly"):
        bn.integrate(quick, time=1.0)
    with pytest.raises(InputError, match=r"^activation='exp.*grows too quickly"):
        bn.simulate(bn.Problem(activation="exp(8*h)", scheme="wn"), time=1.0, dim=100, runs=2)


def test_flow_and_runs_of_an_exponential_agree():
    # Means only: squared increments of L are so seldom large that their scatter is not normal.
    problem = bn.Problem(activation="exp(h)", scheme="wn", eta=0.05, q0=0.5, noise=0.1)
    flow = bn.integrate(problem, times=[0.0, 1.0, 2.0])
    runs = bn.simulate(problem, times=[0.0, 1.0, 2.0], dim=20_000, runs=64, seed=3)
    for name in ("Q", "R", "error"):
        deviation = abs(runs.mean[name] - flow[name])[1:]
        assert np.all(deviation < 4 * runs.sem[name][1:])
