"""Other losses and labels on the page, in a JavaScript engine, against the commands' answers."""

import json
from types import SimpleNamespace

import bntheory as bn
import numpy as np
import pytest
from bntheory.explorer import contents
from bntheory.explorer.page import engine, page
from bntheory.results.errors import InputError
from command import run_command
from page_script import solved
from py_mini_racer import MiniRacer

#: Flows of smooth losses, those with kinks, and rates that a root is searched for.
SMOOTH, KINKED, RATE = 1e-8, 1e-6, 1e-6
#: As far as the page looks for fixed points of classes (docs/explorer.md); where a loss of signs
#: levels off, the commands name one of the far scales at which next to nothing moves.
FARTHEST = 60.0
WN = {"scheme": "wn", "activation": "identity"}
#: One compiled flow each, three odd sets of numbers.
FLOWS = [
    (WN | {"loss": "logistic", "labels": "sign"}, SMOOTH, [
        {"eta": 0.73, "batch_size": 3, "q0": 1.37},
        {"eta": 2.1, "r0": -0.41, "weight_decay": 0.13, "l0": 0.8},
        {"eta": 0.37, "gamma_rate": 0.6, "zeta": 0.11, "momentum": 0.3}]),
    ({"scheme": "sgd", "activation": "identity", "loss": "huber:0.7",
      "noise_law": "student-t:2.6"}, KINKED, [
        {"eta": 0.23, "noise": 0.31}, {"eta": 0.57, "noise": 0.07, "r0": -0.9}, {"eta": 0.9}]),
]  # fmt: skip
#: Heavier: every other loss, labels and scheme once more.
MORE = [
    ({"scheme": scheme, "activation": activation, "loss": loss, "labels": labels}, exact, [
        {"eta": 0.31, "batch_size": 3, "q0": 0.71},
        {"eta": 0.87, "r0": -0.23, "weight_decay": 0.07},
        {"eta": 0.17, "batch_size": 11, "r0": 0.63, "q0": 1.9}])
    for scheme, activation, loss, labels, exact in [
        ("pn", "tanh", "squared", "bernoulli:2.3", SMOOTH),
        ("sgd", "erf", "logistic", "bernoulli:0.8", SMOOTH),
        ("sgd", "relu", "hinge", "bernoulli:2.7", KINKED),
        ("pn", "leaky-relu", "logistic", "sign", SMOOTH),
        ("wn", "relu", "absolute", "sign", KINKED),
        ("sgd", "tanh", "huber:0.6", "sign", KINKED),
        ("pn", "identity", "hinge", "sign", KINKED),
        ("wn", "identity", "absolute", "teacher", KINKED),
        ("pn", "identity", "huber:1.4", "teacher", KINKED),
        ("wn", "identity", "log(cosh(y - o))", "teacher", SMOOTH),
    ]
]  # fmt: skip
POINT = ("Q", "R", "L", "eta_eff", "eta_max", "largest_eta", "error", "length_exponent")


def made(given):
    """The problem; without the decay of gamma that other losses do not have."""
    return bn.Problem(**({} if given["scheme"] == "sgd" else {"zeta": 0.0}) | given)


def cases(several):
    return [
        pytest.param(made(formulas | numbers), exact,
                     id=f"{formulas['scheme']}-{formulas['loss']}-{k}")
        for formulas, exact, sets in several for k, numbers in enumerate(sets)
    ]  # fmt: skip


def columns_of(problem, time=20.0):
    """The flow of the commands, as the page has it."""
    flow = bn.integrate(problem, time=time, points=201)
    values = {name: flow.values[name] for name in ("Q", "R", "L", "error")}
    if problem.labels_.classes:
        values["error01"] = flow.values["error01"]
    return values | {"expected_loss": bn.expected_loss(flow)}


def agrees(problem, exact):
    shown, expected = solved(problem), columns_of(problem)
    assert shown["status"] == "complete"
    for name, values in expected.items():
        assert shown["columns"][name] == pytest.approx(values, abs=exact), name
    assert ("error01" in shown["columns"]) == problem.labels_.classes
    found = [x for x in bn.fixed_points(problem).points if abs(x.Q) <= FARTHEST]
    assert len(shown["points"]) == len(found)
    for ours, theirs in zip(shown["points"], found, strict=True):
        assert (ours["kind"], ours["stable"]) == (theirs.kind, theirs.stable)
        assert ours["reached"] == theirs.reached
        for name in POINT:
            given = getattr(theirs, name)
            close = None if given is None else pytest.approx(given, rel=RATE, abs=RATE)
            assert ours[name] == close, name


@pytest.mark.parametrize(("problem", "exact"), cases(FLOWS))
def test_the_page_shows_what_the_commands_compute(problem, exact):
    agrees(problem, exact)


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "exact"), cases(MORE))
def test_every_loss_and_label_is_that_of_the_commands(problem, exact):
    agrees(problem, exact)


