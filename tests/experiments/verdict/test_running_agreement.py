"""Flows of constants, of running statistics and of batch renormalisation against the chain.

Formulas: page 8 of the theory, each integrated by hand too, right and wrong.
"""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow import flow_kernels
from bntheory.odes.flow.running import running_numbers
from bntheory.odes.tables.running_law import RunningLaw
from bntheory.odes.tables.running_numbers import corrected_numbers, tracked_numbers
from bntheory.results.errors import InputError

DIM, RUNS, TIMES = 20_000, 24, [0.0, 1.0, 3.0]
#: 54 z-values in all at 4.5 standard errors of a t law with 23 degrees: a false alarm in 120.
WORST = 4.5
FROZEN = bn.Problem(
    "identity", "frozen", eta=0.6, batch_size=6, frozen_std=1.3, noise=0.15, q0=0.7, r0=0.3
)
TRACKED = bn.Problem(
    "identity", "tracked", eta=0.7, batch_size=8, running_momentum=0.4, noise=0.2, r0=0.4
)
RENORM = bn.Problem(
    "identity", "batch-renorm", eta=0.7, batch_size=8, running_momentum=0.02, r_max=1.3, d_max=0.4,
    noise=0.2, r0=0.4,
)  # fmt: skip
ODD = [
    FROZEN,
    bn.Problem(
        "relu", "frozen", eta=0.9, batch_size=4, frozen_std=0.7, weight_decay=0.2, r0=-0.2, l0=0.8
    ),
    bn.Problem("tanh", "frozen", eta=0.4, batch_size=3, frozen_std=2.1, noise=0.05, zeta=0.1),
    TRACKED,
    bn.Problem(
        "relu", "tracked", eta=1.1, batch_size=20, statistics_size=5, running_momentum=0.3, q0=1.2,
        r0=0.3, weight_decay=0.3,
    ),
    bn.Problem(
        "tanh", "tracked", eta=0.5, batch_size=9, statistics_size=3, running_momentum=0.15, q0=0.9,
        r0=0.5, noise=0.1,
    ),
    RENORM,
    RENORM.replace(
        eta=1.3, batch_size=24, statistics_size=6, running_momentum=0.3, r_max=50.0, d_max=70.0
    ),
    RENORM.replace(
        eta=0.9, batch_size=15, statistics_size=5, running_momentum=0.6, r_max=1.1, d_max=0.2,
        weight_decay=0.3, r0=-0.3,
    ),
]  # fmt: skip
SLOW = {1, 2, 5, 8}
CASES = [
    pytest.param(p, id=f"{p.scheme}-{p.activation}-{k}", marks=[pytest.mark.slow] * (k in SLOW))
    for k, p in enumerate(ODD)
]


def deviations(runs, flow):
    """How many standard errors the runs' means are from a flow, of Q, R, L at the last times."""
    found = [np.abs(runs.mean[n] - flow[n])[1:] / runs.sem[n][1:] for n in ("Q", "R", "L")]
    return np.array(found)


@pytest.mark.parametrize("problem", CASES)
def test_the_flow_is_that_of_the_chain(problem):
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=TIMES, seed=5)
    assert deviations(runs, bn.integrate(problem, times=TIMES).values).max() < WORST


@pytest.mark.parametrize(
    "problem",
    [
        pytest.param(FROZEN, marks=pytest.mark.slow),
        TRACKED,
        pytest.param(RENORM, marks=pytest.mark.slow),
    ],
    ids=lambda p: p.scheme,
)
def test_chain_and_vectors_have_one_law_at_n_1000(problem):
    # 6 z-values a scheme, of two samples of 16 runs: 4.5 standard errors of a t law with 30
    # degrees, 1e-4 each.
    sample = {"dim": 1000, "runs": 16, "times": [0.0, 0.5, 1.0]}
    chain = bn.simulate(problem, seed=1, **sample)
    vectors = bn.simulate(problem, seed=2, engine="vectors", **sample)
    for name in ("Q", "R", "L"):
        apart = np.abs(chain.mean[name] - vectors.mean[name])[1:]
        assert (apart < WORST * np.hypot(chain.sem[name], vectors.sem[name])[1:]).all()


