"""The error of a committee, against means over drawn fields and against quadrature."""

import dataclasses

import bntheory as bn
import numpy as np
import pytest
from bntheory.teacher_student.online.committee.collect import committee_errors, committee_values
from bntheory.teacher_student.online.committee.kernels import committee_kernels
from scipy.special import erf

G = {"erf": lambda h: erf(h / np.sqrt(2)), "relu": lambda h: np.maximum(h, 0.0), "tanh": np.tanh}
TEACHER = np.array([[1.0, 0.3], [0.3, 0.8]])
GAMMA, BETA = np.array([0.8, -0.6, 0.5]), np.zeros(3)
DRAWS = 400_000


def state(rng):
    """A and C of three units that exist."""
    vectors = rng.standard_normal((3, 5))
    root = np.concatenate([np.linalg.cholesky(TEACHER), np.zeros((2, 3))], axis=1)
    return vectors @ root.T, vectors @ vectors.T, np.concatenate([root, vectors])


def problem_of(activation, scheme):
    return bn.Problem(
        activation, scheme, units=3, teacher_units=2, teacher_overlap=TEACHER,
        second_layer=[1.0, 0.5, -0.7],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("activation", "scheme"), [("erf", "bn"), ("tanh", "bn"), ("relu", "rms"), ("relu", "wn")]
)
def test_the_error_is_that_of_drawn_fields(activation, scheme):
    """Within 4 standard errors of the mean over draws, and 2% for the fixed sample of rms."""
    rng = np.random.default_rng(1)
    A, C, vectors = state(rng)
    rows = np.concatenate([GAMMA, BETA, A.ravel(), C.ravel()])[None, None]
    problem, g = problem_of(activation, scheme), G[activation]
    found = committee_errors(problem, rows)[0, 0]
    fields = rng.standard_normal((DRAWS, 5)) @ vectors.T
    v, h = fields[:, :2], fields[:, 2:]
    size = np.sqrt((h**2).mean(1, keepdims=True)) if scheme == "rms" else np.sqrt(np.diag(C))
    errors = 0.5 * (g(v).sum(1) - g(GAMMA * h / size) @ problem.committee.a) ** 2
    slack = 0.02 * found if scheme == "rms" else 0.0
    assert abs(found - errors.mean()) < 4 * errors.std() / np.sqrt(DRAWS) + slack
    assert found > 0.05


def test_closed_means_of_two_fields_are_those_of_quadrature():
    """relu with a shift of 1e-300 goes through the quadrature, whose error is below 1e-9."""
    kernels = committee_kernels(problem_of("relu", "wn"))
    for scale, scale2, rho in (
        (0.7, 1.3, 0.6),
        (-0.7, 1.3, 0.6),
        (0.4, 0.4, -1.0),
        (0.5, 2.0, 1.0),
    ):
        closed = kernels.pair_mean(0.0, scale, 0.0, scale2, rho)
        by_rule = kernels.pair_mean(1e-300, scale, 0.0, scale2, rho)
        assert closed == pytest.approx(by_rule, abs=1e-9)


def test_permuted_runs_are_matched():
    """Runs with their units in another order are named back; error and specialisation stay."""
    problem = bn.Problem("erf", "bn", units=2, teacher_units=2, batch_size=8)
    runs = bn.simulate(problem, dim=30, runs=2, times=[0.0, 1.0])
    turned = runs.values["A"][:, :, ::-1].copy(), runs.values["C"][:, :, ::-1, ::-1].copy()
    rows = np.concatenate(
        [runs.gamma[:, :, ::-1], np.zeros((2, 2, 2)), turned[0].reshape(2, 2, 4),
         turned[1].reshape(2, 2, 4)], axis=2,
    )  # fmt: skip
    permuted = dataclasses.replace(runs, values=committee_values(problem, rows))
    named = permuted.matched()
    for name in ("gamma", "A", "R", "C", "error", "specialisation"):
        np.testing.assert_allclose(named.values[name], runs.values[name], rtol=1e-12)
    assert np.abs(permuted.A - runs.A).max() > 0.01
