"""Losses, labels and noise laws: what follows from a formula, and what is refused."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.formula_kernels import specialise
from bntheory.teacher_student.losses import LOSSES, Loss, loss_symbols

SIGNAL_AT = {  # by hand, at label y and output o
    "squared": lambda y, o: y - o,
    "absolute": lambda y, o: math.copysign(1.0, y - o),
    "logistic": lambda y, o: y / (1.0 + math.exp(y * o)),
    "hinge": lambda y, o: y if y * o < 1.0 else 0.0,
    "huber:0.8": lambda y, o: min(0.8, max(-0.8, y - o)),
    "log(cosh(y - o))": lambda y, o: math.tanh(y - o),
    "exp(-y*o)": lambda y, o: y * math.exp(-y * o),
}


@pytest.mark.parametrize("name", SIGNAL_AT)
def test_a_signal_is_minus_the_derivative(name):
    y, o = loss_symbols()
    signal = Loss.named(name).signal
    for label in (-1.0, 1.0, 0.37):
        for output in (-2.1, -0.3, 0.2, 0.9, 3.7):
            found = float(signal.subs({y: label, o: output}))
            assert found == pytest.approx(SIGNAL_AT[name](label, output), abs=1e-14)


def test_kinks_and_jumps_are_found():
    y, o = loss_symbols()
    assert [Loss.named(n).borders for n in ("squared", "logistic", "log(cosh(y - o))")] == [()] * 3
    assert Loss.named("absolute").borders == (o - y,)
    assert Loss.named("hinge").borders == (1 - o * y,)
    where = [{abs(float(b.subs({y: 0, o: x}))) < 1e-12 for b in Loss.named("huber:0.5").borders}
             for x in (-0.5, 0.5, 0.2)]  # fmt: skip
    assert where == [{True, False}, {True, False}, {False}]


@pytest.mark.parametrize(
    ("given", "parameter", "said"),
    [
        ({"loss": "y*o"}, "loss", "not bounded below"),
        ({"loss": "-log(1 + (y - o)**2)"}, "loss", "not bounded below"),
        ({"loss": "(y - o)**3"}, "loss", "not bounded below"),
        ({"loss": "step(-y*o)", "labels": "sign"}, "loss", "jumps"),
        ({"loss": "exp((y - o)**2)"}, "loss", "faster than an exponential"),
        ({"loss": "log(o*y)"}, "loss", "not a finite real number"),
        ({"loss": "o**2"}, "loss", "both the label y and the output o"),
        ({"loss": "huber"}, "loss", "huber:C"),
        ({"loss": "huber:-1"}, "loss", "huber:C"),
        ({"loss": "logistical"}, "loss", "squared, absolute, logistic"),
        ({"loss": "logistic"}, "loss", "sign and bernoulli:K"),
        ({"loss": "hinge"}, "loss", "sign and bernoulli:K"),
        ({"labels": "bernoulli"}, "labels", "bernoulli:K"),
        ({"labels": "sign", "noise": 0.1}, "noise", "classes"),
        ({"noise_law": "cauchy"}, "noise_law", "student-t:NU"),
        ({"noise_law": "student-t:2"}, "noise_law", "more than 2 degrees"),
        ({"noise_law": "student-t:5", "loss": "(y - o)**4"}, "noise_law", "more than 6 degrees"),
        ({"clip": 0.0}, "clip", "above 0"),
        ({"clip": "much"}, "clip", "above 0"),
        ({"loss": "absolute", "scheme": "tracked"}, "loss", "running statistics"),
        ({"clip": 1.0, "scheme": "mean-only-bn"}, "clip", "sgd, wn, pn"),
        ({"labels": "sign", "scheme": "batch-renorm"}, "labels", "running statistics"),
        ({"loss": "absolute", "scheme": "pn", "zeta": "auto"}, "zeta", "squared loss alone"),
    ],
)
def test_what_has_no_meaning_is_refused_in_one_message(given, parameter, said):
    with pytest.raises(InputError) as caught:
        bn.Problem(**{"scheme": "wn"} | given)
    assert caught.value.parameter == parameter
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_has_a_meaning_is_taken():
    for given in (
        {"loss": "absolute", "noise_law": "student-t:1", "noise": 0.1},
        {"loss": "log(cosh(y - o))", "noise_law": "student-t:1"},
        {"clip": 0.3, "noise_law": "student-t:1"},
        {"noise_law": "student-t:2.1"},
        {"loss": "exp(-y*o)", "labels": "sign"},
        {"loss": "hinge", "labels": "bernoulli:3"},
    ):
        problem = bn.Problem(scheme="wn", **given)
        assert bn.Problem.from_json(problem.to_json()) == problem
        assert bn.Problem.from_toml(problem.to_toml()) == problem
    assert bn.Problem(scheme="pn", loss="absolute").zeta == 0.0
    assert bn.Problem(scheme="pn").zeta == "auto"


def test_a_training_set_and_programs_need_the_squared_loss():
    problem = bn.Problem("identity", "sgd", loss="absolute")
    with pytest.raises(InputError, match="squared is accepted"):
        bn.train(problem, 2.0)
    with pytest.raises(InputError, match="squared is accepted"):
        bn.derive(problem).python()
    assert bn.derive(problem).to_dict()["javascript"] is None
    assert "<delta^2>" in bn.derive(problem).text()


@pytest.mark.parametrize(("labels", "mean"), [("sign", 1.0), ("bernoulli:2", math.tanh(0.7))])
def test_labels_are_drawn_from_their_law(labels, mean):
    problem = bn.Problem("identity", "sgd", loss="logistic", labels=labels)
    kernels, rng = specialise(problem, "batch_gradient", "online"), np.random.default_rng(1)
    draws = [kernels.label_draw(0.0, rng) for _ in range(4000)]
    found = np.array([kernels.drawn_label(0.7, 0.0, x) for x in draws])
    assert set(found) <= {-1.0, 1.0}
    error = math.sqrt(max(1.0 - mean**2, 0.0) / found.size)
    assert abs(found.mean() - mean) <= 4.0 * error


def test_every_shipped_loss_has_a_formula_of_label_and_output():
    assert all(Loss.named(name).formula == formula for name, formula in LOSSES.items())
