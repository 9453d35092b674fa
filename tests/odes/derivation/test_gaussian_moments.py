"""Closed forms against quadrature of the joint density, and against known special cases."""

import itertools
import math

import numpy as np
import pytest
import sympy
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.gaussian_moments import Moment, closed_form
from bntheory.odes.derivation.symbols import FIELD_STD, RHO, SHIFT
from bntheory.odes.derivation.wedge_moments import wedge_moment
from bntheory.teacher_student.activations import Activation
from bntheory.teacher_student.problem import Problem
from reference import ACTIVATIONS, gaussian_pair_mean

#: Every moment that the flow of a normalised student, or its error, asks for.
FLOW_MOMENTS = sorted(
    {
        *derive_drift(Problem(scheme="pn")).moments.values(),
        *derive_drift(Problem(scheme="sgd")).moments.values(),
        *(Moment(0, 0, 0, 2, 0), Moment(1, 0, 0, 1, 0), Moment(2, 0, 0, 0, 0)),
    }
)
CLOSED = ("relu", "leaky-relu", "identity", "erf")


def quadrature(activation, moment, q, rho):
    g, slope = ACTIVATIONS[activation]
    return gaussian_pair_mean(
        lambda u, v: (
            g(q * u) ** moment.g * slope(q * u) ** moment.slope * u**moment.u
            * g(v) ** moment.teacher * v**moment.v
        ),
        rho,
    )  # fmt: skip


@pytest.mark.parametrize("activation", CLOSED)
def test_all_moments_of_a_flow_are_closed_and_right(activation):
    # Both sides are exact to rounding: the rule has 160 nodes a side on smooth pieces.
    for moment, (q, rho) in itertools.product(FLOW_MOMENTS, [(0.7, -0.6), (1.8, 0.35)]):
        closed = closed_form(Activation.named(activation), moment, False)
        assert closed is not None
        value = float(closed.subs({FIELD_STD: q, RHO: rho}))
        assert value == pytest.approx(quadrature(activation, moment, q, rho), abs=1e-10)


@pytest.mark.parametrize(("factor_q", "factor_rho"), [(1.01, 1.0), (1.0, 0.99)])
def test_a_wrong_closed_form_is_seen(factor_q, factor_rho):
    moment = Moment(1, 1, 0, 0, 1)
    right = quadrature("relu", moment, 1.3, 0.4)
    wrong = closed_form(Activation.named("relu"), moment, False).subs(
        {FIELD_STD: 1.3 * factor_q, RHO: 0.4 * factor_rho}
    )
    assert abs(float(wrong) - right) > 1e-4


def test_relu_moments_are_those_of_theory_section_3():
    theta = sympy.acos(RHO)
    angular = (sympy.sin(theta) + (sympy.pi - theta) * RHO) / (2 * sympy.pi)
    cross = (sympy.pi - theta) / (2 * sympy.pi) + sympy.sin(2 * theta) / (4 * sympy.pi)
    expected = {
        Moment(0, 1, 1, 1, 0): angular,
        Moment(0, 1, 0, 1, 1): cross,
        Moment(1, 1, 1, 0, 0): FIELD_STD / 2,
        Moment(1, 1, 0, 0, 1): FIELD_STD * RHO / 2,
        Moment(0, 2, 0, 0, 0): sympy.Rational(1, 2),
    }
    for moment, value in expected.items():
        difference = sympy.expand_trig(closed_form(Activation.named("relu"), moment, False) - value)
        assert sympy.simplify(difference) == 0


@pytest.mark.parametrize("formula", ["max(h, 0.3*h) + h^2/4", "abs(h)", "step(h)*h^2", "h^3 - h"])
def test_any_polynomial_on_either_side_of_zero_has_closed_forms(formula):
    h = sympy.Symbol("h", real=True)
    shape = {
        "max(h, 0.3*h) + h^2/4": lambda x: np.maximum(x, 0.3 * x) + x**2 / 4,
        "abs(h)": np.abs,
        "step(h)*h^2": lambda x: (x > 0) * x**2,
        "h^3 - h": lambda x: x**3 - x,
    }[formula]
    value = closed_form(Activation.named(formula), Moment(1, 0, 0, 1, 1), False).subs(
        {FIELD_STD: 0.8, RHO: 0.5}
    )
    expected = gaussian_pair_mean(lambda u, v: shape(0.8 * u) * shape(v) * v, 0.5)
    assert float(value) == pytest.approx(expected, abs=1e-10)
    assert h not in value.free_symbols


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "min(max(h,-1),1)"])
def test_no_closed_form_is_claimed_where_there_is_none(activation):
    assert closed_form(Activation.named(activation), Moment(1, 0, 0, 1, 0), False) is None


def test_a_shift_is_carried_where_it_can_be():
    shifted = closed_form(Activation.named("identity"), Moment(1, 1, 0, 1, 0), True)
    assert sympy.simplify(shifted - FIELD_STD * RHO) == 0
    assert closed_form(Activation.named("identity"), Moment(2, 0, 0, 0, 0), True).has(SHIFT)
    assert closed_form(Activation.named("relu"), Moment(2, 0, 0, 0, 0), True) is None


def test_wedge_moments_against_monte_carlo():
    # 24 moments, each within 4.5 standard errors: false-alarm rate below 2e-4.
    rng = np.random.default_rng(5)
    rho, n = -0.3, 400_000
    u = rng.standard_normal(n)
    v = rho * u + math.sqrt(1 - rho**2) * rng.standard_normal(n)
    inside = (u > 0) & (v > 0)
    for i, j in itertools.product(range(5), range(5)):
        if i + j > 6:
            continue
        sample = np.where(inside, u**i * v**j, 0.0)
        value = float(wedge_moment(i, j).subs(RHO, rho))
        assert abs(sample.mean() - value) < 4.5 * sample.std() / math.sqrt(n)
