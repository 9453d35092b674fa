"""`Problem`: what is accepted, what is refused and how, and round trips."""

import json
import math

import pytest
from bntheory import Problem
from hypothesis import given
from hypothesis import strategies as st

POSITIVE = ["eta", "gamma_rate", "q0", "l0"]
NOT_NEGATIVE = ["noise", "weight_decay", "zeta"]
NEVER_A_NUMBER = [math.nan, math.inf, -math.inf, True, None, [], {}, 10**400, 1j, b"1"]


def refusal(**values):
    with pytest.raises(ValueError, match=r"accepted|has no") as caught:
        Problem(**values)
    return str(caught.value)


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("value", [0, -1, -1e-300, *NEVER_A_NUMBER])
def test_a_rate_or_length_is_a_positive_number(name, value):
    assert refusal(**{name: value}).startswith(f"{name}={value!r}: ")


@pytest.mark.parametrize("name", NOT_NEGATIVE)
@pytest.mark.parametrize("value", [-1, -1e-300, *NEVER_A_NUMBER, "text"])
def test_a_decay_or_variance_is_at_least_zero(name, value):
    if name == "zeta" and value is None:
        assert Problem(scheme="pn", zeta=None).zeta == "auto"  # None asks for the scheme's default
        return
    assert refusal(**{name: value}).startswith(f"{name}={value!r}: ")


@pytest.mark.parametrize("value", [1.0000001, -1.5, *NEVER_A_NUMBER])
def test_an_overlap_is_within_one(value):
    assert refusal(r0=value).startswith(f"r0={value!r}: ")


@pytest.mark.parametrize("value", [0, -3, 2.5, "32", math.nan, math.inf, True, 10**400])
def test_a_batch_size_is_a_positive_whole_number(value):
    assert refusal(batch_size=value).startswith(f"batch_size={value!r}: ")


@pytest.mark.parametrize("name", ["activation", "scheme"])
@pytest.mark.parametrize("value", ["", "nonsense", "1", 3, None, "__import__('os')", "a.b"])
def test_a_name_or_formula_is_one(name, value):
    assert refusal(**{name: value}).startswith(f"{name}={value!r}: ")


@pytest.mark.parametrize("value", ["", "x", "-1", "nan", "inf", "t.real", "t +"])
def test_a_learning_rate_is_a_number_or_a_formula_in_t(value):
    assert refusal(eta=value).startswith("eta=")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"scheme": "sgd", "zeta": 0.1}, "zeta=0.1: scheme='sgd' has no gamma"),
        ({"scheme": "wn", "train_beta": True}, "train_beta=True: scheme='wn' has no beta"),
        ({"scheme": "bn", "train_beta": "yes"}, "train_beta='yes': true or false is accepted"),
        ({"scheme": "bn", "batch_size": 1}, "batch_size=1: a whole number of at least 2"),
    ],
)
def test_what_a_scheme_does_not_have_is_refused(values, said):
    assert refusal(**values).startswith(said)


@pytest.mark.parametrize(
    ("scheme", "batch_size", "zeta"),
    [
        ("sgd", 1, 0.0),
        ("wn", 1, 0.0),
        ("pn", 32, "auto"),
        ("bn", 32, 0.0),
        ("mean-only-bn", 32, 0.0),
        ("var-only-bn", 32, 0.0),
        ("gamma*a", 32, 0.0),
    ],
)
def test_defaults_depend_on_the_scheme(scheme, batch_size, zeta):
    problem = Problem(scheme=scheme)
    assert (problem.batch_size, problem.zeta) == (batch_size, zeta)


def test_order_parameters_are_those_of_the_scheme():
    assert Problem(scheme="sgd", q0=0.7).initial_state == (0.2, 0.7)  # R, then the length that is Q
    assert Problem(scheme="sgd").order_parameters == ("R", "L")
    assert Problem(scheme="wn").order_parameters == ("gamma", "R", "L")
    trained = Problem(scheme="bn", train_beta=True)
    assert trained.order_parameters == ("gamma", "beta", "R", "L")
    assert trained.initial_state == (0.5, 0.0, 0.2, 1.0)


positive = st.floats(min_value=1e-300, max_value=1e300)
problems = st.builds(
    Problem,
    activation=st.sampled_from(["relu", "erf", "h/(1 + exp(-h))"]),
    scheme=st.sampled_from(["wn", "pn", "bn", "gamma*a"]),
    eta=positive | st.sampled_from(["0.1 + 1/(1 + t)"]),
    gamma_rate=positive,
    zeta=st.none() | st.just("auto") | st.floats(min_value=0, max_value=1e300),
    noise=st.floats(min_value=0, max_value=1e300),
    batch_size=st.none() | st.integers(min_value=2, max_value=10**6),
    weight_decay=st.floats(min_value=0, max_value=1e300),
    q0=positive,
    r0=st.floats(min_value=-1, max_value=1),
    l0=positive,
)


@given(problems)
def test_json_and_toml_round_trips_are_exact(problem):
    for again in (Problem.from_json(problem.to_json()), Problem.from_toml(problem.to_toml())):
        assert again == problem
        assert hash(again) == hash(problem)
    assert json.loads(problem.to_json()) == problem.to_dict()


@given(problems, positive)
def test_replace_changes_what_is_named_alone(problem, eta):
    changed = problem.replace(eta=eta)
    assert changed.eta == eta
    assert changed.replace(eta=problem.eta) == problem


def test_a_problem_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        Problem().eta = 1.0


def test_unknown_names_are_refused():
    for make in (Problem().replace, lambda **values: Problem.from_dict(values)):
        with pytest.raises(ValueError, match="unknown parameter 'etta'; accepted are activation"):
            make(etta=1.0)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.toml", "eta = ", "cannot be read"),
        ("p.json", "{", "cannot be read"),
        ("p.json", b"\xff\xfe", "cannot be read"),
        ("p.json", "[" * 100_000, "cannot be read"),
        ("p.json", "[1, 2]", "a table of names and values, not a list"),
        ("p.json", '{"problem": 3}', "a table of names and values, not a number"),
        ("p.toml", "etta = 1", "unknown parameter 'etta'"),
        ("p.yaml", "eta: 1", "ending in .toml or .json is accepted"),
        ("p.toml", None, "cannot be read: No such file"),
    ],
)
def test_an_unusable_file_is_named_with_the_reason(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=said) as caught:
        Problem.read(path)
    assert str(caught.value).startswith(f"problem={str(path)!r}")


@pytest.mark.parametrize(("name", "write"), [("p.toml", "to_toml"), ("p.json", "to_json")])
def test_a_written_problem_is_read_back(tmp_path, name, write):
    problem = Problem(scheme="wn", eta="1/(1 + t)", noise=0.1)
    (tmp_path / name).write_text(getattr(problem, write)())
    assert Problem.read(tmp_path / name) == problem


def test_the_problem_of_a_result_file_is_found(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"problem": Problem(eta=2.0).to_dict(), "t": [0, 1]}))
    assert Problem.read(path) == Problem(eta=2.0)
