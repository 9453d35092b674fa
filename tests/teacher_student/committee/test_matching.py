"""Runs whose units were renamed are named back; what a name may be is read off the formulas."""

import dataclasses

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.committee.matching import Renaming
from bntheory.teacher_student.committee.symmetry import BY_WEIGHTS, SAME, TURNED, symmetry
from bntheory.teacher_student.online.committee.collect import committee_values

THREE = {"units": 3, "teacher_units": 3, "noise": 0.1}
#: Far from all of its own renamings, gammas too.
START = {
    "gamma": [0.6, 0.7, 0.8],
    "A": [[0.6, 0.1, 0.0], [0.1, 0.5, 0.1], [0.0, 0.2, 0.7]],
    "C": (0.9 * np.eye(3) + 0.1).tolist(),
}
#: Renamings that are symmetries: which unit comes first, second, third; signs of w, gamma, beta.
ALL_SIGNS = [[SAME, TURNED, SAME], [TURNED, SAME, TURNED], [SAME, SAME, SAME]]
PLANTED = {
    "wn-erf": ("erf", "wn", None, [[1, 2, 0], [0, 2, 1], [2, 1, 0]], ALL_SIGNS),
    "bn-relu": ("relu", "bn", None, [[1, 2, 0], [0, 1, 2], [2, 0, 1]], ALL_SIGNS),
    "sgd-erf": ("erf", "sgd", [1.0, -1.0, 1.0], [[2, 1, 0], [1, 0, 2], [0, 2, 1]],
                [[SAME] * 3, [BY_WEIGHTS, BY_WEIGHTS, SAME], [SAME, BY_WEIGHTS, BY_WEIGHTS]]),
}  # fmt: skip


def planted(case):
    """Runs of a problem near one state, and the same with the units of each renamed."""
    activation, scheme, a, orders, signs = PLANTED[case]
    start = {name: START[name] for name in ("A", "C") + ("gamma",) * (scheme != "sgd")}
    batch = {"batch_size": 8} if scheme == "bn" else {}
    problem = bn.Problem(activation, scheme, second_layer=a, start=start, **THREE, **batch)
    runs = bn.simulate(problem, dim=200, runs=3, times=[0.0, 0.5], workers=1, seed=2)
    renaming = Renaming(np.array(orders), np.array(signs, dtype=float))
    renamed = renaming(runs.values)
    rows = np.concatenate(
        [renamed.get("gamma", np.ones((3, 2, 3))), np.zeros((3, 2, 3)),
         renamed["A"].reshape(3, 2, 9), renamed["C"].reshape(3, 2, 9)], axis=2,
    )  # fmt: skip
    return runs, dataclasses.replace(runs, values=committee_values(problem, rows))


@pytest.mark.parametrize("case", PLANTED)
def test_planted_renamings_are_undone(case):
    runs, renamed = planted(case)
    # A symmetry: the error of the renamed states, computed anew, is that of the first ones.
    np.testing.assert_allclose(renamed.error, runs.error, rtol=1e-10)
    assert np.abs(renamed.A - runs.A).max() > 0.3
    gamma = runs.values["gamma"][0, -1] if "gamma" in runs.values else None
    found = renamed.matched((runs.R[0, -1], gamma))
    for name in ("A", "R", "C", "error", "specialisation"):
        np.testing.assert_allclose(found.values[name], runs.values[name], rtol=1e-12, atol=1e-15)
    assert found.matched_to == "flow"
    assert found.renamed == (renamed.A != runs.A).any(axis=(1, 2, 3)).sum()
    back = found.as_named()
    assert np.array_equal(back.A, renamed.A)
    assert np.array_equal(back.C, renamed.C)


def test_what_is_no_symmetry_changes_the_error():
    """A sign of the weights alone, of units without another to compensate it."""
    runs, _ = planted("sgd-erf")
    wrong = Renaming(np.tile(np.arange(3), (3, 1)), np.tile([[-1.0, 1.0, -1.0]], (3, 3, 1)))
    values = wrong(runs.values)
    rows = np.concatenate(
        [np.ones((3, 2, 3)), np.zeros((3, 2, 3)), values["A"].reshape(3, 2, 9),
         values["C"].reshape(3, 2, 9)], axis=2,
    )  # fmt: skip
    assert np.abs(committee_values(runs.problem, rows)["error"] - runs.error).min() > 0.1


def test_units_of_different_weights_keep_their_places():
    problem = bn.Problem("erf", "sgd", second_layer=[1.0, 0.5, 0.5], **THREE)
    runs = bn.simulate(problem, dim=60, runs=2, times=[0.0, 0.1], workers=1)
    turned = Renaming(np.array([[2, 1, 0], [0, 2, 1]]), np.ones((2, 3, 3)))
    found = dataclasses.replace(runs, values=turned(runs.values)).matched("first")
    assert found.renaming.order[:, 0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("scheme", "activation", "counts"),
    [
        ("sgd", "relu", (1, 0)),
        ("sgd", "tanh", (1, 1)),
        ("pn", "identity", (2, 2)),
        ("bn", "erf", (2, 2)),
        ("ln", "erf", (1, 1)),  # the mean over units knows a sign of one of them
        ("rms", "relu", (2, 0)),
    ],
)
def test_symmetries_are_those_of_the_formulas(scheme, activation, counts):
    found = symmetry(bn.Problem(activation, scheme, batch_size=8, **THREE))
    assert (len(found.equal), len(found.opposite)) == counts


def test_runs_of_a_start_that_is_drawn_are_matched_by_themselves():
    problem = bn.Problem("erf", "sgd", units=3, teacher_units=3, start="random")
    runs = bn.simulate(problem, dim=30, runs=6, times=[0.0, 0.5], workers=1, seed=1)
    assert runs.matched_to == "teachers"
    assert 0 < runs.renamed <= 6
    assert f"units of {runs.renamed} of 6 runs were renamed" in runs.names()
    own = np.trace(runs.R[:, -1], axis1=1, axis2=2)
    assert (own >= np.trace(runs.as_named().R[:, -1], axis1=1, axis2=2) - 1e-12).all()
    assert runs.to_dict()["matched"] == {"to": "teachers", "renamed": runs.renamed}
    assert runs == runs.matched()
    known = bn.simulate(problem.replace(start=None), dim=30, runs=2, times=[0.0, 0.5], workers=1)
    assert known.matched_to == ""
    assert known.names() == ""
    assert known.to_dict()["matched"] is None


def test_refusals_say_what_is_accepted(tmp_path):
    runs, renamed = planted("wn-erf")
    with pytest.raises(InputError, match="teachers, first or a state"):
        runs.matched("second")
    with pytest.raises(InputError, match="time or permutations"):
        runs.showing("scatter")
    renamed.matched("first").showing("permutations").save(tmp_path / "names.png")


def test_a_drawn_start_is_that_of_the_first_run():
    problem = bn.Problem("erf", "wn", units=2, teacher_units=3, start="random", q0=0.7)
    runs = bn.simulate(problem, dim=50, runs=2, times=[0.0, 0.1], seed=5, workers=1).as_named()
    known = problem.with_drawn_start(50, seed=5)
    np.testing.assert_allclose(known.committee.A0, runs.A[0, 0], atol=1e-12)
    np.testing.assert_allclose(known.committee.C0, runs.C[0, 0], atol=1e-12)
    assert known.with_drawn_start(50) is known
    flow = bn.integrate(problem, dim=50, sampling=(8, None, 5), times=[0.0, 0.1])
    np.testing.assert_allclose(flow.A[0], runs.A[0, 0], atol=1e-12)
