"""Momentum: flows at fixed momentum and with inertia against hand-made ones and the chain.

theory page 8: everything at ``eta / (1 - momentum)``, and the inertial flow at
``kappa = N (1 - momentum)``.
"""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.experiments.verdict.compare import judge
from bntheory.results.errors import InputError
from bntheory.teacher_student.momentum import inertia
from scipy.special import gammaln

#: That of the first formulas: etabar = 2 at momentum 0.9.
NOTED = bn.Problem(
    "identity", "bn", eta=0.2, momentum=0.9, batch_size=16, noise=0.2, r0=0.3, q0=0.5
)
TIMES = [0.0, 1.0, 3.0]
DIM, RUNS = 8000, 24
#: 6 z-values a problem at 4.2 standard errors of a t law with 23 degrees: 0.2% for each test.
WORST = 4.2
#: Of three schemes, at a kappa of order 1: the momentum follows from N.
INERTIAL = {
    "bn": (
        1.0,
        bn.Problem("identity", "bn", eta=1.5, batch_size=12, noise=0.3, q0=0.8, weight_decay=0.3),
    ),
    "relu bn, decoupled": (
        4.0,
        bn.Problem("relu", "bn", eta=1.2, batch_size=16, noise=0.1, q0=0.6, weight_decay=0.4),
    ),
    "relu sgd": (7.0, bn.Problem("relu", "sgd", eta=0.8, batch_size=4, noise=0.1, r0=0.3, q0=0.6)),
}


def with_inertia(case):
    """The problem whose kappa at N = DIM and whose limit are those of a case."""
    kappa, limit = INERTIAL[case]
    momentum = 1 - kappa / DIM
    decay = limit.weight_decay
    if "decoupled" in case:
        decay /= 1 - momentum
    problem = limit.replace(eta=limit.eta * (1 - momentum), momentum=momentum, weight_decay=decay)
    return problem.replace(decoupled_decay="decoupled" in case), kappa


def by_hand(eta, noise_rate, h=1e-3):
    """gamma, R and L of our first equations at t = 3, by Euler steps, which leave less than h."""
    m, S = NOTED.M, NOTED.noise
    kappa_m = math.sqrt(2 / m) * math.exp(gammaln(m / 2) - gammaln((m - 1) / 2))
    a_m = (m - 2) / math.sqrt(2 * m) * math.exp(gammaln(m / 2 - 1) - gammaln((m - 1) / 2))
    gamma, A, C = NOTED.q0, NOTED.r0, 1.0
    for _ in range(round(3 / h)):
        L = math.sqrt(C)
        R = A / L
        noise = (gamma / L) ** 2 * (1 - R * R + S) * (m - 2) / (m - 3) / m
        gamma, A, C = (
            gamma + h * eta * (kappa_m * R - gamma),
            A + h * eta * gamma / L * (1 - R * R) * a_m,
            C + h * noise_rate * noise,
        )
    return gamma, A / math.sqrt(C), math.sqrt(C)


def test_the_flow_at_fixed_momentum_is_that_of_the_longer_step_in_drift_and_noise():
    flow = bn.integrate(NOTED, times=TIMES)
    end = [flow.values[n][-1] for n in "QRL"]
    assert by_hand(2.0, 4.0) == pytest.approx(end, abs=1e-3)
    # The square of the buffer alone, without its correlation with the weights, is 19 times less.
    wrong = by_hand(2.0, 0.2**2 / (1 - 0.9**2))
    assert np.abs(np.subtract(wrong, end)).max() > 0.05
    assert bn.integrate(NOTED.replace(nesterov=True), times=TIMES).L[-1] == flow.L[-1]


def deviations(runs, flow):
    """How many standard errors the runs' means are from a flow."""
    off = [np.abs(runs.mean[n] - flow.values[n])[1:] / runs.sem[n][1:] for n in "QRL"]
    return np.max(off)


