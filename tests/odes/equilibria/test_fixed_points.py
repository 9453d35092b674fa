"""Propositions 1 and 2 from the derived flow, against other roads to the same numbers."""

import math

import bntheory as bn
import numpy as np
import pytest
import reference
import sympy
from bntheory.odes.equilibria.dynamics import Dynamics
from bntheory.odes.equilibria.table_one import table_one
from scipy.linalg import expm
from scipy.optimize import brentq
from sympy import Symbol

ZETA, M = Symbol("zeta", positive=True), Symbol("M", positive=True)
SMOOTH = ("tanh", "gelu", "erf")


@pytest.mark.parametrize(
    ("activation", "expected"), [("relu", 1 / (1 + 2 * ZETA)), ("identity", 1 / (1 + ZETA))]
)
def test_proposition_1_symbolically(activation, expected):
    rows = {row.name: row.symbolic for row in table_one(bn.Problem(activation)).rows}
    assert sympy.simplify(rows["BN"]["Q0"] - expected) == 0
    assert rows["WN"]["Q0"] == rows["SGD"]["Q0"] == rows["SGD"]["L0"] == 1


@pytest.mark.parametrize("activation", ["relu", "identity", "leaky-relu"])
def test_proposition_2_symbolically(activation):
    rows = {row.name: row.symbolic for row in table_one(bn.Problem(activation)).rows}
    more = Symbol("more", nonnegative=True)
    for other in ("WN", "SGD"):
        gain = rows["BN"]["eta_max"] - rows[other]["eta_max"] - 2 * ZETA
        # leaky ReLU's slope is above that of a half ReLU: its bound holds from M = 2 on.
        least = 1 if activation != "leaky-relu" else 2
        assert sympy.expand(gain.subs(M, least + more)).is_nonnegative


@pytest.mark.parametrize(
    ("activation", "slope2"), [("relu", 0.5), ("identity", 1.0), ("leaky-relu", 0.50005)]
)
@pytest.mark.parametrize("zeta", [0.0, 0.3])
@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_eta_max_of_piecewise_linear_units(activation, slope2, zeta, noise):
    """For g' in {a, 1}: eta_max = 2 M E[g'^2] / (Q0 E[g'^4]), whatever the noise."""
    slope4 = {"relu": 0.5, "identity": 1.0, "leaky-relu": 0.500000005}[activation]
    problem = bn.Problem(activation, "pn", zeta=zeta, noise=noise, batch_size=3)
    point = bn.fixed_points(problem).reached
    assert pytest.approx(slope2 / (slope2 + zeta), rel=1e-9) == point.Q
    assert point.eta_max == pytest.approx(6 * slope2 / (point.Q * slope4), rel=1e-7)


def _moments(activation, Q, R):
    """I1, I2, I3 without noise, for a smooth unit (or a kink at 0 to a few digits)."""
    g, slope = reference.ACTIVATIONS[activation]
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x, w = 4.5 * (nodes + 1), 4.5 * weights * np.exp(-((4.5 * (nodes + 1)) ** 2) / 2)
    x, w = np.concatenate([-x, x]), np.concatenate([w, w]) / math.sqrt(2 * math.pi)
    u, v = x[:, None], R * x[:, None] + math.sqrt(1 - R * R) * x[None, :]
    delta = slope(Q * u) * (g(v) - g(Q * u))
    return tuple(float(w @ (delta * other) @ w) for other in (delta, Q * u, v))


@pytest.mark.parametrize("activation", SMOOTH)
def test_scale_at_the_end_is_the_root_of_the_averaged_gradient(activation):
    """Independent road: one-dimensional quadrature of the aligned gamma's drift."""
    zeta = 0.2
    g, slope = reference.ACTIVATIONS[activation]
    nodes, weights = np.polynomial.hermite_e.hermegauss(160)
    weights = weights / math.sqrt(2 * math.pi)

    def drift(q):
        return weights @ (slope(q * nodes) * (g(nodes) - g(q * nodes)) * nodes) - zeta * q

    point = bn.fixed_points(bn.Problem(activation, "pn", zeta=zeta, batch_size=1)).reached
    assert point.kind == "attractor"
    assert pytest.approx(1.0) == point.R
    assert pytest.approx(brentq(drift, 0.1, 2.0, xtol=1e-13), rel=1e-7) == point.Q


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_eta_max_from_the_written_equations(activation):
    """Theory page 3 at R = 1 - 1e-3, with moments by another quadrature."""
    eps, zeta, batch = 1e-3, 0.1, 2
    point = bn.fixed_points(bn.Problem(activation, "pn", zeta=zeta, batch_size=batch)).reached
    Q = point.Q
    _, I2, I3 = _moments(activation, Q, 1 - eps)
    inner = _moments(activation, Q, 1 - 2 * eps)[0] - _moments(activation, Q, 1 - eps)[0]
    alignment = Q * (I3 - (1 - eps) / Q * I2) / eps
    noise = Q**2 * inner / (2 * eps) / batch
    assert point.eta_max == pytest.approx(alignment / noise * Q, rel=1e-2)