def test_a_planted_error_is_seen():
    problem = cases(FLOWS)[0].values[0]
    shown = solved(problem)
    wrong = solved(problem, change=lambda text: text.replace("-o*y", "-1.00001*o*y"))
    off = np.subtract(shown["columns"]["expected_loss"], wrong["columns"]["expected_loss"])
    assert np.abs(off).max() > SMOOTH


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"loss": "absolute", "activation": "relu", "scheme": "wn"}, "too slow for a slider"),
        ({"noise_law": "student-t:4", "activation": "tanh", "scheme": "sgd"}, "many-fold"),
        (WN | {"loss": "log(cosh(y - o))", "noise_law": "student-t:4"}, "straight pieces"),
        (WN | {"clip": 0.5}, "the page clips nothing"),
    ],
)
def test_what_is_too_slow_is_refused_with_the_reason(given, said):
    with pytest.raises(InputError, match=said):
        page(bn.Problem(**{"zeta": 0.0} | given), ["relu"], ["sgd"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--losses", "squared,"], "--losses='squared,'"),
        (["--losses", "squared,foo"], "--losses='foo': unknown name"),
        (["--losses", "squared,o**2"], "does not depend on both"),
        (["--loss", "logistic", "--scheme", "wn", "--zeta", "0"], "reads labels as two classes"),
    ],
)
def test_bad_input_ends_with_one_message(arguments, said, tmp_path):
    ended = run_command("explore", *arguments, "--output", "x.html", cwd=tmp_path)
    assert ended.returncode == 2
    assert said in " ".join(ended.stderr.replace("│", " ").split())
    assert "Traceback" not in ended.stderr


@pytest.fixture(scope="module")
def script():
    """Evaluates JavaScript with a state made of a problem as `state`."""
    js, losses = MiniRacer(), ["squared", "logistic", "huber:1", "(y - o)**4"]
    js.eval(engine(contents.collect(["identity", "relu"], ["wn", "bn"], [8], losses=losses)))

    def evaluate(expression, **given):
        problem = bn.Problem(**{"zeta": 0.0} | WN | given).to_dict()
        asked = f"((state) => JSON.stringify({expression}))(initialState({json.dumps(problem)}))"
        return json.loads(js.eval(asked))

    return evaluate


@pytest.mark.parametrize(
    ("choice", "given", "said"),
    [
        (("loss", "logistic"), {}, "read labels as two classes"),
        (("labels", "teacher"), {"loss": "logistic", "labels": "sign"}, "read labels"),
        (("scheme", "bn"), {"loss": "logistic", "labels": "bernoulli:3"},
         "bntheory explore --scheme bn --activation identity --loss logistic --labels bernoulli:3"),
        (("activation", "relu"), {"loss": "huber:2"}, "too slow for a slider"),
        (("loss", "(y - o)**4"), {"noise_law": "student-t:9"}, "Student's noise is too slow"),
        (("noise_law", "student-t"), {"labels": "sign"}, "classes have no noise"),
        (("activation", "relu"), {"labels": "sign"}, ""),
        (("loss", "logistic"), {"labels": "bernoulli:3"}, ""),
        (("noise_law", "student-t"), {}, ""),
        (("labels", "sign"), {"noise_law": "student-t:3"}, ""),
    ],
)  # fmt: skip
def test_a_choice_without_a_flow_is_not_offered(script, choice, given, said):
    reason = script(f"notOffered(asChosen({choice[0]!r}, {choice[1]!r}, state))", **given)
    assert said in reason if said else reason == ""


def test_a_state_that_is_not_offered_is_never_drawn(script):
    shown = script("solve({...state, loss: 'logistic'})")
    assert "two classes" in shown["refused"]
    assert "columns" not in shown


def test_commands_and_python_name_loss_labels_and_law(script):
    given = {"loss": "huber:0.3", "noise_law": "student-t:1.5", "noise": 0.2}
    options = "--scheme wn --loss huber:0.3 --noise-law student-t:1.5 --eta"
    assert options in script("commandOf(state, 'integrate')", **given)
    line = script("pythonOf(state)", loss="logistic", labels="bernoulli:2", zeta=0.1)
    assert line.endswith("time=20, points=201); loss = bn.expected_loss(flow)")
    assert "noise=" not in line
    named, told = {}, SimpleNamespace(Problem=bn.Problem, integrate=lambda *a, **k: (a, k))
    told.expected_loss = lambda flow: flow
    exec(line, {"bn": told}, named)
    problem = bn.Problem(**WN, loss="logistic", labels="bernoulli:2", zeta=0.1)
    assert named["flow"] == named["loss"] == ((problem,), {"time": 20, "points": 201})
    assert callable(bn.expected_loss)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"loss": "huber:0.3", "noise_law": "student-t:1.5"}, {"loss": "huber", "threshold": 0.3}),
        ({"labels": "bernoulli:7", "loss": "logistic"}, {"labels": "bernoulli", "sharpness": 7}),
        ({}, {"loss": "squared", "labels": "teacher", "noise_law": "gaussian"}),
    ],
)
def test_names_are_kinds_and_numbers_and_back(script, given, expected):
    state = script("state", **given)
    assert {name: state[name] for name in expected} == expected
    for name, default in (("loss", "squared"), ("labels", "teacher"), ("noise_law", "gaussian")):
        assert script(f"named({name!r}, state)", **given) == given.get(name, default)


@pytest.mark.slow
def test_a_batch_scheme_of_the_page_s_own_loss_has_tables():
    """Of one table where a flow of the commands goes from one to the next: to their errors."""
    problem = bn.Problem("identity", "bn", loss="logistic", labels="sign", zeta=0.0, batch_size=8)
    shown, expected = solved(problem), columns_of(problem)
    flow = bn.integrate(problem, time=20, points=201)
    for name in ("Q", "R", "L", "expected_loss"):
        off = np.abs(np.array(shown["columns"][name]) - expected[name]).max()
        assert off < 20 * flow.moments_error, name
    refused = solved(problem.replace(batch_size=16, statistics_size=None), change=lambda text: (
        text.replace('"sizes": [16]', '"sizes": []').replace("tableOf(`${part.key}/${m}`) === null",
                                                            "true")))  # fmt: skip
    assert "--loss logistic --labels sign --batch-sizes 16" in refused["refused"]
