"""The plateau's escape rate: closed, measured, and on which side of weight normalisation BN is."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.committee.fixed_points import committee_fixed_points
from bntheory.odes.committee.points import Sampling

TWO = {"units": 2, "teacher_units": 2}


def erf_rate(K):
    """Of erf committees of K = T units at small rates, over eta, by symmetry, Q* = 1/(2K - 1)."""
    return 2 * K / (math.pi * math.sqrt(2 * K - 1) * (2 * K + 1) ** 1.5)


def test_the_rate_of_plain_units_at_small_rates():
    """Infinite batches leave the first order alone; the point is found to 1e-12."""
    found = bn.fixed_points(bn.Problem("erf", "sgd", eta=0.1, batch_size=10**12, **TWO))
    point = found.plateau
    assert point.relative_rate == pytest.approx(erf_rate(2), abs=1e-8)
    assert point.relative_rate == pytest.approx(0.0657498, abs=5e-8)
    assert point.C[0, 0] == pytest.approx(1 / 3, abs=1e-7)
    assert max(value.real for value in point.eigenvalues) == pytest.approx(
        point.escape_rate, rel=1e-5
    )
    assert (point.kind, point.escape, point.stable) == ("fixed-point", "exponential", False)
    assert found.specialised.stable
    assert "0.0065749" in found.summary()


def test_the_rate_is_that_of_a_flow():
    """From the point, displaced by 1e-4: quadratic terms are of relative order 1e-3 at the end."""
    problem = bn.Problem("erf", "sgd", eta=1.0, **TWO)
    point = bn.fixed_points(problem).plateau
    A = point.A + 1e-4 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    start = {"A": A.tolist(), "C": (point.C + 1e-7 * np.eye(2)).tolist()}
    flow = bn.integrate(
        problem.replace(start=start), times=[0.0, 10.0, 30.0], rtol=1e-11, atol=1e-13
    )
    grown = flow.A[:, 0, 0] - flow.A[:, 0, 1] - flow.A[:, 1, 0] + flow.A[:, 1, 1]
    assert math.log(grown[2] / grown[1]) / 20.0 == pytest.approx(point.escape_rate, rel=2e-3)
    assert point.escape_rate == pytest.approx(0.0591, abs=1e-4)  # below eta to 0


def test_normalisation_by_the_weights_changes_the_effective_rate_alone():
    """wn at any length: the same relative rate, but lengths grow, and the escape is stretched."""
    problem = bn.Problem("erf", "wn", eta=0.5, l0=0.5, **TWO)
    point = bn.fixed_points(problem).plateau
    assert point.relative_rate == pytest.approx(erf_rate(2), abs=1e-8)
    assert point.eta_eff == pytest.approx(0.5 * point.gamma[0] ** 2 / 0.25, rel=1e-12)
    assert (point.kind, point.escape, point.L) == ("attractor", "stretched-exponential", None)
    # From I1 = E[delta^2] on the plateau: lambda_0 gamma sqrt(2 M / I1)
    assert point.stretch == pytest.approx(erf_rate(2) * math.sqrt(2 / 3 / 0.00899), rel=1e-3)
    resting = bn.fixed_points(problem.replace(weight_decay=0.01, eta=0.1)).plateau
    assert (resting.kind, resting.escape) == ("fixed-point", "exponential")
    assert resting.escape_rate == pytest.approx(0.0155, abs=5e-5)
    trapped = bn.fixed_points(problem.replace(weight_decay=0.1, eta=1.0)).plateau
    assert trapped.escape == "none"
    assert trapped.escape_rate == pytest.approx(-0.018, abs=5e-4)


def test_exact_bn_and_its_decomposition_move_the_rate_opposite_ways():
    """At M = 8. BN by 3 scramblings of 2^10 batches; its error is a hundredth of the difference."""
    pn = bn.fixed_points(bn.Problem("erf", "pn", batch_size=8, zeta=0.3205 / 8, **TWO)).plateau
    problem = bn.Problem("erf", "bn", batch_size=8, **TWO)
    exact = committee_fixed_points(problem, Sampling(3, 2**10)).plateau
    assert pn.relative_rate == pytest.approx(0.0122, abs=1e-4)
    assert pn.rho == pytest.approx(1.0)
    assert exact.relative_rate == pytest.approx(0.0912, abs=0.004)
    assert 0.5 < exact.rho < 0.75  # identical units repel
    assert pn.perpendicular_rate < 0.0
    assert exact.std_error["relative_rate"] < 0.004


def test_where_there_is_no_plateau_it_says_why():
    found = bn.fixed_points(bn.Problem("erf", "sgd", second_layer=[1.0, 2.0], **TWO))
    assert found.plateau is None
    assert "second layer" in found.summary()