def by_hand(problem, slopes, h=1e-3):
    """Q, R, L at time 3 by Euler's steps: 3/h of them leave less than 1e-3."""
    state = np.array([problem.q0, problem.r0 * problem.l0, problem.l0**2])
    for _ in range(round(3 / h)):
        state = state + h * np.array(slopes(*state))
    gamma, A, C = state
    L = math.sqrt(C)
    spread = problem.frozen_std / L if problem.scheme == "frozen" else 1.0
    return {"Q": gamma / spread, "R": A / L, "L": L}


def frozen_slopes(problem, noise_power=2):
    """Of the identity; the power of gamma/std in the noise is 2."""
    eta, S, B, std = problem.eta, problem.noise, problem.M, problem.frozen_std

    def slopes(gamma, A, C):
        L, k = math.sqrt(C), gamma / std
        Q, R = k * L, A / L
        I1, I2, I3 = 1 - 2 * Q * R + Q**2 + S, Q * R - Q**2, 1 - Q * R
        return eta * I2 / gamma, eta * k * I3, 2 * eta * I2 + eta**2 * k**noise_power * I1 / B

    return slopes


def tracked_slopes(problem, v=None, tau=None):
    """Of the identity; ``v(p)`` is ``E V^-p``."""
    eta, S, B = problem.eta, problem.noise, problem.M
    law = RunningLaw(problem.m, problem.running_momentum)
    v, tau = v or law.inverse_moment, law.tau if tau is None else tau
    half, one, more, two = (v(p) for p in (0.5, 1.0, 1.5, 2.0))

    def slopes(gamma, A, C):
        L = math.sqrt(C)
        R = A / L
        square = (1 + S) * one - 2 * gamma * R * more + gamma**2 * (1 + tau) * two
        longer = 2 * eta * gamma * (R * half - gamma * one)
        return (
            eta * (R * half - gamma * (1 + tau) * one),
            eta * gamma / L * (half - gamma * R * one),
            longer + (eta * gamma) ** 2 / (C * B) * square,
        )

    return slopes


def renorm_slopes(problem, numbers=None, part=None):
    """Of the identity; ``part`` of what x keeps beside mean and spread is (m - 2)/m."""
    eta, S, B, m = problem.eta, problem.noise, problem.M, problem.m
    law = RunningLaw(m, problem.running_momentum)
    clips = problem.r_max, problem.d_max
    pull, square, turn, spreading = corrected_numbers(law, *clips) if numbers is None else numbers
    part = (m - 2) / m if part is None else part

    def slopes(gamma, A, C):
        L = math.sqrt(C)
        R = A / L
        X, step = 1 - R**2, eta * gamma / L
        noise = step**2 * (X + S) * part * spreading / B
        return eta * (pull * R - square * gamma), step * X * part * turn, noise

    return slopes


@pytest.mark.parametrize(
    ("problem", "slopes"),
    [(FROZEN, frozen_slopes), (TRACKED, tracked_slopes), (RENORM, renorm_slopes)],
    ids=["frozen", "tracked", "batch-renorm"],
)
def test_the_flow_is_the_one_integrated_by_hand(problem, slopes):
    flow, own = bn.integrate(problem, times=[0.0, 3.0]), by_hand(problem, slopes(problem))
    for name, value in own.items():
        assert flow.values[name][-1] == pytest.approx(value, abs=1e-3), name


