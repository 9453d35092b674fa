"""The inertial flow's integrator: its order at every kappa, and what it costs."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.inertial import inertial_start
from bntheory.odes.kernels.exponential import differences, phi_functions, step_weights
from scipy.integrate import quad, solve_ivp

HEAVY = bn.Problem(
    "identity", "bn", eta=0.2, momentum=0.9, batch_size=16, noise=0.2, r0=0.3, q0=0.5
)
FALLING = HEAVY.replace(eta="0.2/(1 + t)", weight_decay=3.0, decoupled_decay=True)
TIMES = [0.0, 0.01, 0.1, 0.5, 1.0, 3.0]


def by_scipy(problem, kappa):
    """R and L of the same right-hand side in its plain coordinates, by methods of SciPy."""
    flows = inertial_start(problem, kappa)

    def slope(t, y):
        dy = np.empty_like(y)
        flows.kernels.rhs(t, y, flows.numbers[0], dy)
        return dy

    method = "Radau" if kappa > 100 else "DOP853"
    made = solve_ivp(slope, (0, 3), flows.states[0], method, TIMES, rtol=1e-11, atol=1e-13)
    return made.y[1:3]


@pytest.mark.parametrize(
    ("problem", "kappa"),
    [
        pytest.param(HEAVY, 3.0, id="3"),
        pytest.param(HEAVY, 50.0, id="50"),
        pytest.param(FALLING, 50.0, id="50 with a schedule"),
        pytest.param(HEAVY, 5000.0, id="5000", marks=pytest.mark.slow),
        pytest.param(FALLING, 500.0, id="500 with a schedule", marks=pytest.mark.slow),
    ],
)
def test_the_flow_converges_to_that_of_other_methods_at_every_kappa(problem, kappa):
    # A tolerance a step of 1e-10 adds up to a few times that; a step of order p costs a factor of
    # 10^(2/p) for two digits: 2.2 at p = 6, 10 at p = 2, to which stiffness would reduce others.
    expected, steps = by_scipy(problem, kappa), {}
    for rtol in (1e-8, 1e-10):
        flow = bn.integrate(problem, times=TIMES, inertia=kappa, rtol=rtol, atol=rtol / 100)
        assert np.abs(np.stack([flow.R, flow.L]) - expected).max() < 20 * rtol
        steps[rtol] = flow.steps
    assert steps[1e-10] < 2.6 * steps[1e-8]
    assert steps[1e-8] < 150


def test_a_large_kappa_costs_no_more_steps_than_a_small_one():
    steps = [bn.integrate(HEAVY, inertia=kappa).steps for kappa in (3.0, 50.0, 5e2, 5e3, 1e6)]
    assert max(steps[1:]) < 1.2 * steps[0]
    # The explicit pair needs kappa h < 3: 57 708 steps at kappa = 5000, of six evaluations each.
    assert steps[0] < 3 * bn.integrate(HEAVY.limit).steps


def test_the_first_correction_falls_like_one_over_kappa():
    # Differences to the flow of fixed momentum halve with 1/kappa, to order 1/kappa.
    light = bn.integrate(HEAVY, times=TIMES)
    off = [bn.integrate(HEAVY, times=TIMES, inertia=k).L[-1] - light.L[-1] for k in (1e3, 2e3, 4e3)]
    assert off[0] / off[1] == pytest.approx(2.0, rel=0.01)
    assert off[1] / off[2] == pytest.approx(2.0, rel=0.005)


def test_stored_times_do_not_change_the_flow():
    many = np.linspace(0.0, 3.0, 301)
    dense, sparse = (bn.integrate(HEAVY, times=t, inertia=50.0) for t in (many, many[::100]))
    assert dense.steps == sparse.steps
    np.testing.assert_array_equal(dense.L[::100], sparse.L)
    tight = bn.integrate(HEAVY, times=many, inertia=50.0, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(dense.L, tight.L, atol=1e-7)


@pytest.mark.parametrize("z", [0.0, -1e-9, -0.3, -0.999, -1.001, -7.0, -1e3])
def test_phi_functions_are_their_integrals(z):
    found = np.empty(9)
    phi_functions(z, found)
    assert found[0] == pytest.approx(math.exp(z), rel=1e-13)
    for k in range(1, 9):
        exact, _ = quad(
            lambda s, k=k: math.exp(z * (1 - s)) * s ** (k - 1) / math.factorial(k - 1), 0, 1,
            epsrel=1e-13, points=[max(0.0, 1 + 30 / min(z, -30.0))],
        )  # fmt: skip
        assert found[k] == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("rate", [0.0, 0.4, 30.0])
def test_weights_integrate_polynomials_exactly(rate):
    # A cubic through four points, driving x' = -rate x + cubic over one step.
    h, nodes = 0.7, np.array([0.0, -0.6, -1.5, -2.1, 1.0])
    cubic = np.poly1d([0.3, -1.0, 0.5, 2.0])  # of s/h
    table, weights, work = np.empty((4, 1)), np.empty(8), np.empty((2, 10))
    differences(nodes, 4, cubic(nodes[:4])[:, None], table)
    kept = step_weights(h, rate, nodes, 4, weights, work[0], work[1])
    assert kept == pytest.approx(math.exp(-rate * h), rel=1e-13)
    exact, _ = quad(lambda s: math.exp(-rate * (h - s)) * cubic(s / h), 0, h, epsrel=1e-13)
    assert weights[:4] @ table[:, 0] == pytest.approx(exact, rel=1e-11)
