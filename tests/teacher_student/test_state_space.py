"""States of named blocks: packed and unpacked without loss, and the only place that counts."""

import re
from pathlib import Path

import numpy as np
import pytest
from bntheory.codegen.modules import PACKAGE
from bntheory.teacher_student.problem import Problem
from bntheory.teacher_student.state_space import Block, StateSpace
from hypothesis import given
from hypothesis import strategies as st

#: Arithmetic on positions, and the last columns of states.
BY_POSITION = re.compile(r"\b(SIZE|ORDER) ?- ?[12]\b|states\[:, ?-[12]\]|flow\.size - [12]")


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32))
def test_blocks_are_packed_and_unpacked_without_loss(K, T, seed):
    space = StateSpace(
        (Block("gamma", (K,)), Block("A", (K, T)), Block("C", (K, K), symmetric=True),
         Block("L", chart="log"))
    )  # fmt: skip
    assert space.size == K + K * T + K * (K + 1) // 2 + 1 == len(set(space.labels))
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(K, K))
    values = {"gamma": rng.normal(size=K), "A": rng.normal(size=(K, T)), "C": root @ root.T,
              "L": 2.0}  # fmt: skip
    row = space.pack(values)
    back = space.unpack(np.stack([row, 2 * row]))
    for name, value in values.items():
        np.testing.assert_array_equal(back[name], np.stack([value, 2 * np.asarray(value)]))
    assert row[space.place("L")] == 2.0
    assert space.places("log") == (space.size - 1,)


def test_an_unknown_label_is_an_error():
    with pytest.raises(KeyError, match="Q"):
        Problem(scheme="wn").state_space.place("Q")


@pytest.mark.parametrize(
    ("scheme", "train_beta", "labels"),
    [("sgd", False, ("R", "L")), ("wn", False, ("gamma", "R", "L")),
     ("bn", True, ("gamma", "beta", "R", "L"))],
)  # fmt: skip
def test_the_state_of_a_scheme_is_what_it_trains(scheme, train_beta, labels):
    problem = Problem(scheme=scheme, train_beta=train_beta, q0=0.7, r0=0.1, l0=1.5)
    assert problem.order_parameters == problem.state_space.labels == labels
    values = problem.state_space.unpack(np.array(problem.initial_state))
    assert float(values["R"]) == 0.1
    assert float(values["L"]) == (0.7 if scheme == "sgd" else 1.5)
    assert problem.state_space.places("cosine") == (labels.index("R"),)


def test_nothing_else_addresses_a_state_by_position():
    found = [
        f"{path}: {line}"
        for folder in ("odes", "teacher_student", "experiments", "pictures", "explorer")
        for path in Path(PACKAGE / folder).rglob("*.*")
        if path.suffix in (".py", ".js") and path.name != "state_space.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if BY_POSITION.search(line)
    ]
    assert found == []
    assert BY_POSITION.search("    r, a = ORDER - 2, ORDER - 1")