@pytest.mark.parametrize("case", INERTIAL)
def test_the_inertial_flow_is_that_of_the_chain(case):
    problem, kappa = with_inertia(case)
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=TIMES, seed=4)
    assert deviations(runs, bn.integrate(problem, times=TIMES, inertia=kappa)) < WORST
    wrong = [
        bn.integrate(problem, times=TIMES),
        bn.integrate(problem, times=TIMES, inertia=kappa / 2),
    ]
    if problem.decoupled_decay:
        other = problem.replace(decoupled_decay=False, weight_decay=INERTIAL[case][1].weight_decay)
        wrong.append(bn.integrate(other, times=TIMES, inertia=kappa))
    assert min(deviations(runs, flow) for flow in wrong) > 2 * WORST


@pytest.mark.parametrize("case", INERTIAL)
def test_without_memory_the_inertial_flow_is_that_of_fixed_momentum(case):
    # It is off by about 1/kappa, and the solvers' tolerance is 1e-8 a step.
    problem, _ = with_inertia(case)
    heavy, light = (
        bn.integrate(problem, times=TIMES, inertia=1e6),
        bn.integrate(problem, times=TIMES),
    )
    assert heavy.status == "complete"
    for name in ("Q", "R", "L", "error"):
        np.testing.assert_allclose(heavy.values[name], light.values[name], atol=1e-5)


def test_to_first_order_momentum_lengthens_the_weights_without_noise():
    # dC += 2 etabar^2 |drift|^2 / kappa, with |drift| = (gamma/L) sqrt(1 - R^2) of this student in
    # batches so large that a_m = 1 and noise is gone; by Euler steps of h, which leave less than
    # 1%. What starts 1/kappa later makes a difference of second order, of the time's 1/(kappa end).
    kappa, h, end = 2000.0, 1e-3, 0.5
    problem = NOTED.replace(batch_size=10**6, noise=0.0, q0=1.0)
    flows = [bn.integrate(problem, times=[0.0, end], inertia=k) for k in (kappa, 2 * kappa)]
    light = bn.integrate(problem, times=[0.0, end])
    first, second = (flow.L[-1] ** 2 - light.L[-1] ** 2 for flow in flows)
    gamma, A, C, longer = 1.0, problem.r0, 1.0, 0.0
    for _ in range(round(end / h)):
        L = math.sqrt(C)
        R = A / L
        pull = 2.0 * gamma / L
        longer += h * 2 * pull**2 * (1 - R * R) / kappa
        gamma, A = gamma + h * 2.0 * (R - gamma), A + h * pull * (1 - R * R)
    assert first == pytest.approx(longer, rel=0.05)
    assert second == pytest.approx(first / 2, rel=0.01)


def test_an_aligned_student_stays_aligned_with_inertia():
    # Where 1 - R^2, by which the right-hand side divides, is nothing but rounding.
    silent = NOTED.replace(noise=0.0, r0=1.0)
    flow = bn.integrate(silent, time=20, points=3, inertia=100.0)
    np.testing.assert_allclose(flow.R, 1.0, atol=1e-12)
    np.testing.assert_allclose(flow.L, 1.0, atol=1e-7)
    assert flow.message == ""
    # With decay it is an unstable rest, which rounding leaves too early; the flow says so.
    decaying = bn.integrate(silent.replace(weight_decay=0.2), time=20, points=3, inertia=100.0)
    assert "below rounding at t = 0" in decaying.message


