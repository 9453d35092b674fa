"""Steep and quick activations: right everywhere, or refused by name."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.activations import ACTIVATIONS, Activation
from bntheory.teacher_student.bends import MOST

Q0, R0 = 0.3, 0.4
#: An even rule of each field, exact for what is smooth on its step.
U = np.linspace(-9.0, 9.0, 6001)
WEIGHT = np.exp(-0.5 * U**2) / np.sqrt(2.0 * np.pi) * (U[1] - U[0])


def brute(c: float) -> tuple[float, float]:
    """The error, and dgamma/dt over the rate, of ``tanh(c h)`` by sums over a grid of fields."""
    g, slope = np.tanh(c * Q0 * U), c / np.cosh(np.clip(c * Q0 * U, -300, 300)) ** 2
    teacher = np.empty_like(U)
    for i, u in enumerate(U):
        teacher[i] = WEIGHT @ np.tanh(c * (R0 * u + np.sqrt(1.0 - R0**2) * U))
    error = 0.5 * (WEIGHT @ g**2 + WEIGHT @ np.tanh(c * U) ** 2) - WEIGHT @ (g * teacher)
    return float(error), float(WEIGHT @ ((teacher - g) * slope * U))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_no_shipped_activation_is_steep(name):
    assert not Activation.named(name).steep
    assert Activation(f"1*({ACTIVATIONS[name]})").kinks == Activation.named(name).kinks


@pytest.mark.parametrize("c", [2, 5, 20, 100])
def test_averages_of_a_steep_activation_are_those_of_a_fine_grid(c):
    """Both roads: they were wrong by 7e-5 at c = 20 and by 4e-3 at c = 100, which nothing said."""
    problem = bn.Problem(f"tanh({c}*h)", "wn", q0=Q0, r0=R0, eta=0.1, batch_size=16)
    error, pull = brute(c)
    flow = bn.integrate(problem, times=[0.0, 1e-6, 2e-6])
    assert flow.error[0] == pytest.approx(error, abs=1e-9)
    slope = (4.0 * flow.Q[1] - 3.0 * flow.Q[0] - flow.Q[2]) / 2e-6
    assert slope == pytest.approx(0.1 * pull, rel=1e-6)
    assert Activation(problem.activation).steep
    run = bn.simulate(problem, dim=100, runs=1, times=[0.0, 0.01])
    assert run.values["error"][0, 0] == pytest.approx(error, abs=1e-8)


@pytest.mark.parametrize("c", [1, 3, 10])
def test_averages_of_sines_are_those_of_their_formulas(c):
    problem = bn.Problem(f"sin({c}*h)", "wn", q0=Q0, r0=R0, eta=0.1, batch_size=16)
    own, others = (0.5 * (1.0 - np.exp(-2.0 * (c * q) ** 2)) for q in (Q0, 1.0))
    cross = np.exp(-0.5 * c**2 * (Q0**2 + 1.0)) * np.sinh(c**2 * Q0 * R0)
    flow = bn.integrate(problem, time=0.01, points=2)
    assert flow.error[0] == pytest.approx(0.5 * (own + others) - cross, abs=1e-10)


@pytest.mark.parametrize("formula", ["sin(100*h)", "tanh(1e5*h)", "sqrt(abs(h))"])
@pytest.mark.parametrize("ask", [bn.integrate, lambda p: bn.simulate(p, dim=20, runs=1)])
def test_what_no_quadrature_follows_is_refused(formula, ask):
    with pytest.raises(InputError, match=r"activation=.*quadratures"):
        ask(bn.Problem(formula, "wn"))


def test_panels_are_few_and_end_where_it_is_steep():
    kinks = Activation("tanh(20*(h - 1))").kinks
    assert 1.0 in kinks
    assert len(kinks) < MOST
    assert min(np.diff(kinks)) <= 0.25
    assert max(np.diff(kinks)) >= 1.0


def test_a_named_number_is_as_steep_as_its_value():
    named = bn.Problem("tanh(c*h)", "wn", parameters={"c": 5.0}, eta=0.1)
    written = bn.Problem("tanh(5.0*h)", "wn", eta=0.1)
    flows = [bn.integrate(p, time=5.0, points=3).Q for p in (named, written)]
    np.testing.assert_allclose(*flows, rtol=1e-7)
    found = bn.sweep(named, c=[1.0, 5.0], time=5.0)
    assert float(found["final_Q"][1]) == pytest.approx(flows[1][-1], rel=1e-6)


def test_training_ends_at_the_teacher_beyond_what_an_even_rule_resolves():
    found = bn.fixed_points(bn.Problem("tanh(2*h)", "wn", eta=0.5))
    assert found.largest_scale is None
    assert abs(found.reached.Q - 1.0) < 1e-6
    assert found.reached.largest_eta > 0.5
