"""`advise`: each number from its printed command, by hand where there is a formula, refusals."""

import json
import math
import shlex

import bntheory as bn
import numpy as np
import pytest
from command import call

IDENTITY = {"activation": "identity", "batch_size": 16, "statistics_size": 8, "noise": 0.3}
DECAYED = {**IDENTITY, "learning_rate": 0.01, "fan_in": 100, "weight_decay": 0.05}


def printed(row, monkeypatch, capfd):
    """The row's number, read from what its command prints."""
    program, *arguments = shlex.split(row.command)
    assert program == "bntheory"
    capfd.readouterr()
    assert call(monkeypatch, *arguments) == 0
    return row.read(json.loads(capfd.readouterr().out))


def of(found):
    return {row.quantity: row for row in found.rows}


@pytest.mark.parametrize(
    "setting",
    [
        {**DECAYED, "momentum": 0.5, "steps_per_epoch": 40.0, "start_norm": 2.0},
        {**IDENTITY, "kurtosis": 1.5, "running_momentum": 0.3},
    ],
)
def test_each_printed_command_gives_its_number(setting, monkeypatch, capfd):
    found = bn.advise(bn.NetworkTraining(**setting), change={"learning_rate": 0.02})
    rows = [row for row in (*found.rows, *found.changed_rows) if row.value is not None]
    assert len(rows) == (18 if "weight_decay" in setting else 6)
    for row in rows:
        assert printed(row, monkeypatch, capfd) == pytest.approx(row.value, rel=1e-9), row.quantity


def test_recorded_fields_give_the_mean_over_neurons(tmp_path, monkeypatch, capfd):
    fields = np.random.default_rng(3).laplace(size=(4000, 3))
    fields[:, 2] = 1.0  # never varies
    path = tmp_path / "fields of a layer.npy"
    np.save(path, fields)
    rows = of(bn.advise(bn.NetworkTraining(**IDENTITY, data=str(path))))
    layer = bn.neuron_regularization(bn.Problem("identity", batch_size=8), path)
    assert rows["zeta"].value == pytest.approx(layer.zeta[:2].mean(), rel=1e-12)
    assert rows["zeta"].value > 1.4 * layer.zeta_gaussian
    for name in ("zeta", "gamma", "train/eval gap"):
        assert printed(rows[name], monkeypatch, capfd) == pytest.approx(rows[name].value, rel=1e-9)
    # Q0 = 1 / (1 + zeta) of the identity under gamma decay.
    assert rows["gamma"].value == pytest.approx(1 / (1 + rows["zeta"].value), rel=1e-9)


def test_the_numbers_of_the_identity_are_those_of_formulas():
    rate, wide, decay, beta, S, m, M = 0.01, 100, 0.05, 0.5, 0.3, 8, 16
    rows = of(bn.advise(bn.NetworkTraining(**DECAYED, momentum=beta)))
    kappa = math.sqrt(2 / m) * math.gamma(m / 2) / math.gamma((m - 1) / 2)
    b, el = (m - 2) / ((m - 3) * M), wide * rate / (1 - beta) * decay
    X = np.roots([2 * kappa**2 + b * el, -b * el * (1 - S), -b * el * S]).max()
    effective = math.sqrt(2 * el / ((X + S) * b))
    gamma = kappa * math.sqrt(1 - X)
    expected = {
        "zeta": 3 / (4 * m),
        "gamma": kappa,
        "rotation": math.sqrt(2 * rate * decay / (1 + beta)),
        "effective rate": effective / wide,
        "largest effective rate": 2 * kappa / b / wide,
        "weight norm": math.sqrt(wide * rate / (1 - beta) * gamma / effective),
    }
    for name, value in expected.items():
        assert rows[name].value == pytest.approx(value, rel=1e-6), name
    # The step of a network of this length: what |w| says of the effective rate.
    own = rate / (1 - beta) * gamma / rows["weight norm"].value ** 2
    assert rows["effective rate"].value == pytest.approx(own, rel=1e-6)


def test_units_of_a_network_are_those_of_the_theory():
    """A unit's step in a network, by hand, against the step of the theory."""
    rng = np.random.default_rng(5)
    N, B, rate, decay = 50, 6, 0.03, 0.2
    problem = bn.NetworkTraining(learning_rate=rate, fan_in=N, weight_decay=decay).problem
    z, w, delta = rng.standard_normal((B, N)), rng.standard_normal(N), rng.standard_normal(B)
    for gradient_of in (lambda h: delta, lambda h: np.tanh(h)):  # d loss/d h of each example
        step = -rate * (gradient_of(z @ w) @ z / B + decay * w)
        x, W = z / math.sqrt(N), math.sqrt(N) * w
        theirs = -problem.eta * (gradient_of(x @ W) @ x / B + problem.weight_decay * W / N)
        assert np.allclose(theirs, math.sqrt(N) * step, rtol=1e-12)
    assert np.isclose(problem.eta / N, rate)  # of gamma


