"""Problems of several units: what is accepted, what is refused, and where they start."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.committee.checks import check_moments

TWO = {"activation": "erf", "units": 2, "teacher_units": 2}
TEACHER = [[1.0, 0.3], [0.3, 0.5]]
MATRICES = {"gamma": [1, 2], "A": [[0.1, 0.2], [0.3, 0.4]], "C": [[1, 0.5], [0.5, 2]]}

REFUSED = {
    "one-unit-ln": ({"scheme": "ln"}, "scheme", "one unit less its mean is 0"),
    "two-units-ln": ({"scheme": "ln", "units": 2}, "scheme", "are 1 and -1"),
    "one-unit-rms": ({"scheme": "rms"}, "scheme", "is 1 or -1"),
    "running": ({"scheme": "tracked", "units": 2}, "scheme", "running statistics"),
    "no-units": ({"units": 0}, "units", "a whole number of at least 1"),
    "half-a-teacher": ({"teacher_units": 1.5}, "teacher_units", "a whole number"),
    "small-batch": ({**TWO, "batch_size": 3}, "batch_size", "is infinite; 4 or more"),
    "small-groups": (
        {**TWO, "batch_size": 6, "statistics_size": 3}, "statistics_size", "is infinite"
    ),
    "momentum": ({**TWO, "momentum": 0.9}, "momentum", "0 is accepted"),
    "loss": ({**TWO, "scheme": "wn", "loss": "absolute"}, "loss", "squared is accepted"),
    "clip": ({**TWO, "scheme": "wn", "clip": 1.0}, "clip", "none is accepted"),
    "lonely-start": ({"start": "random"}, "start", "units or teacher_units above 1"),
    "lonely-layer": ({"second_layer": [1.0]}, "second_layer", "above 1"),
    "other-start": ({**TWO, "start": "symetric:1"}, "start", "symmetric:EPS with EPS from -1 to 1"),
    "no-start": ({**TWO, "start": 5}, "start", "a table of gamma, A and C"),
    "too-symmetric": (
        {**TWO, "start": "symmetric:1", "r0": 0.9}, "start", "of its length 1 within the teachers"
    ),
    "short-layer": ({**TWO, "second_layer": [1.0]}, "second_layer", "2 finite numbers"),
    "infinite-layer": ({**TWO, "second_layer": [1.0, np.inf]}, "second_layer", "finite"),
    "parallel-teachers": (
        {**TWO, "teacher_overlap": [[1, 1], [1, 1]]}, "teacher_overlap", "positive definite"
    ),
    "lopsided-teachers": (
        {**TWO, "teacher_overlap": [[1, 0.1], [0, 1]]}, "teacher_overlap", "symmetric"
    ),
    "no-vectors": (
        {**TWO, "start": {**MATRICES, "A": [[1, 1], [1, 1]]}}, "start", "positive semidefinite"
    ),
    "no-gamma": (
        {**TWO, "start": {"A": [[0, 0]] * 2, "C": np.eye(2)}}, "start", "gamma is missing"
    ),
    "sgd-gamma": ({**TWO, "scheme": "sgd", "start": MATRICES}, "start", "have no gamma"),
    "no-length": (
        {**TWO, "start": {**MATRICES, "A": [[0, 0]] * 2, "C": np.zeros((2, 2))}}, "start", "length"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_says_why(case):
    given, parameter, reason = REFUSED[case]
    with pytest.raises(InputError, match=reason) as refused:
        bn.Problem(**given)
    assert refused.value.parameter == parameter


@pytest.mark.parametrize(
    ("scheme", "units", "batch", "flow", "spread"),
    [("ln", 3, 4, False, False), ("ln", 4, 4, True, False), ("ln", 6, 4, True, True),
     ("rms", 2, 4, False, False), ("rms", 3, 4, True, False), ("rms", 5, 4, True, True),
     ("bn", 2, 4, True, False), ("bn", 2, 6, True, True), ("wn", 2, 1, True, True)],
)  # fmt: skip
def test_infinite_moments_are_refused(scheme, units, batch, flow, spread):
    problem = bn.Problem("erf", scheme, units=units, batch_size=batch)
    for exists, fluctuations in ((flow, False), (spread, True)):
        if exists:
            check_moments(problem, fluctuations)
        else:
            with pytest.raises(InputError, match="is infinite"):
                check_moments(problem, fluctuations)


def test_by_default_there_is_one_unit():
    problem = bn.Problem()
    assert not problem.several_units
    assert problem.order_parameters == ("gamma", "R", "L")
    committee = bn.Problem(q0=0.7, r0=0.3, l0=2.0).committee
    assert committee.gamma0.tolist() == [0.7]
    np.testing.assert_allclose(committee.A0, [[0.3 * 2.0]])
    np.testing.assert_allclose(committee.C0, [[4.0]])


@pytest.mark.parametrize("scheme", ["sgd", "bn"])
@pytest.mark.parametrize("start", [None, "symmetric:0.02", "random", MATRICES])
def test_a_problem_of_several_units_is_written_and_read(scheme, start):
    if scheme == "sgd" and isinstance(start, dict):
        start = {name: start[name] for name in ("A", "C")}
    problem = bn.Problem(
        scheme=scheme, **TWO, teacher_overlap=TEACHER, second_layer="1,-0.5", start=start
    )
    assert bn.Problem.from_json(problem.to_json()) == problem
    assert bn.Problem.from_toml(problem.to_toml()) == problem
    assert hash(problem) == hash(problem.replace(eta=problem.eta))
    assert problem.second_layer == (1.0, -0.5)


def gram(committee):
    return np.block([[committee.T, committee.A0.T], [committee.A0, committee.C0]])


@pytest.mark.parametrize("units", [2, 3, 5])
@pytest.mark.parametrize("start", [None, "symmetric:0.1", "random"])
def test_every_start_exists(units, start):
    """Units have their lengths, and all products together those of some vectors."""
    problem = bn.Problem(
        "erf", "wn", units=units, teacher_units=2, teacher_overlap=TEACHER, start=start, l0=1.5
    )
    committee = problem.committee.drawn(50, np.random.default_rng(0))
    np.testing.assert_allclose(np.diag(committee.C0), 1.5**2)
    assert np.linalg.eigvalsh(gram(committee)).min() > -1e-12


def test_a_symmetric_start_has_its_overlaps():
    """Without asymmetry all units have overlap r0 with the teachers' sum; eps favours their own."""
    at = {"r0": 0.4, "l0": 2.0, "teacher_overlap": TEACHER}
    even = bn.Problem(scheme="wn", **TWO, **at, start="symmetric:0").committee
    directions = 1.0 / np.sqrt(np.diag(TEACHER))
    length = np.sqrt(directions @ np.array(TEACHER) @ directions)
    np.testing.assert_allclose(even.A0 @ directions / (2.0 * length), [0.4, 0.4])
    np.testing.assert_array_equal(even.A0[0], even.A0[1])
    apart = bn.Problem(scheme="wn", **TWO, r0=0.4, l0=2.0, start="symmetric:0.01").committee
    A = apart.A0 / 2.0
    np.testing.assert_allclose(A[0, 0] - A[0, 1] - A[1, 0] + A[1, 1], 0.02)


