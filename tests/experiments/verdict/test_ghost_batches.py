"""Flows of statistics of m examples in steps of M against the chain and closed forms.

theory page 8: drift with the statistics of m, noise averaged over M.
"""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from scipy.special import gammaln

DIM, RUNS = 20_000, 24
#: 6 z-values a problem at 3.9 standard errors of a t law with 23 degrees: 0.4% for all problems.
WORST = 3.9
NOTED = bn.Problem(
    "identity", "bn", eta=1.5, batch_size=24, statistics_size=6, noise=0.3, r0=0.3, q0=0.5
)
ODD = [
    NOTED,
    bn.Problem("identity", "bn", eta=0.9, batch_size=40, statistics_size=8, weight_decay=0.4),
    bn.Problem("relu", "bn", eta=2.2, batch_size=32, statistics_size=8, q0=1.3, r0=-0.2),
]


def kappa(m):
    return np.sqrt(2 / m) * np.exp(gammaln(m / 2) - gammaln((m - 1) / 2))


def a(m):
    """``(m - 2)/m E[1/s]``."""
    return (m - 2) / np.sqrt(2 * m) * np.exp(gammaln(m / 2 - 1) - gammaln((m - 1) / 2))


def deviations(problem, runs):
    """How many standard errors the runs' means are from a problem's flow and its shift."""
    times = list(runs.t)
    flow = bn.integrate(problem, times=times)
    shift = bn.fluctuations(problem, times=times).mean_shift(DIM)
    return [
        np.abs(runs.mean[n] - flow.values[n] - shift[n])[1:] / runs.sem[n][1:]
        for n in ("Q", "R", "L")
    ]


@pytest.mark.parametrize("problem", ODD, ids=["identity", "decay", "relu"])
def test_the_flow_is_that_of_the_chain(problem):
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=[0.0, 1.0, 3.0], seed=2)
    assert np.max(deviations(problem, runs)) < WORST


@pytest.mark.parametrize(
    "wrong", [{"statistics_size": None}, {"batch_size": 6}], ids=["drift at M", "diffusion at m"]
)
def test_the_wrong_size_in_drift_or_diffusion_is_seen(wrong):
    runs = bn.simulate(NOTED, dim=DIM, runs=RUNS, times=[0.0, 1.0, 3.0], seed=2)
    assert np.max(deviations(NOTED.replace(**wrong), runs)) > 2 * WORST


def test_the_flow_is_the_one_integrated_from_the_notes_equations():
    # By hand, with Euler steps of h = 1e-3: 3 / h of them leave less than 1e-3.
    problem, h = NOTED, 1e-3
    m, B, S, eta = problem.m, problem.M, problem.noise, problem.eta
    gamma, A, C = problem.q0, problem.r0, 1.0
    for _ in range(3000):
        L = np.sqrt(C)
        R = A / L
        X = 1 - R * R
        step = eta * gamma / L
        noise = step**2 * (X + S) * (m - 2) / (m - 3) / B
        gamma, A, C = (
            gamma + h * eta * (kappa(m) * R - gamma),
            A + h * step * X * a(m),
            C + h * noise,
        )
    flow = bn.integrate(problem, times=[0.0, 3.0])
    assert flow.Q[-1] == pytest.approx(gamma, abs=1e-3)
    assert flow.L[-1] == pytest.approx(np.sqrt(C), abs=1e-3)
    assert flow.R[-1] == pytest.approx(A / np.sqrt(C), abs=1e-3)


def test_the_scatter_and_the_shift_of_runs_are_those_predicted():
    # 4000 runs resolve a spread to 1.1%, the theory leaves out M/N = 6%; the shift of L, of 40
    # standard errors, by 4.2 of them (12 z-values, 0.03%) and a tenth of itself, as elsewhere.
    problem, N, times = NOTED.replace(statistics_size=8), 500, [0.0, 1.0, 2.0, 3.0]
    predicted, flow = bn.fluctuations(problem, times=times), bn.integrate(problem, times=times)
    runs = bn.simulate(problem, dim=N, runs=4000, times=times, seed=3)
    std, shift = predicted.std(N), predicted.mean_shift(N)
    for name in ("Q", "R", "L"):
        assert runs.std[name][1:] / std[name][1:] == pytest.approx(1, abs=0.06 + 4 * 0.011)
        left = np.abs(runs.mean[name] - flow.values[name] - shift[name])[1:]
        assert (left <= 4.2 * runs.sem[name][1:] + 0.1 * np.abs(shift[name])[1:]).all()
    bias = np.abs(runs.mean["L"] - flow.L)[1:] / runs.sem["L"][1:]
    assert (bias > 20).all()


@pytest.mark.parametrize(("m", "M"), [(5, 15), (8, 32), (32, 32)])
def test_the_largest_rate_is_linear_in_the_step_and_knows_the_statistics_by_one_factor(m, M):
    problem = bn.Problem("identity", "bn", batch_size=M, statistics_size=m, noise=0.1)
    best = bn.fixed_points(problem).points[0]
    assert best.eta_max == pytest.approx(2 * M * a(m) * (m - 3) / (m - 2), rel=1e-6)


@pytest.mark.parametrize(("m", "M", "decay"), [(6, 24, 0.7), (5, 35, 0.2), (16, 48, 1.1)])
def test_the_equilibrium_under_decay_solves_the_notes_quadratic(m, M, decay):
    eta, S = 1.5, 0.3
    problem = bn.Problem(
        "identity", "bn", eta=eta, batch_size=M, statistics_size=m, noise=S, weight_decay=decay
    )
    b = (m - 2) / ((m - 3) * M)
    left, right = 2 * a(m) ** 2, b * eta * decay
    X = max(np.roots([left + right, right * (S - 1), -right * S]).real)
    found = [p for p in bn.fixed_points(problem).points if p.stable and p.Q > 0]
    assert len(found) == 1
    assert pytest.approx(np.sqrt(1 - X), abs=1e-8) == found[0].R
    assert pytest.approx(kappa(m) * found[0].R, abs=1e-8) == found[0].Q
    assert found[0].eta_eff == pytest.approx(np.sqrt(2 * eta * decay / ((X + S) * b)), rel=1e-7)


def test_a_sweep_over_both_sizes_has_the_flows_of_the_problems():
    base = bn.Problem("relu", "bn", eta=0.8)
    sizes = {"batch_size": [32, 64], "statistics_size": [8, 16]}
    made = bn.sweep(base, **sizes, time=4, quantity=["final-Q", "final-L"])
    rows = bn.Sweep(made).to_dict()["rows"]
    assert len(rows) == 4
    for row in rows:
        own = base.replace(**{name: row[name] for name in sizes})
        flow = bn.integrate(own, times=[0.0, 4.0])
        assert (row["final-Q"], row["final-L"]) == pytest.approx((flow.Q[-1], flow.L[-1]), abs=1e-7)


def test_a_sweep_whose_sizes_do_not_divide_is_refused():
    with pytest.raises(InputError, match=r"statistics_size=16: .*a divisor of batch_size=24"):
        bn.sweep(bn.Problem(), batch_size=[32, 24], statistics_size=[16])
