"""Constants and running statistics at odd parameters: with momentum, and chain against vectors."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.momentum import inertia

#: Schemes, and three sets each: far from the defaults and from each other.
SETS = {
    "tracked": [
        {"batch_size": 12, "statistics_size": 4, "running_momentum": 0.3, "eta": 0.7, "noise": 0.2},
        {"batch_size": 8, "running_momentum": 0.02, "eta": 1.1, "r0": -0.5, "weight_decay": 0.3},
        {"batch_size": 15, "statistics_size": 5, "running_momentum": 0.6, "eta": 0.4, "q0": 1.7,
         "l0": 0.8, "gamma_rate": 2.0},
    ],
    "batch-renorm": [
        {"batch_size": 8, "running_momentum": 0.02, "r_max": 1.3, "d_max": 0.4, "eta": 0.9,
         "noise": 0.3},
        {"batch_size": 12, "statistics_size": 6, "running_momentum": 0.3, "r_max": 2.5,
         "d_max": 1.5, "eta": 0.6, "r0": -0.4, "weight_decay": 0.5},
        {"batch_size": 10, "statistics_size": 5, "running_momentum": 0.1, "r_max": 1.05,
         "d_max": 0.1, "eta": 1.3, "q0": 1.4, "l0": 1.2, "zeta": 0.2},
    ],
    "frozen": [
        {"batch_size": 4, "frozen_std": 1.4, "eta": 0.5, "noise": 0.3},
        {"batch_size": 7, "frozen_std": 0.6, "eta": 0.2, "r0": -0.5, "weight_decay": 0.4},
        {"batch_size": 3, "frozen_std": 2.2, "eta": 0.6, "q0": 1.5, "l0": 1.1, "zeta": 0.1},
    ],
}  # fmt: skip
CASES = [(scheme, k) for scheme in SETS for k in range(3)]
TIMES = [0.0, 0.5, 2.0]
#: Momentum, and kind, of the sets in turn.
KINDS = [
    {"momentum": 0.6},
    {"momentum": 0.8, "nesterov": True},
    {"momentum": 0.5, "decoupled_decay": True},
]
#: Six z of a t law with 23 degrees or more: below 1e-3 a test.
WORST = 4.6


def problem_of(scheme, k, **more):
    given = {"q0": 0.6, "r0": 0.3, "l0": 1.0, **SETS[scheme][k], **more}
    return bn.Problem("identity", scheme, **given)


def with_momentum(scheme, k):
    """A set whose limit of fixed momentum is the set itself."""
    plain, kind = problem_of(scheme, k), KINDS[k]
    rest = 1.0 - kind["momentum"]
    decay = plain.weight_decay / (rest if "decoupled_decay" in kind else 1.0)
    return plain.replace(eta=plain.eta * rest, weight_decay=decay, **kind)


def z_of(runs, values):
    """By quantity and time; quantities that do not scatter are left out."""
    found = [
        np.abs(runs.mean[n] - values[n])[1:] / runs.sem[n][1:] for n in "QRL" if runs.sem[n].any()
    ]
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "k"), CASES)
def test_at_fixed_momentum_the_flow_is_that_of_the_chain(scheme, k):
    # At N = 20000 runs are 1/kappa behind, which counts where decay moves L and nothing scatters.
    problem = with_momentum(scheme, k)
    runs = bn.simulate(problem, dim=20_000, runs=24, times=TIMES, seed=7)
    late = 1.0 / inertia(problem, 20_000)
    values = bn.integrate(problem, times=TIMES).values
    then = bn.integrate(problem, times=[t + late for t in TIMES]).values
    moved = np.array([np.abs(then[n] - values[n])[1:] / runs.sem[n][1:] for n in "QRL"])
    assert (z_of(runs, values) < WORST + moved).all()
    assert moved.min(axis=0).max() < WORST
    wrong = bn.integrate(problem.replace(momentum=0.4, nesterov=False), times=TIMES)
    assert z_of(runs, wrong.values).max() > 2 * WORST


@pytest.mark.slow
@pytest.mark.parametrize("k", range(3))
def test_frozen_students_have_inertia(k):
    # kappa of order 1: momentum 1 - kappa/N.
    kappa, N = (1.5, 4.0, 9.0)[k], 8000
    plain = problem_of("frozen", k)
    problem = plain.replace(eta=plain.eta * kappa / N, momentum=1 - kappa / N)
    runs = bn.simulate(problem, dim=N, runs=24, times=TIMES, seed=8)
    assert z_of(runs, bn.integrate(problem, times=TIMES, inertia=kappa).values).max() < WORST
    assert z_of(runs, bn.integrate(problem, times=TIMES).values).max() > 2 * WORST


@pytest.mark.parametrize("scheme", ["tracked", "batch-renorm"])
def test_running_statistics_have_no_inertial_flow_and_say_so(scheme):
    with pytest.raises(InputError, match="running statistics"):
        bn.integrate(with_momentum(scheme, 0), inertia=5.0)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "k"), CASES)
def test_chain_and_vectors_agree_at_a_thousand_dimensions(scheme, k):
    # Means of 96 chains and 12 vectors: Welch's z of 6, and scatter within what chi^2 of 11 does
    # at 1e-5 each (a ratio of variances from 0.08 to 5).
    problem = with_momentum(scheme, k) if k else problem_of(scheme, k)
    sample = {"dim": 1000, "times": [0.0, 0.4, 1.2]}
    chain = bn.simulate(problem, runs=96, seed=9, **sample)
    vectors = bn.simulate(problem, runs=12, seed=10, engine="vectors", **sample)
    for name in "QRL":
        one, two = chain.values[name][:, 1:], vectors.values[name][:, 1:]
        error = np.sqrt(one.var(axis=0, ddof=1) / 96 + two.var(axis=0, ddof=1) / 12)
        assert (np.abs(one.mean(axis=0) - two.mean(axis=0)) < 6 * error).all(), name
        ratio = two.var(axis=0, ddof=1) / one.var(axis=0, ddof=1)
        assert ((ratio > 0.08) & (ratio < 5)).all(), name
