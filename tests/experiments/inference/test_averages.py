"""The quadratures behind the errors: against closed forms and finer rules, to what they state."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.inference import own_batch
from bntheory.experiments.inference.fields import Homogeneous, Interpolated, fixed_error
from bntheory.experiments.inference.own_batch import OwnBatch, direction_rule, kappa
from bntheory.odes.derivation.batch_closed_forms import batch_closed_form
from bntheory.odes.derivation.batch_moments import BatchMoment
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.symbols import FIELD_STD, RHO, STATISTICS_SIZE
from reference import ACTIVATIONS

STATED = 1e-9


@pytest.mark.parametrize("m", [2, 3, 4, 17, 300, 10**5])
def test_the_direction_has_its_moments(m):
    # E uhat^2 = 1 and E uhat^4 = 3 (m - 1)/(m + 1), of a point on a sphere; rounding of m powers.
    x, weight = direction_rule(m, np.array([-0.3, 0.0, 0.9]))
    moments = [weight.sum(), weight @ x**2, weight @ x**4]
    assert moments == pytest.approx([1.0, 1.0, 3 * (m - 1) / (m + 1)], rel=1e-11)


@pytest.mark.parametrize(("m", "R"), [(2, 0.7), (5, -0.9), (8, 1.0), (400, 0.3)])
def test_the_identity_by_quadrature_is_kappa(m, R):
    square, product = OwnBatch(lambda h: h, (), m, R).moments(1.3)
    assert square == pytest.approx(1.69, rel=STATED)
    assert product == pytest.approx(1.3 * R * kappa(m), rel=STATED)


@pytest.mark.parametrize(("m", "R", "gamma"), [(5, 0.83, 0.7), (11, -0.61, 1.9), (37, 0.97, 1.1)])
def test_a_cubic_is_its_closed_form(m, R, gamma):
    # Wick's theorem and the moments of the spread, as the flows of polynomials have them.
    problem = bn.Problem("h**3 + h**2/3")
    field = derive_drift(problem).field
    wanted = BatchMoment(2, 0, 0, 0, 0, 0, 0), BatchMoment(1, 0, 0, 0, 0, 1, 0)
    point = {FIELD_STD: gamma, RHO: R, STATISTICS_SIZE: m}
    closed = [batch_closed_form(problem.activation_, k, field).subs(point) for k in wanted]
    found = OwnBatch(lambda h: h**3 + h**2 / 3, (), m, R).moments(gamma)
    assert found == pytest.approx([float(value.evalf()) for value in closed], rel=STATED)


@pytest.mark.parametrize(("name", "gamma"), [("tanh", 0.6), ("tanh", 23.0), ("softplus", 3.1)])
def test_own_batches_by_a_finer_rule(name, gamma, monkeypatch):
    coarse = [OwnBatch(ACTIVATIONS[name][0], (), m, 0.9).moments(gamma) for m in (2, 3, 6)]
    for constant, points in (("DIRECTION", 40), ("SPREAD", 70), ("PIECE", 110)):
        monkeypatch.setattr(own_batch, constant, points)
    fine = [OwnBatch(ACTIVATIONS[name][0], (), m, 0.9).moments(gamma) for m in (2, 3, 6)]
    for one, other in zip(coarse, fine, strict=True):
        assert one == pytest.approx(other, rel=STATED)


def test_a_kink_by_pieces_is_the_closed_form():
    # ReLU with its teacher's average in closed form, and in pieces like any kinked formula.
    relu = Homogeneous(0.0, 1.0)
    known = OwnBatch(relu, (0.0,), 6, 0.8, relu.smeared).moments(1.0)
    assert OwnBatch(relu, (0.0,), 6, 0.8).moments(1.0) == pytest.approx(known, rel=STATED)


@pytest.mark.parametrize(("name", "R"), [("tanh", 0.79), ("softplus", 1.0), ("erf", -0.4)])
def test_errors_between_scales(name, R):
    # Fourteen neighbours leave (0.1/(pi/2))^14, 2e-17, times the size of the error in the complex
    # plane, to which it is analytic; seen 1e-13.
    error = fixed_error(bn.Problem(name))
    scales = np.exp(np.random.default_rng(1).uniform(-4, 5, 20))
    direct = [error(0.0, q, R) for q in scales]
    found = Interpolated(bn.Problem(name), R)(scales)
    assert found == pytest.approx(direct, rel=1e-10, abs=1e-12)


def test_a_homogeneous_activation_is_the_compiled_one():
    # Another quadrature, of any activation, with a shift; both are good to 1e-11.
    error, g = fixed_error(bn.Problem("leaky-relu")), Homogeneous(0.01, 1.0)
    for mu, R, scale in ((0.3, 0.7, 1.3), (-0.8, -0.95, 0.4), (0.0, 1.0, 1.0)):
        square, product = g.shifted(mu, R)
        value = g.power / 2 - scale * product + scale**2 * square / 2
        assert value == pytest.approx(error(-mu * scale, scale, R), abs=1e-11)
    assert g.overlap(0.6) == pytest.approx(g.shifted(0.0, 0.6)[1], rel=1e-12)
    assert g.power == pytest.approx((1 + 0.01**2) / 2)
    assert math.isclose(Homogeneous(1.0, 1.0).overlap(-0.7), -0.7, rel_tol=1e-14)
