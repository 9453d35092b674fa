"""Numbers of one's own in formulas: put in, checked, kept in files, carried by compiled flows."""

import copy
import pickle

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.shared_kernels import shared_kernels
from bntheory.teacher_student.carried import carried
from bntheory.teacher_student.named_numbers import put_in, uses
from command import call

STEEP = bn.Problem("tanh(c*h)", "wn", noise=0.1, parameters={"c": 1.0})


def test_names_are_replaced_as_whole_words_only():
    assert put_in("c*cosh(c2*h)*c", {"c": 2.0}) == "2.0*cosh(c2*h)*2.0"
    assert put_in("h-c", {"c": -1.0}) == "h-(-1.0)"
    assert uses("tanh(c*h)", "c")
    assert not uses("cos(h)", "c")


def test_a_problem_with_numbers_keeps_them():
    assert bn.Problem.from_json(STEEP.to_json()) == STEEP
    assert bn.Problem.from_toml(STEEP.to_toml()) == STEEP
    assert "[parameters]" in STEEP.to_toml()
    assert hash(STEEP) == hash(STEEP.replace(c=1.0))
    assert STEEP.replace(c=2.0) != STEEP
    assert STEEP.replace(eta=0.1).parameters == {"c": 1.0}
    assert pickle.loads(pickle.dumps(STEEP)) == copy.deepcopy(STEEP) == STEEP
    assert "parameters" not in bn.Problem().to_dict()
    with pytest.raises(TypeError, match="replace"):
        STEEP.parameters["c"] = 2.0


@pytest.mark.parametrize("formula", ["activation", "scheme", "eta", "loss"])
def test_every_formula_takes_them(formula):
    given = {"activation": "tanh(c*h)", "scheme": "c*sqrt(N)*gamma*a/sqrt(n2)", "eta": "c/(1+t)",
             "loss": "(y-o)**2*c"}[formula]  # fmt: skip
    plain = given.replace("c*", "1.5*").replace("c/", "1.5/").replace("*c", "*1.5")
    base = {"activation": "identity", "scheme": "wn", formula: given}
    named = bn.Problem(**base, parameters={"c": 1.5})
    assert named.formula(formula) == plain
    number = bn.Problem(**{**base, formula: plain})
    assert named.activation_ == number.activation_
    assert named.scheme_ == number.scheme_
    assert named.loss_ == number.loss_
    assert named.schedule == number.schedule


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"activation": "tanh(c*h)"}, r"unknown name 'c'.*parameters="),
        ({"parameters": {"c": 1}}, r"^parameters='c': it is in no formula"),
        ({"activation": "tanh(c*h)", "parameters": {"c": "x"}}, r"^c='x': a finite number"),
        ({"activation": "tanh(c*h)", "parameters": {"c": np.inf}}, r"^c=inf"),
        ({"activation": "tanh(eta*h)", "parameters": {"eta": 1}}, r"something else"),
        ({"activation": "tanh(h)", "parameters": {"h": 1}}, r"something else"),
        ({"activation": "tanh(h)", "parameters": {"2c": 1}}, r"a name of letters"),
        ({"activation": "tanh(h)", "parameters": [1]}, r"a table of names"),
    ],
)
def test_what_is_no_named_number_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        bn.Problem(**given)


def test_a_carried_number_gives_the_flow_of_the_number():
    """One compiled flow for every c; at c = 1 it is that of the shipped activation."""
    plain = bn.integrate(bn.Problem("tanh", "wn", noise=0.1), time=3.0, points=7)
    named = bn.integrate(STEEP, time=3.0, points=7)
    for name in ("Q", "R", "L", "error"):
        # Steps of 1e-8, and a norm of the error that counts the numbers that stand still.
        np.testing.assert_allclose(named[name], plain[name], rtol=1e-7)
    assert set(named.values) == set(plain.values)
    other = bn.integrate(STEEP.replace(c=0.5), time=3.0, points=7)
    assert np.abs(other.error - named.error).max() > 0.01
    assert shared_kernels(STEEP.replace(c=0.5), {}) == shared_kernels(STEEP, {})
    swept = bn.Sweep(bn.sweep(STEEP, c=[0.5, 1.0], eta=[0.5], time=3.0))
    ends = [other.error[-1], named.error[-1]]
    np.testing.assert_allclose(swept.final_error[:, 0], ends, rtol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"scheme": "bn", "batch_size": 8},  # tables hold numbers
        {"loss": "absolute"},
        {"activation": "max(h, c*h)"},  # where it has a kink depends on c
        {"eta": "c/(1+t)"},
        {"noise": 0.0, "weight_decay": 0.1},  # an alignment may be lost and come back
    ],
)
def test_where_numbers_are_put_in_instead(change):
    problem = STEEP.replace(**change)
    assert shared_kernels(problem, {}) is None
    assert carried(STEEP) is not None


def test_the_command_takes_and_refuses_them(monkeypatch, capsys, tmp_path):
    file = tmp_path / "steep.toml"
    file.write_text(STEEP.to_toml())
    line = ["integrate", "--problem", str(file), "--time", "3", "--points", "2", "--csv"]
    assert call(monkeypatch, *line[:-1], "--set", "c=0.5", "--json", "--quiet") == 0
    assert '"parameters": {"c": 0.5}' in capsys.readouterr().out
    for text, said in (("c", "--set='c': NAME=NUMBER"), ("c=x", "--set='c=x': a number")):
        assert call(monkeypatch, "integrate", "--problem", str(file), "--set", text) == 2
        assert said in capsys.readouterr().err
    assert call(monkeypatch, "integrate", "--set", "c=1") == 2
    assert "--set='c': it is in no formula" in capsys.readouterr().err
