"""Students of a large scale: moments by quadrature, and formulas that overflow."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from bntheory.teacher_student.normal_quadrature import FINE, student_rule

#: g and g', without overflow.
SHAPES = {
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "sigmoid": (lambda h: (1 + np.tanh(h / 2)) / 2, lambda h: (1 - np.tanh(h / 2) ** 2) / 4),
    "softplus": (lambda h: np.logaddexp(0, h), lambda h: (1 + np.tanh(h / 2)) / 2),
    "log(1 + exp(h))": (lambda h: np.logaddexp(0, h), lambda h: (1 + np.tanh(h / 2)) / 2),
}


def pair_mean(function, scale, R):
    """E f(u, v), the trapezoidal rule in ``u = sinh(x)/scale``: fine where the field bends."""
    x, step = np.linspace(-1, 1, 20_001, retstep=True)
    end = math.asinh(12.0 * scale)
    u = np.sinh(end * x) / scale
    weight = np.exp(-u * u / 2) / math.sqrt(2 * math.pi) * np.cosh(end * x) / scale * end * step
    z, wz = np.polynomial.hermite_e.hermegauss(100)
    v = R * u[:, None] + math.sqrt(1 - R * R) * z
    return float(weight @ function(u[:, None], v) @ (wz / wz.sum()))


@pytest.mark.parametrize("activation", SHAPES)
@pytest.mark.parametrize("scale", [1.9, 2.1, 30.0, 1e3, 1e6])
def test_moments_are_right_at_any_scale(activation, scale):
    g, slope = SHAPES[activation]
    problem, R, dy = bn.Problem(activation=activation, scheme="wn", eta=1.0), 0.6, np.empty(3)
    flow_kernels(problem).rhs(0.0, np.array([scale, R, 1.0]), parameters(problem), dy)

    def pull(u, v):
        return slope(scale * u) * (g(v) - g(scale * u)) * u

    # gamma and R move by averages of the same signal; both rules are good to 1e-10 and better.
    expected = pair_mean(pull, scale, R)
    assert dy[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_without_grading_the_bend_would_be_missed():
    scale = 300.0
    exact = 2 * 0.3989422804014327 / scale  # E[1 - tanh(q u)^2] = 2 phi(0) / q + O(q^-3)

    def average(nodes, weights):
        return float(weights @ (1 - np.tanh(scale * nodes) ** 2))

    assert average(*student_rule(np.zeros(0), 0.0, scale, FINE)) == pytest.approx(exact, rel=1e-4)
    even = student_rule(np.zeros(0), 0.0, 1.0, FINE)  # the rule of a scale at which none is graded
    assert average(*even) != pytest.approx(exact, rel=0.1)


def test_the_rule_reaches_over_the_whole_normal():
    for shift, scale in [(0.0, 1e-9), (3.0, 0.5), (-40.0, 7.0), (2.0, 1e4), (0.0, -50.0)]:
        u, weight = student_rule(np.array([-1.0, 0.5]), shift, scale, FINE)
        assert np.all(np.diff(u) > 0)
        assert [weight @ u**k for k in range(5)] == pytest.approx([1, 0, 1, 0, 3], abs=1e-11)


@pytest.mark.parametrize("activation", ["softplus", "log(1+exp(h))"])
def test_a_softplus_student_does_not_overflow(activation):
    # log(1 + exp(h)) of a field of 63 standard deviations overflowed: "diverged at t = 0".
    problem = bn.Problem(activation=activation, scheme="wn", eta=0.15, q0=63.0, l0=2.7, r0=-1.0)
    flow = bn.integrate(problem, time=1.0, points=3)
    runs = bn.simulate(problem, dim=50_000, runs=4, time=1.0, points=3)
    assert flow.status == runs.status == "complete"
    # 1/N = 2e-5 times the rates squared (100), and scatter of the same order.
    assert pytest.approx(runs.Q.mean(axis=0), rel=5e-3) == flow.Q
