"""Sampled flows against closed ones; rates of the plateau that take longer."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.committee import numbers, packages
from bntheory.odes.committee.dynamics import CommitteeDynamics
from bntheory.odes.committee.fixed_points import committee_fixed_points
from bntheory.odes.committee.points import Sampling

TWO = {"units": 2, "teacher_units": 2}
START = {"gamma": [0.6, 0.8], "A": [[0.3, 0.1], [-0.1, 0.2]], "C": [[0.5, 0.2], [0.2, 0.7]]}
SCRAMBLINGS = 24


@pytest.fixture
def sampled(monkeypatch):
    """Every flow is sampled, closed averages or not."""
    for module in (packages, numbers):
        monkeypatch.setattr(module, "route", lambda problem: packages.SAMPLING)


def slopes(problem, count, steps=2**10):
    y = np.array(problem.initial_state)
    return np.array(
        [CommitteeDynamics(problem, Sampling(2, steps), k).rhs(y) for k in range(count)]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "scheme", "size"),
    [("identity", "bn", 4), ("identity", "bn", 5), ("identity", "bn", 8), ("identity", "bn", 32),
     ("erf", "wn", 1), ("relu", "wn", 1)],
)  # fmt: skip
def test_linear_units_are_sampled_as_the_series_says(
    activation, scheme, size, request, record_property
):
    """And others as their closed averages: |t_23| beyond 5 has probability 5e-5 an entry."""
    problem = bn.Problem(activation, scheme, batch_size=size, noise=0.3, weight_decay=0.1,
                         start=START, second_layer=[1.0, 0.7], **TWO)  # fmt: skip
    closed = CommitteeDynamics(problem).rhs(np.array(problem.initial_state))
    request.getfixturevalue("sampled")
    made = slopes(problem, SCRAMBLINGS)
    sem = made.std(axis=0, ddof=1) / math.sqrt(SCRAMBLINGS)
    z = (made.mean(axis=0) - closed) / sem
    said = f"{activation} {scheme} M={size}: {np.abs(z).max():.2f} of {z.size}"
    record_property("committees: sampled against closed", said)
    assert np.abs(z).max() < 5.0
    wrong = slopes(problem.replace(noise=0.0), 2).mean(axis=0)
    assert np.abs((wrong - closed) / sem).max() > 5.0


@pytest.mark.slow
def test_plain_points_are_worse_than_a_mixture_in_small_batches(sampled, monkeypatch):
    """Nine times at M = 4 by the scatter of C's diagonal, which fluctuates: three are asked for."""
    problem = bn.Problem("identity", "bn", eta=2.0, batch_size=4, start=START, **TWO)
    mixed = slopes(problem, 12).std(axis=0)[-1]
    from bntheory.odes.committee import points

    monkeypatch.setattr(points, "HEAVY", 0)
    assert slopes(problem, 12).std(axis=0)[-1] > 3.0 * mixed


@pytest.mark.slow
def test_layer_normalisation_leaves_the_sum_of_its_units():
    """Point by point, of any points."""
    problem = bn.Problem("relu", "ln", units=4, teacher_units=2, noise=0.2, start="symmetric:0.2")
    flow = CommitteeDynamics(problem, Sampling(2, 2**8))
    y = np.array(problem.initial_state)
    speed = flow.blocks(flow.rhs(y))
    assert np.abs(speed["A"].sum(axis=0)).max() < 1e-13
    assert abs(speed["C"].sum()) < 1e-13
    first = flow.blocks(flow.rhs(y, flow.first_order))["C"]
    assert abs(np.trace(first)) < 1e-12
    assert np.abs(speed["A"]).max() > 1e-4


@pytest.mark.slow
def test_escape_is_a_stretched_exponential():
    """Time goes with the square of the logarithm of the asymmetry: ``t + t_0``, from length l0 on.

    1.767 is the leading order of the root's slope. What is slower at first, units that are not yet
    identical, adds to it: it falls towards 1.767 from above.
    """
    problem = bn.Problem("erf", "wn", eta=0.5, q0=3**-0.5, r0=0.995, **TWO)
    point = bn.fixed_points(problem).plateau
    product = 2.0 * (point.relative_rate * point.gamma[0] ** 2 / point.stretch) ** 2
    begun = 1.0 / (2.0 * problem.eta**2 * product)
    roots, logs = [], []
    for eps in (1e-3, 1e-6, 1e-9):
        flow = bn.integrate(problem.replace(start=f"symmetric:{eps}"), time=8000.0, points=80_001)
        passed = np.argmax(flow.specialisation > 0.25)
        assert passed > 0
        roots.append(math.sqrt(flow.t[passed] + begun))
        logs.append(math.log(1 / eps))
    slope = np.diff(roots) / np.diff(logs)
    leading = 1.0 / point.stretch
    assert leading == pytest.approx(1.767, abs=2e-3)
    assert leading < slope[1] < slope[0] < 1.15 * leading


@pytest.mark.slow
@pytest.mark.parametrize(
    ("activation", "scheme", "others", "rate", "error"),
    [
        ("relu", "sgd", {"batch_size": 10**12}, 0.2392, 1e-4),
        ("relu", "pn", {"batch_size": 8, "zeta": 3 / 64}, 0.2631, 1e-4),
        ("erf", "sgd", {"batch_size": 10**12, "units": 3, "teacher_units": 3}, 0.04612, 1e-5),
        ("relu", "bn", {"batch_size": 8}, 0.181, 0.012),
    ],
)
def test_rates_of_other_plateaus(activation, scheme, others, rate, error):
    """Found before by other programs; BN with their errors and ours: 0.003, and 0.002 of 8."""
    problem = bn.Problem(activation, scheme, eta=0.1, **(TWO | others))
    found = committee_fixed_points(problem, Sampling(8)).plateau
    assert found.relative_rate == pytest.approx(rate, abs=error)
