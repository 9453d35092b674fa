"""Statistics of m examples in steps of M on the page, run by a JavaScript engine."""

import json

import bntheory as bn
import numpy as np
import pytest
from bntheory.explorer import contents
from bntheory.explorer.page import engine
from page_script import AGREE, solved
from py_mini_racer import MiniRacer

GHOST = bn.Problem("identity", batch_size=24, statistics_size=6, noise=0.3, weight_decay=0.7)


@pytest.fixture(scope="module")
def script():
    """Evaluates JavaScript on a page's contents, with a state made of a problem as `state`."""
    js = MiniRacer()
    held = contents.collect(["relu", "identity"], ["bn", "pn", "wn"], [2, 4, 6, 8, 24, 32])
    tables = {name: contents.unpacked(text).tolist() for name, text in held.tables.items()}
    del held.tables[f"{held.entries['relu/bn']['key']}/4"]
    js.eval(engine(held))
    js.eval(f"Object.assign(TABLE_CACHE, {json.dumps(tables)})")

    def evaluate(expression, problem=GHOST, **changes):
        state = f"{{...initialState({json.dumps(problem.to_dict())}), ...{json.dumps(changes)}}}"
        return json.loads(js.eval(f"((state) => JSON.stringify({expression}))({state})"))

    return evaluate


def test_the_rates_of_ghost_batches_are_those_of_the_command():
    shown, found = solved(GHOST), bn.fixed_points(GHOST)
    assert len(shown["points"]) == len(found.points)
    for ours, theirs in zip(shown["points"], found.points, strict=True):
        for name in ("Q", "R", "L", "eta_eff", "largest_eta"):
            expected = getattr(theirs, name)
            assert ours[name] == (expected and pytest.approx(expected, rel=AGREE, abs=AGREE))


@pytest.mark.parametrize(
    "wrong",
    [("m: statisticsOf(state)", "m: state.batch_size"),
     ("M: state.batch_size", "M: statisticsOf(state)")],
    ids=["drift at M", "noise over m"],
)  # fmt: skip
def test_sizes_that_are_taken_for_each_other_are_seen(wrong):
    flow = bn.integrate(GHOST, time=20, points=201)
    right, shown = solved(GHOST), solved(GHOST, change=lambda text: text.replace(*wrong))
    assert np.abs(np.array(right["columns"]["R"]) - flow.R).max() < AGREE
    assert np.abs(np.array(shown["columns"]["R"]) - flow.R).max() > 1000 * AGREE


def test_a_decay_that_imitates_small_batches_is_theirs(script):
    problem = bn.Problem("relu", "pn", batch_size=32, statistics_size=8)
    assert script("decay(state)", problem) == pytest.approx(3 / 64)
    assert script("decay(state)", problem, statistics_size=None) == pytest.approx(3 / 256)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"activation": "relu", "statistics_size": 2}, "M = 24, m = 2: the flow asks for E[1/s^2]"),
        ({"activation": "relu", "statistics_size": 12}, "bntheory explore --batch-sizes 12,24"),
        ({"activation": "relu", "batch_size": 12}, ""),  # no table of 12, but one of 6
        ({"statistics_size": 5}, "M = 24, m = 5: groups of a batch are equally large"),
        ({"statistics_size": None}, ""),
        ({"scheme": "wn", "zeta": 0, "statistics_size": 5}, ""),
    ],
)
def test_statistics_without_a_flow_are_refused(script, changes, said):
    refused = script("refusal(state)", **changes)
    assert said in refused
    assert bool(said) == bool(refused)


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({}, [2, 4, 6, 8, 24]),
        ({"batch_size": 32}, [2, 4, 8, 32]),
        ({"batch_size": 7}, [7]),
    ],
)
def test_the_slider_has_the_divisors_of_the_batch(script, changes, sizes):
    assert script("sliderValues('statistics_size', state)", **changes) == sizes


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ({}, [24, 6]),
        ({"batch_size": 32, "statistics_size": None}, [32, None]),
        ({"batch_size": 32}, [32, 4]),
        ({"batch_size": 6}, [6, None]),
        ({"batch_size": 24, "statistics_size": 24}, [24, None]),
    ],
)
def test_sizes_stay_divisors_when_the_batch_moves(script, changes, sizes):
    assert script("[fitted(state).batch_size, fitted(state).statistics_size]", **changes) == sizes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "--batch-size 24 --statistics-size 6 --zeta"),
        ({"statistics_size": None}, "--batch-size 24 --zeta"),
        ({"scheme": "wn", "zeta": 0}, "--batch-size 24 --zeta"),
        ({"scheme": "wn", "zeta": "auto"}, "--batch-size 24 --statistics-size 6 --zeta auto"),
    ],
)
def test_the_command_names_statistics_where_they_play_a_part(script, changes, said):
    assert said in script("commandOf(state, 'integrate')", **changes)


def test_a_decay_that_would_count_twice_is_not_offered(script):
    """Batch statistics are there already: their decay stands for those of schemes without."""
    problem = bn.Problem("relu", "pn", batch_size=32)
    assert script("offersAuto(state)", problem)
    assert not script("offersAuto(state)", problem, scheme="bn")
    assert script("fitted(state).zeta", problem) == "auto"
    assert script("fitted(state).zeta", problem, scheme="bn") == 0
