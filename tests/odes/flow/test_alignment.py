"""Flows whose misalignment falls below rounding: against an integration of ln X, and the chain."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow import alignment
from bntheory.odes.flow.integrate import solve
from scipy.integrate import solve_ivp
from scipy.special import gammaln

M = 8
GIVEN = {"activation": "identity", "scheme": "bn", "batch_size": M, "q0": 0.5, "r0": 0.2}


def in_logarithms(rate, decay, times):
    """gamma, ln(1 - R^2) and L of `GIVEN`, from theory page 8, with S = 0."""
    kappa = np.sqrt(2 / M) * np.exp(gammaln(M / 2) - gammaln((M - 1) / 2))
    a = (M - 2) / np.sqrt(2 * M) * np.exp(gammaln(M / 2 - 1) - gammaln((M - 1) / 2))
    b = (M - 2) / (M - 3) / M

    def slope(t, z):
        gamma, log_x, log_c = z
        eta, X = rate(t), np.exp(log_x)
        R, e = np.sqrt(1 - X), eta * gamma * np.exp(-log_c)
        grows, lengthens = e * (b * e * R**2 - 2 * a * R), b * e**2 * X - 2 * eta * decay
        return [eta * (kappa * R - gamma), grows, lengthens]

    start = [0.5, np.log(1 - 0.2**2), 0.0]
    end, fine = times[-1], {"rtol": 1e-11, "atol": 1e-13}
    solved = solve_ivp(slope, (0, end), start, "LSODA", times, max_step=end / 2000, **fine)
    return solved.y[0], solved.y[1], np.exp(solved.y[2] / 2)


CASES = {
    "decay 0.1": ("1.0", lambda t: 1.0, 0.1, 16.4),
    "decay 0.02": ("1.0", lambda t: 1.0, 0.02, 82.7),
    "schedule": ("0.5 + t/3", lambda t: 0.5 + t / 3, 0.0, 72.0),
}


@pytest.mark.parametrize("case", CASES)
def test_a_burst_comes_when_the_logarithm_of_the_misalignment_says(case):
    # The length after a burst is that of the time at which it came. A step is good to 1e-12, so
    # that where logarithms take over X = 1e-8 is known to 1e-4; the burst is where ln X, which
    # changes by 20 and more in a unit of time, is back: times, and lengths, to 1e-4.
    eta, rate, decay, burst = CASES[case]
    times = np.array([0.0, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 1.2]) * burst
    problem = bn.Problem(**GIVEN, eta=eta, weight_decay=decay)
    flow = bn.integrate(problem, times=times)
    gamma, log_x, L = in_logarithms(rate, decay, times)
    assert log_x.min() < np.log(1e-16)  # R holds nothing of it
    assert flow.status == "complete"
    assert pytest.approx(gamma, abs=1e-4) == flow.Q
    assert pytest.approx(L, rel=1e-4) == flow.L
    assert pytest.approx(np.exp(log_x), abs=1e-4) == 1 - flow.R**2


def test_a_residual_without_a_number_holds_up_a_misalignment_without_one():
    # The least X is exp(-1891), held up by a gamma that is exp(-870) off: the square of that, too,
    # has no number. Both in logarithms (pn of a linear student, from 1.3 of the rate's 4).
    eta, decay, batch, q0, r0, l0 = 1.0, 1e-3, 4, 0.5, 0.2, 1.3**-0.5

    def slope(_, z):
        X, length = np.exp(min(z[0], 0.0)), np.exp(z[2])
        R, e, off = np.sqrt(1 - X), eta / length**2, np.exp(min(z[1], 0.0))
        left = np.exp(min(2 * z[1] - z[0], 700.0)) + 2 * (1 - off) / (1 + R)
        gamma, noise = 1 - off, (e * (1 - off)) ** 2 * left / batch
        grows = -2 * R * gamma * e + R**2 * noise
        closes = -1 + np.exp(min(z[0] - z[1], 700.0)) / (1 + R)
        return [grows, closes, 0.5 * noise * X - eta * decay]

    times = np.array([0.0, 10.0, 500.0, 1000.0, 1245.0, 1246.0, 1247.0, 1248.0, 1260.0])
    start, fine = np.log([1 - r0**2, 1 - q0, l0]), {"rtol": 1e-11, "atol": 1e-11}
    log_x, log_off, log_l = solve_ivp(slope, (0, 1260), start, "LSODA", times, **fine).y
    assert log_x.min() < -1400
    assert np.exp(log_x).max(initial=0.0, where=times > 1240) > 0.01
    problem = bn.Problem(
        "identity", "pn", zeta=0.0, eta=eta, weight_decay=decay,
        batch_size=batch, q0=q0, r0=r0, l0=l0,
    )  # fmt: skip
    flow = bn.integrate(problem, times=times)
    assert pytest.approx(1 - np.exp(log_off), abs=1e-4) == flow.Q
    assert pytest.approx(np.exp(log_l), rel=1e-4) == flow.L
    assert pytest.approx(np.exp(log_x), abs=1e-4) == 1 - flow.R**2


def test_without_logarithms_a_burst_comes_at_another_time(monkeypatch):
    problem = bn.Problem(**GIVEN, eta=1.0, weight_decay=0.02)
    right = bn.integrate(problem, times=[0.0, 78.0])
    monkeypatch.setattr(alignment, "may_return", lambda flows, ends: np.zeros(len(flows), bool))
    wrong = bn.integrate(problem, times=[0.0, 78.0])
    assert wrong.L[-1] > 1.2 * right.L[-1]


def test_the_end_of_a_sweep_is_that_of_the_flow():
    problem = bn.Problem(**GIVEN, eta=1.0)
    swept = bn.sweep(problem, weight_decay=[0.0, 0.02, 0.1], time=83.0, quantity=["final-L"])
    for decay, L in zip([0.0, 0.02, 0.1], swept["final_L"].values, strict=True):
        flow = bn.integrate(problem.replace(weight_decay=decay), times=[0.0, 83.0])
        assert pytest.approx(flow.L[-1], rel=1e-4) == L


def test_the_burst_of_a_chain_is_that_of_the_flow():
    # The chain keeps what is across the teacher by itself, so that it rounds nothing away. A burst
    # comes at a time of its own in each run; N = 2000 shifts the mean by a term 1/N.
    problem = bn.Problem("relu", "wn", batch_size=16, eta=1.0, weight_decay=0.03)
    times = np.linspace(0.0, 66.0, 3301)
    flow = bn.integrate(problem, times=times)
    assert (1 - flow.R**2).min() < 1e-12
    runs = bn.simulate(problem, dim=2000, runs=6, times=times, seed=1)
    bursts = times[np.argmax(runs.values["Q"] / runs.values["L"] ** 2, axis=1)]
    expected = times[np.argmax(flow.Q / flow.L**2)]
    spacing = times[1]
    error = bursts.std(ddof=1) / np.sqrt(6) + spacing
    assert 1.0 < expected < 65.0
    assert abs(bursts.mean() - expected) < 4.5 * error


def test_a_burst_comes_at_the_mirror_image_of_the_effective_rate():
    # Between two passages of the same small X, with a rate e that grows like exp(2 eta lambda t),
    # the integral of -2 a e + b e^2 is zero: e_in + e_out = 2 eta_max. gamma is within exp(-t_in)
    # of its rest at the first, X = 1e-7 is nothing to L, and times are good to the grid's spacing.
    decay = 0.05
    problem = bn.Problem(**GIVEN, eta=1.0, weight_decay=decay)
    times = np.linspace(0.0, 40.0, 8001)
    flow = bn.integrate(problem, times=times)
    small = np.flatnonzero(1 - flow.R**2 < 1e-7)
    first, last = small[0], small[np.argmax(np.diff(small) > 1)]
    e = flow.Q / flow.L**2
    eta_max = bn.fixed_points(problem).points[0].eta_max
    assert times[first] > 5
    assert e[first] + e[last] == pytest.approx(2 * eta_max, rel=np.exp(-times[first]) + 1e-3)
    expected = np.log(e[last] / e[first]) / (2 * decay)
    assert times[last] - times[first] == pytest.approx(expected, abs=2 * times[1])


def test_a_solver_that_gives_up_is_said_and_ends(monkeypatch):
    from scipy import integrate

    solve = integrate.solve_ivp

    def gives_up(*given, **options):
        solved = solve(*given, **options)
        solved.success = False
        return solved

    monkeypatch.setattr(integrate, "solve_ivp", gives_up)
    flow = bn.integrate(bn.Problem(**GIVEN, eta=1.0, weight_decay=0.02), times=[0.0, 78.0, 90.0])
    assert flow.status == "failed"
    assert "1 - R^2" in flow.message


def test_logarithms_have_a_budget(monkeypatch):
    monkeypatch.setattr(alignment, "MOST", 100)
    flow = solve(bn.Problem(**GIVEN, eta=1.0, weight_decay=0.02), times=[0.0, 78.0, 90.0])
    assert flow.status == "failed"
    assert "1 - R^2" in flow.message
    assert list(flow.t) == [0.0]


def test_the_time_to_equilibrium_is_that_of_logarithms():
    # Through some twenty bursts. Times within 5% are swings' ends: known as well as the bursts.
    problem = bn.Problem(**GIVEN, eta=0.5, weight_decay=0.01)
    found = bn.fixed_points(problem)
    times = np.concatenate([[0.0], np.linspace(600.0, 1500.0, 90_001)])
    gamma, _, L = in_logarithms(lambda t: 0.5, 0.01, times)
    rates = 0.5 * gamma / L**2
    outside = np.flatnonzero(abs(rates / found.reached.eta_eff - 1) > 0.05)
    arrived = times[outside[-1] + 1]
    relaxation = 1 / found.reached.slow_rate
    assert found.time_to_equilibrium == pytest.approx(arrived, abs=1e-3 * relaxation)
