"""When a flow arrives at its equilibrium under weight decay, against a flow by hand."""

import math

import bntheory as bn
import numpy as np
import pytest
from scipy.integrate import solve_ivp


def by_hand(problem, kappa, b, rest, end):
    """The last time at which eta gamma / L^2 of identity bn is 5% from its equilibrium's."""
    eta = problem.eta / (1 - problem.momentum)
    lam, S = problem.weight_decay, problem.noise

    def slopes(t, y):
        gamma, P, A = y
        R = P / math.sqrt(A)
        X = 1 - R * R
        push = eta * gamma / math.sqrt(A)
        return [
            eta * (kappa * R - (1 + problem.zeta) * gamma),
            push * X * kappa - eta * lam * P,
            push**2 * (X + S) * b - 2 * eta * lam * A,
        ]

    start = [problem.q0, problem.l0 * problem.r0, problem.l0**2]
    solved = solve_ivp(slopes, (0, end), start, method="LSODA", rtol=1e-10, atol=1e-12,
                       t_eval=np.linspace(0, end, 400_001))  # fmt: skip
    rates = eta * solved.y[0] / solved.y[2]
    outside = np.flatnonzero(abs(rates / rest - 1) > 0.05)
    return solved.t[outside[-1]] if outside.size else 0.0


@pytest.mark.parametrize(
    "given",
    [
        {"noise": 0.3, "weight_decay": 0.2, "eta": 0.7, "zeta": 0.1},
        {"noise": 0.1, "weight_decay": 0.05, "eta": 0.3, "momentum": 0.5, "l0": 3.0},
        # Swings many times; from nearby, as by hand 1 - R^2 is lost below 1e-16.
        {"weight_decay": 0.1, "eta": 1.0, "q0": 0.9, "r0": 0.97, "l0": 0.21},
        {"noise": 0.5, "weight_decay": 0.4, "eta": 2.0, "l0": 0.2},
    ],
)
def test_the_time_is_that_of_a_flow_by_hand(given):
    m, M = 8, 16
    problem = bn.Problem("identity", batch_size=M, statistics_size=m, **given)
    kappa = math.sqrt(2 / m) * math.gamma(m / 2) / math.gamma((m - 1) / 2)
    found = bn.fixed_points(problem)
    end = 4 * found.time_to_equilibrium + 5
    expected = by_hand(problem, kappa, (m - 2) / ((m - 3) * M), found.reached.eta_eff, end)
    # Either grid, and what 1e-8 a step does to a crossing.
    assert abs(found.time_to_equilibrium - expected) < 2 * end / 400_000 + 1e-4 * expected
    assert found.to_dict()["time_to_equilibrium"] == found.time_to_equilibrium
    assert f"from t = {found.time_to_equilibrium:.4g} on" in found.summary()


def test_constant_noise_relaxes_at_four_times_the_decay():
    # Noise that dwarfs the signal: L^4 relaxes at the rate 4 eta lambda, from gamma at rest.
    given = {"noise": 1e4, "weight_decay": 0.01, "eta": 1.0, "batch_size": 10**6}
    problem = bn.Problem("identity", "wn", **given)
    rest = bn.fixed_points(problem).reached
    start = problem.replace(q0=rest.Q, r0=rest.R, l0=2 * rest.L)
    found = bn.fixed_points(start).time_to_equilibrium
    # eta_eff ~ (1 + 15 e^(-4 eta lambda t))^(-1/2), within 5% from here on.
    expected = math.log(15 / (0.95**-2 - 1)) / (4 * 0.01)
    assert found == pytest.approx(expected, rel=0.02)


def test_there_is_no_such_time_without_decay_and_none_is_needed_at_rest():
    problem = bn.Problem("identity", noise=0.3, batch_size=8)
    assert bn.fixed_points(problem).time_to_equilibrium is None
    resting = problem.replace(weight_decay=0.2)
    point = bn.fixed_points(resting).reached
    at_rest = resting.replace(q0=point.Q, r0=point.R, l0=point.L)
    assert bn.fixed_points(at_rest).time_to_equilibrium == 0.0
    assert bn.fixed_points(bn.Problem(scheme="sgd", weight_decay=0.1)).time_to_equilibrium is None


@pytest.mark.slow
def test_a_far_start_of_a_batch_scheme_is_followed_to_its_end():
    # Hundreds of steps from a far start: a flow given up half-way "reached" nothing.
    found = bn.fixed_points(bn.Problem(eta=576.0, weight_decay=5e-4, noise=0.1, batch_size=8))
    assert found.reached is not None
    flow = bn.integrate(found.problem, time=3 * found.time_to_equilibrium, points=3001)
    rates = 576.0 * flow.Q / flow.L**2
    outside = flow.t[abs(rates / found.reached.eta_eff - 1) > 0.05]
    assert outside[-1] <= found.time_to_equilibrium <= outside[-1] + flow.t[1]
