"""Predicted covariance and shift of committees: against one unit's theory, and against runs."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.committee.dynamics import CommitteeDynamics
from bntheory.odes.fluctuations.committee import committee_fluctuations
from bntheory.odes.fluctuations.committee_steps import Steps, check_scatter
from bntheory.results.errors import InputError

TIMES = np.array([0.0, 0.5, 1.0, 2.0])
#: A linear teacher as two units: their sum is the field of one.
SPLIT = {"teacher_units": 2, "teacher_overlap": [[0.5, 0.0], [0.0, 0.5]]}


def in_products(predicted):
    """A scalar prediction in the coordinates of a committee: gamma where it is, P = LR, C = L^2."""
    names = predicted.problem.order_parameters
    R, L = (predicted.mean[:, names.index(n)] for n in ("R", "L"))
    slopes = np.zeros((len(R), len(names), len(names)))
    r, el = names.index("R"), names.index("L")
    for i, name in enumerate(names):
        slopes[:, i, i] = 1.0 if name not in ("R", "L") else L if name == "R" else 2 * L
    slopes[:, r, el] = R
    S = predicted.covariance
    covariance = slopes @ S @ slopes.transpose(0, 2, 1)
    shift = (slopes @ predicted.shift[:, :, None])[:, :, 0]
    shift[:, r] += S[:, r, el]
    shift[:, el] += S[:, el, el]
    return covariance, shift


@pytest.mark.parametrize("scheme", ["wn", "bn"])
def test_one_linear_unit_is_the_scalar_theory(scheme):
    """Steps are drawn: D has an error of 3% at a node, of which 40 are averaged; bound at 4%."""
    batch = {"batch_size": 8} if scheme == "bn" else {"batch_size": 2}
    given = {"eta": 0.8, "noise": 0.2, "weight_decay": 0.1, "r0": 0.3, "l0": 1.2, **batch}
    one = bn.Problem("identity", scheme, **given)
    L, P = 1.2, 0.3 * 1.2
    start = {"gamma": [0.5], "A": [[P / 2, P / 2]], "C": [[L * L]]}
    problem = bn.Problem("identity", scheme, start=start, **SPLIT, **given)
    found = committee_fluctuations(problem, TIMES)
    both = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])  # the overlaps' sum is P
    covariance, shift = in_products(bn.fluctuations(one, times=TIMES))
    mine = both @ found.covariance @ both.T
    scale = np.sqrt(np.einsum("tii->ti", covariance))[1:]
    correlations = (mine - covariance)[1:] / (scale[:, :, None] * scale[:, None, :])
    assert np.abs(correlations).max() < 0.04
    # Shifts in units of a run's spread (N = 1).
    assert np.abs((found.shift @ both.T - shift)[1:] / scale).max() < 0.05
    assert np.abs(shift[1:] / scale).max() > 0.5


def problem_of(case):
    activation, scheme, others = CASES[case]
    given = {"units": 2, "teacher_units": 2, "eta": 0.8, "batch_size": 2, "noise": 0.3}
    given |= {"weight_decay": 0.05, "q0": 0.8, "start": "symmetric:0.2"}
    return bn.Problem(activation, scheme, **(given | others))


CASES = {
    "sgd-erf": ("erf", "sgd", {}),
    "wn-relu": ("relu", "wn", {}),
    "pn-erf": ("erf", "pn", {"batch_size": 4}),
    "bn-erf": ("erf", "bn", {"batch_size": 8}),
    "bn-identity": ("identity", "bn", {"batch_size": 8}),
    "bn-groups": ("erf", "bn", {"batch_size": 16, "statistics_size": 8}),
    "ln-relu": ("relu", "ln", {"units": 6}),
}


def test_drawn_steps_have_the_mean_of_the_flow():
    """Seven numbers, 16 draws: Student's t of 15 degrees beyond 6 has probability 2e-5 each."""
    problem = problem_of("sgd-erf")
    y = np.array(problem.initial_state)
    steps = Steps(problem)
    drawn = np.array([steps.at(0.0, y).mean for _ in range(16)])
    z = (drawn.mean(axis=0) - CommitteeDynamics(problem).rhs(y)) / drawn.std(axis=0, ddof=1) * 4.0
    assert np.abs(z).max() < 6.0
    quiet = Steps(problem.replace(noise=0.0)).at(0.0, y)
    assert (np.diag(quiet.covariance) < np.diag(steps.at(0.0, y).covariance)).all()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"scheme": "bn", "batch_size": 6}, "batch_size"),
        ({"scheme": "bn", "batch_size": 24, "statistics_size": 6}, "statistics_size"),
        ({"scheme": "var-only-bn", "batch_size": 9}, "batch_size"),
        ({"scheme": "ln", "units": 5}, "units"),
    ],
)
def test_scatter_that_is_infinite_is_refused(change, named):
    problem = problem_of("sgd-erf").replace(**change)
    with pytest.raises(InputError) as refused:
        check_scatter(problem)
    assert refused.value.parameter == named


def variances(problem, dim, runs):
    """z of the variances of runs against the prediction, by their own fourth moments."""
    sample = bn.simulate(problem, dim=dim, runs=runs, times=TIMES, seed=7)
    y = problem.committee.state_space.pack_rows(sample.values)[:, 1:]
    own = y.var(axis=0, ddof=1)
    fourth = ((y - y.mean(axis=0)) ** 4).mean(axis=0) / own**2
    return lambda predicted: (
        (own * dim / np.einsum("tii->ti", predicted.covariance)[1:] - 1.0)
        / np.sqrt((fourth - 1.0) / runs)
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_runs_scatter_as_predicted(case, record_property):
    """Up to 120 variances of 300 runs each; a normal number beyond 4.5 has probability 7e-6."""
    problem = problem_of(case)
    z = variances(problem, 4000, 300)
    found = z(committee_fluctuations(problem, TIMES))
    line = f"{case:12s} {np.abs(found).max():.2f} of {found.size}"
    record_property("committees: variances of runs against the prediction", line)
    assert np.abs(found).max() < 4.5
    # Planted: steps without label noise, and the mean over a batch twice as large.
    for wrong in ({"noise": 0.0}, {"batch_size": 2 * problem.batch_size}):
        assert np.abs(z(committee_fluctuations(problem.replace(**wrong), TIMES))).max() > 4.5
