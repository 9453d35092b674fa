"""Flows of inputs with a spectrum: against formulas of their own, and the isotropic flow."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.integrate import solve
from bntheory.teacher_student.spectral import block_start
from scipy.integrate import solve_ivp
from scipy.special import gammaln

#: Times to 1 - R = 0.1, 0.01, 0.001 at eta 0.5, B = m = 16, S = 0, of two equal blocks of mean
#: eigenvalue 1; recorded on a grid by the flows of another program.
TABLE = {
    (10, "equal"): [(0.95, 8.8, 21.3), (3.4, 15.8, 30.6), (3.6, 15.8, 29.4), (3.8, 17.1, 32.5)],
    (10, "tail"): [(4.6, 15.5, 27.7), (9.9, 19.7, 30.6), (8.1, 13.2, 17.8), (8.8, 14.6, 19.3)],
    (100, "equal"): [(0.7, 1.9, 85), (2.6, 5.1, 132), (2.6, 5.1, 130), (2.8, 5.6, 143)],
    (100, "tail"): [(44, 143, 251), (55, 165, 278), (20, 27, 32), (22, 29, 36)],
}
SCHEMES = ("sgd", "wn", "pn", "bn")


def identity(scheme, **other):
    given = {"eta": 0.5, "batch_size": 16, "zeta": 0.0, "spectrum": "two:10"} | other
    return bn.Problem("identity", scheme, **given)


def by_hand(problem, time, planted=""):
    """Identity: the equations of theory page 11 as they stand there, for every scheme."""
    lam, phi, T = problem.spectrum_.arrays
    eta, B, m, S, decay = problem.eta, problem.M, problem.m, problem.noise, problem.weight_decay
    start = dict(zip(problem.order_parameters, problem.initial_state, strict=True))
    A0, C0 = block_start(problem.spectrum_, start["R"], start["L"])
    half = np.exp(gammaln(m / 2) - gammaln((m - 1) / 2))
    kappa, P = np.sqrt(2 / m) * half, len(lam)
    a_m = (m - 2) / m * np.sqrt(m / 2) * np.exp(gammaln(m / 2 - 1) - gammaln((m - 1) / 2))

    def slope(_, y):
        g, A, C = y[0], y[1 : P + 1], y[P + 1 :]
        q, r, L2 = lam @ C, lam @ A, C.sum()
        R = r / np.sqrt(q)
        if planted == "wn divides by the spread of the field":
            L2 = q
        noisy = lam if planted == "noise without fractions" else lam * phi
        dg = 0.0
        if problem.scheme in ("sgd", "wn"):
            k = 1.0 if problem.scheme == "sgd" else g / np.sqrt(L2)
            Q = k * np.sqrt(q)
            size = 1 - 2 * Q * R + Q * Q + S
            a, b, pull = -k, 1.0, 0.0
            if problem.scheme == "wn":
                pull = (a * q + b * r) / L2
                dg = eta * (pull * L2 / np.sqrt(L2) - problem.zeta * g)
            dA = eta * k * (lam * (a * A + b * T) - A * pull)
            dC = 2 * eta * k * (lam * (a * C + b * A) - C * pull)
        else:
            k, b = g / np.sqrt(q), 1.0
            size, dg = 1 - 2 * g * R + g * g + S, eta * (R - g - problem.zeta * g)
            if problem.scheme == "bn":
                size, b = (1 - R * R + S) * (m - 2) / (m - 3), a_m
                dg = eta * (kappa * R - g - problem.zeta * g)
            dA = eta * k * lam * b * (T - A * r / q)
            dC = 2 * eta * k * lam * b * (A - C * r / q)
        dC = dC + (eta * k) ** 2 * noisy * size / B
        return np.r_[dg, dA - eta * decay * A, dC - 2 * eta * decay * C]

    y0 = np.r_[start.get("gamma", 0.0), A0, C0]
    y = solve_ivp(slope, (0, time), y0, "LSODA", rtol=1e-11, atol=1e-13).y[:, -1]
    return y[1 : P + 1], y[P + 1 :]


ODD = {
    "sgd": {"eta": 0.7, "batch_size": 3, "noise": 0.2, "weight_decay": 0.1},
    "wn": {"eta": 0.9, "batch_size": 5, "noise": 0.2, "weight_decay": 0.3, "zeta": 0.1},
    "pn": {"eta": 0.6, "batch_size": 4, "noise": 0.3, "zeta": 0.2, "l0": 0.7},
    "bn": {"eta": 1.1, "batch_size": 12, "statistics_size": 6, "noise": 0.1, "l0": 1.3},
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_identity_is_its_formula_and_wrong_formulas_are_seen(scheme):
    problem = identity(scheme, spectrum="3:0.2:0.1,1:0.3:0.5,0.1:0.5:2", **ODD[scheme])
    flow = solve(problem, times=[0.0, 4.0], rtol=1e-11, atol=1e-13)
    A, C = by_hand(problem, 4.0)
    assert flow.blocks["A"][-1] == pytest.approx(A, abs=1e-8)
    assert flow.blocks["C"][-1] == pytest.approx(C, abs=1e-8)
    wrong = by_hand(problem, 4.0, "noise without fractions")[1]
    assert np.abs(flow.blocks["C"][-1] - wrong).max() > 0.01
    if scheme == "wn":
        wrong = by_hand(problem, 4.0, "wn divides by the spread of the field")[1]
        assert np.abs(flow.blocks["C"][-1] - wrong).max() > 0.01


@pytest.mark.parametrize(
    "scheme", ["wn", "bn", *(pytest.param(x, marks=pytest.mark.slow) for x in ("sgd", "pn"))]
)
def test_identical_blocks_are_one_and_one_is_isotropic(scheme):
    bounds = {"times": [0.0, 1.0, 3.0], "rtol": 1e-12, "atol": 1e-14}
    other = ODD[scheme]
    plain = solve(identity(scheme, **other | {"spectrum": "1"}), **bounds)
    four = "1:0.1:0.1,1:0.2:0.2,1:0.3:0.3,1:0.4:0.4"
    for spectrum in ("1:1:1", four):
        flow = solve(identity(scheme, **other | {"spectrum": spectrum}), **bounds)
        for name, values in plain.values.items():
            assert flow.values[name] == pytest.approx(values, abs=1e-10), name


@pytest.mark.parametrize("scheme", SCHEMES)
def test_times_of_convergence_are_those_recorded(scheme):
    for (ratio, teacher), rows in TABLE.items():
        found = solve(identity(scheme, spectrum=f"two:{ratio}:{teacher}"), time=300, points=30_001)
        times = [found.t[(1 - level < found.R).argmax()] for level in (0.1, 0.01, 0.001)]
        # The record is rounded up to a grid, and to two digits.
        assert times == pytest.approx(rows[SCHEMES.index(scheme)], rel=0.03, abs=0.06)


def test_largest_learning_rate_does_not_know_the_condition_number():
    for text, mean in (("two:10", 1.0), ("two:1000:tail", 1.0), ("4:0.5:1,0.4:0.5:3", 2.2)):
        point = bn.fixed_points(identity("sgd", batch_size=3, eta=0.5, noise=0.1, spectrum=text))
        found = point.points[0]
        assert found.eta_max == pytest.approx(2 * 3 / mean, rel=1e-6)
    # At rest D_b = eta phi_b I1 / (2 B), with I1 = S / (1 - eta <lambda> / (2 B)).
    problem = identity("sgd", batch_size=3, eta=0.5, noise=0.1, spectrum="4:0.5:1,0.4:0.5:3")
    flow, (_, phi, T) = solve(problem, time=400, points=2), problem.spectrum_.arrays
    D = T - 2 * flow.blocks["A"][-1] + flow.blocks["C"][-1]
    assert pytest.approx(0.5 * phi / 6 * 0.1 / (1 - 0.5 * 2.2 / 6), rel=1e-6) == D


def test_a_sweep_over_condition_numbers_is_the_flow_of_each():
    problem = identity("sgd", spectrum="two:2:tail")
    level = 0.05
    grid = bn.sweep(problem, condition=[4.0, 40.0], eta=[0.5, 1.0], quantity=f"time-to:{level}",
                    time=900)  # fmt: skip
    one = solve(problem.replace(condition=40.0), time=900, points=90_001)
    at = one.t[(one.error < level).argmax()]
    assert float(grid["time_to_0_05"][1, 0]) == pytest.approx(at, abs=0.011)
    assert (grid["time_to_0_05"][1] > 3 * grid["time_to_0_05"][0]).all()