LAW = RunningLaw(TRACKED.m, TRACKED.running_momentum)
WRONG = {
    "a noise without gamma": (FROZEN, frozen_slopes(FROZEN, 0)),
    "population statistics": (TRACKED, tracked_slopes(TRACKED, lambda p: 1.0, 0.0)),
    "the variance of the mean without 2 - rho": (
        TRACKED,
        tracked_slopes(TRACKED, tau=TRACKED.running_momentum / TRACKED.m),
    ),
    "a biased variance": (
        TRACKED,
        tracked_slopes(TRACKED, lambda p: LAW.inverse_moment(p) * (8 / 7) ** p),
    ),
    "no clips": (RENORM, renorm_slopes(RENORM, corrected_numbers(RunningLaw(8, 0.02), 1e3, 1e3))),
    "pn, as if nothing were projected out": (RENORM, renorm_slopes(RENORM, part=1.0)),
    "batch normalisation": (RENORM, renorm_slopes(RENORM, corrected_numbers(LAW, 1.0, 0.0))),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_formula_is_seen(wrong):
    problem, slopes = WRONG[wrong]
    runs = bn.simulate(problem, dim=DIM, runs=RUNS, times=[0.0, 3.0], seed=5)
    values = {name: np.array([0.0, value]) for name, value in by_hand(problem, slopes).items()}
    assert deviations(runs, values).max() > 2 * WORST


def test_frozen_students_keep_a_difference_of_squares():
    # But for the noise, which steps of 10^6 examples leave out; its share is seen at 6.
    for size, least, most in ((10**6, 0.0, 1e-5), (6, 1e-3, 1.0)):
        flow = bn.integrate(FROZEN.replace(batch_size=size), times=[0.0, 3.0])
        kept = flow.values["gamma"] ** 2 - flow.L**2
        assert least <= abs(kept[-1] - kept[0]) < most


def test_without_corrections_it_is_batch_normalisation():
    plain = RENORM.replace(scheme="bn", statistics_size=4)
    same = plain.replace(scheme="batch-renorm", r_max=1.0, d_max=0.0)
    flows = [bn.integrate(p, times=TIMES) for p in (plain, same)]
    for name in ("Q", "R", "L"):
        np.testing.assert_allclose(flows[0].values[name], flows[1].values[name], rtol=1e-8)


def test_towards_population_statistics_it_does_not_become_pn():
    # Unclipped and with a long memory gamma moves as in pn without decay, but of the gradient of
    # the weights the part (m - 2)/m is left. Without noise: steps of 10^5 groups.
    m, eta = 8, 0.8
    renorm = bn.Problem(
        "identity", "batch-renorm", eta=eta, batch_size=m * 10**5, statistics_size=m,
        running_momentum=1e-9, r_max=1e3, d_max=1e3,
    )  # fmt: skip
    np.testing.assert_allclose(running_numbers(renorm), 1.0, rtol=1e-8)
    part = (m - 2) / m
    pn = renorm.replace(scheme="pn", zeta=0.0, statistics_size=None)
    slower = pn.replace(eta=part * eta, gamma_rate=1 / part)
    flow, same, other = (bn.integrate(p, times=TIMES) for p in (renorm, slower, pn))
    for name in ("Q", "R", "L"):
        np.testing.assert_allclose(flow.values[name], same.values[name], atol=1e-5)
    assert abs(flow.R[-1] - other.R[-1]) > 0.01


def test_unclipped_gamma_rests_where_the_deployed_error_is_least():
    renorm = RENORM.replace(r_max=1e4, d_max=1e4, running_momentum=0.3, noise=0.0)
    best = bn.inference(
        renorm.replace(scheme="bn"), running_momentum=0.3, at_q=0.9, at_r=1.0
    ).best_gamma["running"]
    point = next(p for p in bn.fixed_points(renorm).points if p.reached)
    assert pytest.approx(best, rel=1e-7) == point.Q


def test_the_largest_rate_of_batch_renormalisation_is_known_in_closed_form():
    pull, square, turn, spreading = corrected_numbers(RunningLaw(8, 0.02), 1.3, 0.4)
    point = next(p for p in bn.fixed_points(RENORM).points if p.reached)
    assert pytest.approx(pull / square, rel=1e-8) == point.Q
    assert point.eta_max == pytest.approx(2 * RENORM.M * turn / spreading, rel=1e-6)


def test_tracked_weights_grow_while_gamma_is_too_small_and_shrink_while_it_is_too_large():
    quiet = TRACKED.replace(batch_size=10**5, statistics_size=8, noise=0.0, r0=0.9)
    low, high = (bn.integrate(quiet.replace(q0=q), times=[0.0, 0.3]) for q in (0.3, 1.5))
    assert low.L[-1] > 1.005
    assert high.L[-1] < 0.9


def test_a_sweep_over_the_running_momentum_has_the_flows_of_the_problems():
    made = bn.sweep(TRACKED, running_momentum=[0.1, 0.5], statistics_size=[4, 8], time=2,
                    quantity=["final-Q", "final-L"])  # fmt: skip
    for row in bn.Sweep(made).to_dict()["rows"]:
        own = TRACKED.replace(
            running_momentum=row["running_momentum"], statistics_size=row["statistics_size"]
        )
        flow = bn.integrate(own, times=[0.0, 2.0])
        assert (row["final-Q"], row["final-L"]) == pytest.approx((flow.Q[-1], flow.L[-1]), abs=1e-7)


def test_a_sweep_over_clips_has_the_largest_rates_of_the_problems():
    made = bn.sweep(RENORM, r_max=[1.0, 1.3], d_max=[0.4], time=1, quantity=["eta-max"])
    for r_max, row in zip((1.0, 1.3), bn.Sweep(made).to_dict()["rows"], strict=True):
        _, _, turn, spreading = corrected_numbers(RunningLaw(8, 0.02), r_max, 0.4)
        assert row["eta-max"] == pytest.approx(2 * RENORM.M * turn / spreading, rel=1e-6)


def test_a_comparison_measures_by_the_scatter_of_the_runs_and_rejects_another_law():
    verdict = bn.compare(TRACKED, dim=1000, runs=32, time=2, points=3)
    assert verdict.agree
    assert verdict.test is None
    assert verdict.approximation is None
    other = bn.integrate(TRACKED.replace(running_momentum=1e-3), times=verdict.runs.t)
    from bntheory.experiments.verdict.compare import judge

    assert not judge(verdict.runs, other).agree


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (RENORM.replace(activation="relu", train_beta=True), "train_beta=True: .*no shift"),
        (RENORM.replace(activation="relu", batch_size=3), "batch_size=3: .*at least 4 is accepted"),
        (RENORM.replace(batch_size=3), "batch_size=3: .*at least 4 is accepted"),
        (TRACKED.replace(running_momentum=1.0), "running_momentum=1.0: .*below 1 is accepted"),
        (
            TRACKED.replace(activation="tanh", batch_size=4, running_momentum=0.9),
            "running_momentum=0.9: .*a smaller one is accepted",
        ),
    ],
)
def test_a_flow_that_is_not_known_is_refused_by_name(problem, said):
    with pytest.raises(InputError, match=said):
        bn.integrate(problem)


