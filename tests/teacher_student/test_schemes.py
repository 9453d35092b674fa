"""A scheme, resolved: what it normalises by, what is trained, and its field."""

import dataclasses
import pickle

import pytest
from bntheory import Problem
from bntheory.teacher_student.schemes import Scheme, scheme_symbols


@pytest.mark.parametrize(
    ("scheme", "statistics", "trained"),
    [
        ("sgd", set(), ()),
        ("wn", set(), ("gamma",)),
        ("bn", {"mu", "sigma"}, ("gamma", "beta")),
        ("mean-only-bn", {"mu"}, ("gamma",)),
        ("gamma*a/sigma + beta", {"sigma"}, ("gamma", "beta")),
    ],
)
def test_facts_of_a_scheme(scheme: str, statistics: set[str], trained: tuple[str, ...]) -> None:
    resolved = Scheme.named(scheme, train_beta=True)
    assert resolved.statistics == statistics
    assert resolved.uses_batch == bool(statistics)
    assert resolved.trained_scalars == trained


def test_a_shift_that_is_not_trained_is_zero() -> None:
    beta = scheme_symbols()["beta"]
    fixed, trained = (Scheme.named("bn", train).field for train in (False, True))
    assert trained - fixed == beta


def test_a_field_that_is_not_affine_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^scheme='a\*\*2'.*not affine"):
        _ = Scheme.named("a**2").field


def test_resolving_leaves_a_problem_as_it_is() -> None:
    problem, other = Problem("tanh", eta="1/(1 + t)"), Problem("tanh", eta="1/(1 + t)")
    before = pickle.dumps(problem)
    assert problem.activation_.slope.free_symbols
    assert problem.scheme_.field.free_symbols
    assert problem.schedule.expression.free_symbols
    assert pickle.dumps(problem) == before  # a worker process gets the strings alone
    assert (problem, hash(problem)) == (other, hash(other))
    assert vars(problem.replace(noise=0.1)).keys() == {f.name for f in dataclasses.fields(Problem)}
    assert problem.replace(eta=0.3).schedule is None