ENDINGS = [
    {"scheme": "pn", "eta": 1.0, "batch_size": 2},
    {"scheme": "sgd", "eta": 0.5, "noise": 0.3},
    {"scheme": "sgd", "activation": "erf", "eta": 0.8, "noise": 0.1},
    {"scheme": "wn", "eta": 0.5, "weight_decay": 0.1, "noise": 0.2},
    {"scheme": "pn", "eta": 0.5, "weight_decay": 0.05, "batch_size": 4, "gamma_rate": 3.0},
    {"scheme": "wn", "eta": 0.3, "weight_decay": 0.2, "activation": "identity"},
    {"scheme": "pn", "eta": 1.0, "activation": "min(max(h, -1), 1)", "zeta": 0.3},
    {"scheme": "wn", "eta": 0.5, "activation": "identity", "r0": -0.5},
    {"scheme": "sqrt(N)*gamma*a/sqrt(n2)+beta", "train_beta": True, "zeta": 0.1, "batch_size": 1},
]


@pytest.mark.parametrize("parameters", ENDINGS, ids=lambda p: "-".join(map(str, p.values())))
def test_the_flow_ends_where_it_is_said_to_end(parameters):
    problem = bn.Problem(**parameters)
    point = bn.fixed_points(problem).reached
    time = 40 / point.slow_rate
    flow = bn.integrate(problem, time=time, points=3, rtol=1e-9)
    tolerance = 1e-6 if point.kind == "fixed-point" else 30 / math.sqrt(time) * point.eta_eff
    assert flow.Q[-1] == pytest.approx(point.Q, abs=tolerance)
    assert flow.R[-1] == pytest.approx(point.R, abs=tolerance)
    if point.L is not None:
        assert flow.L[-1] == pytest.approx(point.L, abs=1e-6)
    assert point.residual < 1e-8


def test_negative_overlap_is_reached_through_negative_gamma():
    point = bn.fixed_points(bn.Problem("identity", "wn", r0=-0.5)).reached
    assert pytest.approx((-1, -1)) == (point.Q, point.R)


@pytest.mark.parametrize("parameters", [ENDINGS[1], ENDINGS[3]])
def test_displacements_evolve_by_the_jacobian(parameters):
    """The derivative of the flow's map over a time T is exp(J T)."""
    problem, T, h = bn.Problem(**parameters), 1.5, 1e-4
    point = bn.fixed_points(problem).reached
    names = ("q0", "r0", "l0") if problem.scheme == "wn" else ("r0", "q0")
    start = dict(zip(names, point.state, strict=True))

    def end(changes):
        flow = bn.integrate(problem.replace(**(start | changes)), times=[T], rtol=1e-12, atol=1e-14)
        return np.array([flow.values[n][0] for n in ("Q", "R", "L")])[-len(names) :]

    columns = [(end({n: start[n] + h}) - end({n: start[n] - h})) / (2 * h) for n in names]
    J = Dynamics(problem).jacobian(np.array(point.state))
    assert pytest.approx(expm(J * T), abs=1e-5) == np.array(columns).T
    assert sorted(v.real for v in point.eigenvalues) == pytest.approx(
        sorted(np.linalg.eigvals(J).real)
    )


def test_length_grows_like_the_fourth_root_of_time_at_an_attractor():
    problem = bn.Problem(scheme="pn", eta=2.0, zeta=0.2, batch_size=1)
    point = bn.fixed_points(problem).reached
    assert (point.kind, point.L) == ("attractor", None)
    assert point.length_exponent == pytest.approx(0.25, abs=1e-6)
    flow = bn.integrate(problem, times=[1e5, 1e6])
    assert np.log10(flow.L[1] / flow.L[0]) == pytest.approx(0.25, abs=0.005)


def test_without_decay_and_noise_the_length_is_arbitrary():
    point = bn.fixed_points(bn.Problem(scheme="wn", eta=0.7, l0=1.7)).reached
    assert (point.kind, point.L) == ("fixed-point", None)
    assert point.eta_eff == pytest.approx(0.7 / 1.7**2)
    assert min(abs(value) for value in point.eigenvalues) < 1e-12


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_equilibrium_under_weight_decay(activation):
    """eta_eff = sqrt(2 M eta lambda / I1), I1 at the equilibrium by an independent quadrature."""
    problem = bn.Problem(activation, "wn", eta=0.4, weight_decay=0.05, noise=0.1, batch_size=2)
    point = bn.fixed_points(problem).reached
    _, slope = reference.ACTIVATIONS[activation]
    noise = 0.1 * reference.gaussian_pair_mean(lambda u, v: slope(point.Q * u) ** 2, point.R)
    I1 = _moments(activation, point.Q, point.R)[0] + noise
    assert point.stable
    assert point.eta_eff == pytest.approx(math.sqrt(2 * 2 * 0.4 * 0.05 / I1), rel=1e-3)
    assert point.eta_eff == pytest.approx(0.4 * point.Q / point.L**2, rel=1e-12)


