"""Momentum on the page: the limit of large N, run by a JavaScript engine."""

import json

import bntheory as bn
import numpy as np
import pytest
from bntheory.explorer import contents
from bntheory.explorer.page import engine
from page_script import AGREE, solved
from py_mini_racer import MiniRacer

HEAVY = bn.Problem("identity", "wn", eta=0.2, momentum=0.8, noise=0.3, batch_size=4,
                   weight_decay=0.7)  # fmt: skip
CASES = [
    HEAVY,
    HEAVY.replace(decoupled_decay=True),
    HEAVY.replace(weight_decay=0.0, nesterov=True),
    bn.Problem("relu", "sgd", eta=0.1, momentum=0.5, noise=0.1, batch_size=4),
]
RATES = ("eta_eff", "eta_max", "largest_eta", "largest_eta_frozen")


@pytest.mark.parametrize("problem", CASES, ids=["coupled", "decoupled", "nesterov", "plain"])
def test_the_page_shows_the_limit_of_the_commands(problem):
    shown, flow = solved(problem), bn.integrate(problem, time=20, points=201)
    for name in ("Q", "R", "L", "error"):
        assert shown["columns"][name] == pytest.approx(flow.values[name], abs=AGREE)
    found = bn.fixed_points(problem)
    assert len(shown["points"]) == len(found.points) > 0
    for ours, theirs in zip(shown["points"], found.points, strict=True):
        for name in RATES:
            expected = getattr(theirs, name)
            assert ours[name] == (expected and pytest.approx(expected, rel=AGREE))
    rate = problem.limit.eta
    if "gamma" in problem.trained_scalars:
        rate = rate * flow.Q / flow.L**2
    assert shown["columns"]["eta_eff"] == pytest.approx(rate * np.ones(201), rel=AGREE)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("state.eta / rest", "state.eta"),
     ("state.decoupled_decay ? rest : 1", "state.decoupled_decay ? 1 : 1"),
     ("row[name] *= rest", "row[name] *= 1")],
    ids=["no momentum", "decay as coupled", "rates of the limit"],
)  # fmt: skip
def test_a_wrong_limit_is_seen(right, wrong):
    problem = HEAVY.replace(decoupled_decay=True)
    if "row" in right:
        problem = problem.replace(weight_decay=0.0, decoupled_decay=False)
    shown = solved(problem, change=lambda text: text.replace(right, wrong))
    flow, point = bn.integrate(problem, time=20, points=201), bn.fixed_points(problem).points[0]
    off = np.abs(np.array(shown["columns"]["L"]) - flow.L).max()
    rates = abs(shown["points"][0]["largest_eta"] - point.largest_eta) if "row" in right else 0.0
    assert off + rates > 1000 * AGREE


@pytest.fixture(scope="module")
def script():
    """Evaluates JavaScript with a state made of a problem as `state`."""
    js = MiniRacer()
    js.eval(engine(contents.collect(["identity"], ["wn", "sgd"], [4])))

    def evaluate(expression, problem=HEAVY):
        state = f"initialState({json.dumps(problem.to_dict())})"
        return json.loads(js.eval(f"((state) => JSON.stringify({expression}))({state})"))

    return evaluate


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "--eta 0.2 --momentum 0.8 --batch-size 4"),
        ({"nesterov": True}, "--nesterov"),
        ({"decoupled_decay": True}, "--decoupled-decay"),
        ({"momentum": 0.0}, "--eta 0.2 --batch-size 4"),
    ],
)
def test_the_command_names_the_momentum(script, changes, said):
    told = script("commandOf(state, 'integrate')", HEAVY.replace(**changes))
    assert said in told
    assert ("--nesterov" in told) == bool(changes.get("nesterov"))


def test_only_a_momentum_below_one_is_taken_from_an_address(script):
    assert script("[0, 0.99, 1, -0.1].map((x) => allowed('momentum', x))") == [
        True, True, False, False,
    ]  # fmt: skip


def test_the_slider_ends_below_one(script):
    values = script("sliderValues('momentum', state)")
    assert values[0] == 0.0
    assert values[-1] == 0.99
    assert sorted(set(values)) == values
    assert 0.9 in values