@pytest.mark.parametrize("problem", [TRACKED, RENORM], ids=["tracked", "batch-renorm"])
@pytest.mark.parametrize(
    "ask",
    [
        bn.derive,
        bn.fluctuations,
        bn.inference,
        lambda p: bn.train(p, alpha=2.0, dim=20),
        lambda p: bn.integrate(p.replace(momentum=0.5), inertia=3.0),
    ],
    ids=["derive", "fluctuations", "inference", "train", "inertia"],
)
def test_what_is_not_known_of_running_statistics_is_refused_by_scheme(problem, ask):
    with pytest.raises(InputError) as refused:
        ask(problem)
    assert refused.value.parameter == "scheme"


def test_numbers_of_the_law_stand_where_others_have_a_table():
    own = flow_kernels.own_numbers(TRACKED)
    np.testing.assert_array_equal(own[-13:], tracked_numbers(LAW, 2.0))
    np.testing.assert_array_equal(own[-13:], running_numbers(TRACKED))
    assert running_numbers(FROZEN).size == 0


@pytest.mark.parametrize("given", [{"running_momentum": 0.5}, {"running_rate": 3.0}])
def test_a_training_set_says_that_it_keeps_no_running_statistics(given):
    with pytest.raises(InputError, match=next(iter(given))):
        bn.train(bn.Problem("identity", "bn", **given), alpha=2.0, dim=20)