def test_a_change_is_told_before_after_and_as_a_ratio(monkeypatch, capfd):
    arguments = ["--activation", "identity", "--batch-size", "32", "--steps-per-epoch", "100"]
    arguments += ["--change", "batch-size=8", "--change", "running-momentum=0.3", "--json"]
    assert call(monkeypatch, "advise", *arguments) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["change"] == {"batch_size": 8, "running_momentum": 0.3}
    zeta, after = found["rows"][0], found["changed_rows"][0]
    assert [zeta["value"], after["value"]] == pytest.approx([3 / 128, 3 / 32], rel=1e-9)
    assert found["ratio"][0] == pytest.approx(4.0, rel=1e-9)
    # The examples of an epoch stay.
    training = bn.NetworkTraining(batch_size=32, steps_per_epoch=100)
    assert training.changed({"batch_size": 8}).steps_per_epoch == 400
    both = training.changed({"batch_size": 8, "steps_per_epoch": 7})
    assert both.steps_per_epoch == 7


def test_what_there_is_none_of_says_why():
    rows = of(bn.advise(bn.NetworkTraining(activation="identity", batch_size=3)))
    assert rows["gamma"].value is rows["train/eval gap"].value is None
    assert "m = 4" in rows["gamma"].validity
    assert rows["zeta"].value == pytest.approx(1 / 4, rel=1e-9)
    assert "weight decay" in rows["rotation"].validity
    small = bn.NetworkTraining(activation="identity", batch_size=3, weight_decay=0.1)
    assert of(bn.advise(small))["rotation"].validity.startswith("none: ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--statistics-size", "5"], "--statistics-size=5"),
        (["--momentum", "1"], "--momentum=1.0"),
        (["--momentum", "-0.1"], "--momentum=-0.1"),
        (["--fan-in", "0"], "--fan-in=0"),
        (["--learning-rate", "0"], "--learning-rate=0.0"),
        (["--learning-rate", "nan"], "--learning-rate=nan"),
        (["--weight-decay", "-1"], "--weight-decay=-1.0"),
        (["--steps-per-epoch", "0"], "--steps-per-epoch=0.0"),
        (["--start-norm", "0"], "--start-norm=0.0"),
        (["--kurtosis", "-2"], "--kurtosis=-2.0"),
        (["--running-momentum", "0"], "--running-momentum=0.0"),
        (["--batch-size", "1"], "--batch-size=1"),
        (["--preactivations", "none.npy"], "none.npy"),
        (["--preactivations", "a.npy", "--kurtosis", "1"], "--kurtosis=1.0"),
        (["--activation", "rleu"], "did you mean 'relu'"),
        (["--change", "batch-sise=8"], "did you mean 'batch-size'"),
        (["--change", "batch-size"], "NAME=VALUE"),
        (["--change", "batch-size=many"], "--batch-size='many': a whole number is accepted"),
        (["--statistics-size", "8", "--change", "batch-size=12"], "--statistics-size=8"),
    ],
)
def test_bad_input_is_one_message(arguments, named, monkeypatch, capfd):
    assert call(monkeypatch, "advise", *arguments) == 2
    shown = capfd.readouterr()
    assert named in " ".join(shown.err.replace("│", " ").split())
    assert shown.out == ""


def test_python_refuses_what_is_no_setting():
    with pytest.raises(ValueError, match="change='depth'"):
        bn.advise(bn.NetworkTraining(), change={"depth": 3})
    with pytest.raises(ValueError, match="quantity='speed'"):
        bn.advise(bn.NetworkTraining(activation="identity")).value("speed")


def test_the_picture_shows_the_effective_rate_and_its_rest():
    found = bn.advise(bn.NetworkTraining(**DECAYED), change={"weight_decay": 0.1})
    axes = found.plot().axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    rows = of(found)
    course = lines["as it is"]
    steps, rest = rows["steps to equilibrium"].value, rows["effective rate"].value
    late = course.get_xdata() > steps
    assert (abs(course.get_ydata()[late] / rest - 1) < 0.0501).all()
    assert late.sum() > 10
    assert "weight_decay = 0.1" in lines
    assert course.get_linestyle() != lines["weight_decay = 0.1"].get_linestyle()
    plain = bn.advise(bn.NetworkTraining(activation="identity", batch_size=3)).plot()
    assert any("no flow" in text.get_text() for text in plain.texts)


@pytest.mark.slow
def test_runs_of_the_network_s_own_size_rest_where_it_says():
    """At N = the fan-in, a learning rate and a momentum of practice: no limit is taken."""
    setting = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 5e-4, "fan_in": 576}
    training = bn.NetworkTraining(batch_size=32, noise=0.1, **setting)
    rows, problem = of(bn.advise(training)), training.problem
    late = np.linspace(5.0, 10.0, 26)  # from three times to equilibrium on
    runs = bn.simulate(problem, dim=576, runs=32, times=late, seed=1)
    rates = (0.1 / 0.1 * np.abs(runs.Q) / runs.L**2).mean(axis=1)
    sem = rates.std(ddof=1) / math.sqrt(len(rates))
    # Measured at N = 576: 1.9% below the limit of large N.
    assert abs(rates.mean() / rows["effective rate"].value - 1) < 0.04 + 4 * sem / rates.mean()
    lengths = runs.L.mean(axis=1)
    assert abs(lengths.mean() / rows["weight norm"].value - 1) < 0.02