@pytest.mark.parametrize("nesterov", [False, True])
def test_the_inertial_flow_is_the_finite_size_correction(nesterov):
    # L of 500 runs to 4 standard errors and a fiftieth of the correction, which is what terms of
    # 1/N that are not of momentum amount to (measured with 2000 runs: 0.1% and 1.6%).
    problem, N = NOTED.replace(nesterov=nesterov), 1000
    runs = bn.simulate(problem, dim=N, runs=500, times=TIMES, seed=3)
    light = bn.integrate(problem, times=TIMES)
    found = (runs.mean["L"] - light.L)[1:]

    def predicted(kappa):
        return (bn.integrate(problem, times=TIMES, inertia=kappa).L - light.L)[1:]

    allowed = 4 * runs.sem["L"][1:] + 0.02 * found
    assert (np.abs(found - predicted(inertia(problem, N))) < allowed).all()
    other = problem.replace(nesterov=not nesterov)
    assert (np.abs(found - predicted(inertia(other, N))) > allowed).all()
    assert (found > 10 * allowed).all()


@pytest.mark.parametrize("nesterov", [False, True])
def test_what_noise_adds_in_the_first_steps_is_that_of_runs(nesterov):
    # Gradients are all but noise of variance 1/M: L^2 grows by eta^2 of it a step, and starts by
    # `steps_behind` late. From rest it is 3/2 of 1/kappa late, seen at more than 7 errors.
    # After ten steps the buffer is full to 2^-10.
    noisy = bn.Problem("identity", "sgd", eta=0.05, momentum=0.5, noise=200.0, nesterov=nesterov)
    N, times = 100, [0.0, 0.1]
    runs = bn.simulate(noisy, dim=N, runs=8000, times=times, seed=6)
    flow = bn.integrate(noisy, times=times, dim=N)
    late = bn.integrate(noisy, times=times, inertia=inertia(noisy, N))
    square = runs.L[:, 1:] ** 2
    error = square.std(axis=0, ddof=1) / np.sqrt(len(square))
    right, wrong = (np.abs(square.mean(axis=0) - f.L[1:] ** 2) / error for f in (flow, late))
    assert right.max() < 4
    assert wrong.min() > 7


@pytest.mark.parametrize(
    "kind", [{}, {"nesterov": True}, {"weight_decay": 3.0, "decoupled_decay": True}]
)
def test_a_comparison_takes_the_inertial_flow_and_rejects_that_without(kind):
    # A false alarm in 0.1% each.
    problem = NOTED.replace(**kind)
    verdict = bn.compare(problem, runs=64, time=3, points=7, alpha=0.001)
    assert verdict.agree, verdict.verdict()
    made = verdict.to_dict()
    assert made["scatter"] == "runs"
    assert made["inertia"] == pytest.approx(inertia(problem, 1000))
    assert "the scatter is the runs' own" in verdict.verdict()
    light = judge(verdict.runs, bn.integrate(problem, times=verdict.runs.t), alpha=0.001)
    assert not light.agree
    assert "inertia" not in light.verdict()


def test_without_momentum_the_scatter_is_predicted():
    problem = bn.Problem(scheme="sgd", eta=1.0, noise=0.3)
    made = bn.compare(problem, runs=16, time=1, points=3).to_dict()
    assert (made["scatter"], made["inertia"]) == ("predicted", None)


@pytest.mark.parametrize(
    ("problem", "kappa", "said"),
    [
        (NOTED.limit, 3.0, "a momentum above 0"),
        (NOTED, 0.0, "above 0"),
        (NOTED, -1.0, "above 0"),
        (NOTED, math.nan, "finite"),
    ],
)
def test_an_inertia_that_does_not_fit_is_refused(problem, kappa, said):
    with pytest.raises(InputError, match=said) as refused:
        bn.integrate(problem, inertia=kappa)
    assert refused.value.parameter == "inertia"


def test_a_schedule_is_followed_with_inertia():
    # Without memory as at fixed momentum, but for 1/kappa; the rate falls by a factor of 4.
    falling = NOTED.replace(eta="0.2/(1 + t)")
    heavy = bn.integrate(falling, times=TIMES, inertia=1e6)
    light = bn.integrate(falling.limit, times=TIMES)
    np.testing.assert_allclose(heavy.L, light.L, atol=1e-5)
