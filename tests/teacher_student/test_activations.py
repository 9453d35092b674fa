"""An activation, resolved: what follows from its formula, and that it is found once."""

from typing import Any

import numpy as np
import pytest
from bntheory import Problem
from bntheory.teacher_student.activations import ACTIVATIONS, Activation
from bntheory.teacher_student.formula_kernels import compiled_activation
from reference import ACTIVATIONS as REFERENCES


@pytest.mark.parametrize("name", REFERENCES)
def test_an_activation_is_compiled_alone(name: str) -> None:
    h = np.linspace(-3, 3, 24)
    kernels = compiled_activation(Activation.named(name))
    found, slope = kernels.evaluate(h)
    g, g_slope = REFERENCES[name]
    assert found == pytest.approx(g(h), abs=1e-14)  # a few roundings
    assert slope == pytest.approx(g_slope(h), abs=1e-14)
    assert tuple(kernels.KINKS) == Activation.named(name).kinks


@pytest.mark.parametrize(
    ("formula", "side_slopes", "growth", "kinks"),
    [
        ("relu", (0.0, 1.0), 1, (0.0,)),
        ("2*h - abs(h)", (3.0, 1.0), 1, (0.0,)),
        ("max(h, 1)", (), 1, (1.0,)),
        ("tanh", (), 0, ()),
        ("h**3", (), 3, ()),
        ("silu", (), 1, ()),
        ("elu", (), 1, (0.0,)),
        ("selu", (), 1, (0.0,)),
        ("hard-tanh", (), 0, (-1.0, 1.0)),
        ("min(max(h, -2), 1)", (), 0, (-2.0, 1.0)),
    ],
)
def test_facts_of_an_activation(
    formula: str, side_slopes: tuple[float, ...], growth: int, kinks: tuple[float, ...]
) -> None:
    g = Activation.named(formula)
    assert (g.side_slopes, g.growth, g.kinks) == (side_slopes, growth, kinks)
    assert g.homogeneous == bool(side_slopes)


def test_a_problem_hands_out_one_object() -> None:
    first, second = Problem("erf", eta=0.1), Problem("erf", scheme="sgd")
    assert first.activation_ is second.activation_
    assert first.activation_.expression is second.activation_.expression
    # A name and its formula are the same activation; other formulas are others.
    assert Activation.named("erf") == Activation.named(ACTIVATIONS["erf"])
    assert Activation.named("erf") != Activation.named("tanh")


def test_an_activation_that_grows_too_fast_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^activation='exp.h.'.*grows too fast"):
        _ = Activation.named("exp(h)").growth


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"activation": "Swish"}, {"activation": "silu"}),
        ({"activation": "HARDTANH"}, {"activation": "hard-tanh"}),
        ({"activation": "leaky_relu"}, {"activation": "leaky-relu"}),
        ({"activation": "Linear"}, {"activation": "identity"}),
        ({"scheme": "BN"}, {"scheme": "bn"}),
        ({"scheme": "batch_renorm"}, {"scheme": "batch-renorm"}),
        ({"scheme": "PN", "zeta": "Auto"}, {"scheme": "pn", "zeta": "auto"}),
        ({"scheme": "wn", "loss": "Huber:1.5"}, {"loss": "huber:1.5"}),
        ({"scheme": "wn", "labels": "SIGN", "loss": "Hinge"}, {"labels": "sign", "loss": "hinge"}),
        ({"scheme": "wn", "noise_law": "Student_T:3"}, {"noise_law": "student-t:3"}),
    ],
)
def test_names_are_known_in_any_case_and_spelling(
    given: dict[str, Any], stored: dict[str, Any]
) -> None:
    problem, usual = Problem(**given), Problem(**{**given, **stored})
    assert {name: getattr(problem, name) for name in stored} == stored
    assert problem == usual
    assert hash(problem) == hash(usual)
    assert problem.to_json() == usual.to_json()


def test_a_formula_keeps_its_case() -> None:
    assert Problem("tanh(c_*h)", parameters={"c_": 2.0}).activation == "tanh(c_*h)"
    assert Problem("relu(h)").activation == "relu(h)"