def test_a_random_start_is_drawn_in_its_dimension():
    """Cosines of uniform directions have mean 0 and variance 1/N: 4 standard errors."""
    committee = bn.Problem(scheme="wn", **TWO, start="random").committee
    with pytest.raises(InputError, match="drawn in a dimension"):
        _ = committee.A0
    rng, N, draws = np.random.default_rng(1), 30, 4000
    found = [committee.drawn(N, rng) for _ in range(draws)]
    for cosine in (np.array([c.A0[0, 1] for c in found]), np.array([c.C0[0, 1] for c in found])):
        assert abs(cosine.mean()) < 4 / np.sqrt(N * draws)
        assert abs(N * cosine.var() - 1) < 4 * np.sqrt(2 / draws)


def test_the_state_is_packed_by_blocks():
    problem = bn.Problem(scheme="bn", **TWO, start=MATRICES)
    assert problem.order_parameters == (
        "gamma_0", "gamma_1", "A_00", "A_01", "A_10", "A_11", "C_00", "C_01", "C_11",
    )  # fmt: skip
    assert problem.initial_state == (1, 2, 0.1, 0.2, 0.3, 0.4, 1, 0.5, 2)


def test_answers_for_one_unit_refuse_several():
    with pytest.raises(InputError, match="1 is accepted"):
        bn.regularization(bn.Problem(**TWO))
    with pytest.raises(InputError, match="1 is accepted"):
        bn.train(bn.Problem(**TWO, scheme="wn"), alpha=2.0)
    with pytest.raises(InputError, match="at least 6 is accepted"):
        bn.simulate(bn.Problem(**TWO), dim=5, runs=1)