@pytest.mark.parametrize("activation", ["relu", "erf", "identity"])
@pytest.mark.parametrize("R", [-0.6, 0.3, 0.95, 1.0])
@pytest.mark.parametrize("scheme", ["pn", "sgd"])
def test_differences_reproduce_the_symbolic_jacobian(activation, R, scheme):
    flow = Dynamics(bn.Problem(activation, scheme, noise=0.2, weight_decay=0.1))
    y = np.array([0.8, R, 1.3])[-flow.size :]
    by_differences = np.empty((flow.size, flow.size))
    flow.kernels.differences(y, flow.p, flow.kernels.FULL, flow.everything, by_differences)
    assert by_differences == pytest.approx(flow.jacobian(y), abs=2e-6)


def test_a_learning_rate_that_is_too_large_leaves_no_point_to_end_at():
    found = bn.fixed_points(bn.Problem(scheme="sgd", eta=2.5))
    assert found.reached is None
    assert not any(point.stable for point in found.points)
    assert "diverges" in found.summary()


def test_relu_sgd_first_loses_alignment_then_diverges():
    """Alignment is lost at eta = 2; the flow from nearby diverges beyond the fold at 2.2465."""
    path = bn.follow(bn.Problem(scheme="sgd"), "eta", [1.5, 1.9, 2.1, 2.2, 2.3])
    marks = {(round(mark.value, 3), mark.change) for mark in path.bifurcations}
    assert (2.0, "loses stability") in marks
    fold = max(value for value, change in marks if change == "disappears")
    near = {"q0": 1.4, "r0": 0.7}
    below = bn.integrate(bn.Problem(scheme="sgd", eta=fold - 0.02, **near), time=2000, points=2)
    with pytest.warns(bn.DivergenceWarning):
        above = bn.integrate(bn.Problem(scheme="sgd", eta=fold + 0.02, **near), time=2000, points=2)
    assert (below.status, above.status) == ("complete", "diverged")
    assert below.R[-1] < 0.9


def test_following_without_a_bifurcation_reports_none():
    path = bn.follow(bn.Problem("identity", "pn"), "zeta", np.linspace(0, 2, 5))
    assert path.bifurcations == ()
    Q = [point.Q for point in path.branches[0]]
    assert pytest.approx(1 / (1 + path.grid), rel=1e-9) == Q


def test_newton_solves_small_systems_and_skips_what_is_singular():
    eliminate = Dynamics(bn.Problem("identity", "wn")).kernels.eliminate
    rng = np.random.default_rng(5)
    for n in (1, 2, 4):
        A, x = rng.normal(size=(n, n)), rng.normal(size=n)
        b = A @ x
        assert eliminate(A.copy(), b)
        assert b == pytest.approx(x, rel=1e-9)
    A = np.array([[1.0, 2.0], [2.0, 4.0]])
    b = np.array([1.0, 2.0])
    assert eliminate(A.copy(), b)
    assert A @ b == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bn.fixed_points(bn.Problem(eta="1/(1+t)")), "eta="),
        (lambda: bn.follow(bn.Problem(), "scheme", [0, 1]), "follow='scheme'"),
        (lambda: bn.follow(bn.Problem(), "zeta", [1, 0]), "zeta="),
        (lambda: bn.follow(bn.Problem(), "zeta", [-1, 0]), "zeta="),
    ],
)
def test_bad_input_names_the_parameter(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_json_has_the_keys_of_the_interface_and_no_nan():
    found = bn.fixed_points(bn.Problem(scheme="pn"))
    keys = {"Q", "R", "L", "kind", "stable", "eigenvalues", "eta_eff", "eta_max", "residual"}
    for point in found.to_dict()["points"]:
        assert keys <= point.keys()
    assert len(found.to_dataset()["Q"]) == len(found.points)
    assert {len(column) for column in found.columns().values()} == {len(found.points)}


def test_table_one_in_numbers():
    table = table_one(bn.Problem("tanh", batch_size=2, noise=0.1))
    numbers = {row.name: row.numeric for row in table.rows}
    assert all(row.symbolic == {} for row in table.rows)  # no closed form
    own = bn.fixed_points(bn.Problem("tanh", "pn", batch_size=2)).reached
    assert numbers["BN"]["eta_max"] == pytest.approx(own.eta_max, rel=1e-7)
    assert numbers["WN"]["eta_max"] == pytest.approx(numbers["SGD"]["eta_max"], rel=1e-7)
    assert "holds" in table.summary()


def test_a_search_that_ends_at_a_scale_says_so():
    """Quadratures follow no oscillation to every scale: that is no "no stable point"."""
    found = bn.fixed_points(
        bn.Problem("h + sin(3*h)", "wn", eta=30.0, batch_size=1, weight_decay=1.0)
    )
    assert found.largest_scale == found.to_dict()["largest_scale"] == 4.0
    assert "a field of scale 4 alone" in found.summary()
    resolved = bn.fixed_points(bn.Problem("relu", "wn"))
    assert resolved.largest_scale is None
    assert "largest_scale" not in resolved.to_dict()
