"""Optimisers beside SGD: one step by hand, and what is refused with its reason."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.online import optimised_run

LINEAR = {"activation": "identity", "scheme": "wn"}


@pytest.mark.parametrize(
    ("given", "parameter", "said"),
    [
        ({"optimiser": "adam"}, "optimiser", "sgd, normalised, sign, adagrad-norm"),
        ({"optimiser": "sign", "momentum": 0.5}, "optimiser", "momentum of 0"),
        ({"optimiser": "normalised", "activation": "relu"}, "optimiser", "activation identity"),
        ({"optimiser": "normalised", "scheme": "bn"}, "optimiser", "sgd, wn, pn, frozen"),
        ({"optimiser": "sign", "scheme": "frozen", "train_beta": True}, "optimiser", "shift"),
        ({"optimiser": "sign", "loss": "absolute"}, "optimiser", "squared loss"),
        ({"optimiser": "adagrad-norm", "scheme": "tracked"}, "optimiser", "running statistics"),
        ({"optimiser": "adagrad-norm", "scheme": "sgd", "units": 2}, "optimiser", "one unit"),
        ({"optimiser": "sign", "step_clip": 1.0}, "step_clip", "optimiser sgd"),
        ({"step_clip": 0.0}, "step_clip", "above 0"),
        ({"step_clip": 1.0, "activation": "relu"}, "step_clip", "clipped by clip"),
        ({"step_clip": 1.0, "batch_size": 10**7}, "step_clip", "1000000"),
    ],
)
def test_what_has_no_law_is_refused_with_the_reason(given, parameter, said):
    with pytest.raises(InputError, match=said) as refused:
        bn.Problem(**{**LINEAR, **given})
    assert refused.value.parameter == parameter


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (bn.fixed_points, "points of rest"),
        (bn.fluctuations, "scatter of runs"),
        (lambda p: bn.train(p, 2.0, dim=20, runs=1), "training on a set"),
        (lambda p: bn.derive(p).python(), "programs of other optimisers"),
        (lambda p: bn.simulate(p, dim=50, runs=1), "turned at will"),
    ],
)
def test_answers_that_are_not_derived_say_so(answer, said):
    with pytest.raises(InputError, match=said):
        answer(bn.Problem(**LINEAR, optimiser="sign"))


def moved(w, descent, eta, decay, way, b2=1.0):
    """The weights after a step along ``descent``, and AdaGrad-norm's sum."""
    N, length = w.size, np.linalg.norm(descent)
    by = {
        "normalised": descent / length,
        "sign": np.sign(descent) / np.sqrt(N),
        "adagrad-norm": descent / np.sqrt(b2 + length**2 / N),
        "clipped": descent * min(1.0, 0.2 / length),
    }[way]
    return w * (1 - eta * decay / N) + eta * by, b2 + length**2 / N


@pytest.mark.parametrize("way", ["normalised", "sign", "adagrad-norm", "clipped"])
def test_a_step_of_vectors_is_the_optimisers(way):
    """A first step of `wn`, from the examples that the run draws: rounding alone."""
    given = {"step_clip": 0.2} if way == "clipped" else {"optimiser": way}
    problem = bn.Problem(**LINEAR, batch_size=3, eta=0.9, weight_decay=0.4, **given)
    dim, seed = 40, np.random.SeedSequence(5)
    run = optimised_run.OptimisedVectorRun(problem, dim, np.array([1]), seed)
    w, gamma = run.w.copy(), problem.q0
    assert run.advance(0, 1) == 1
    x, L = run.examples, np.linalg.norm(w) / np.sqrt(dim)
    residual = x @ run.teacher - gamma * (x @ w) / L
    gradient = (residual @ x) * gamma / L / 3
    gradient -= w * (gradient @ w) / (w @ w)  # |w| divides the field
    right, b2 = moved(w, gradient, 0.9, 0.4, way)
    assert run.w == pytest.approx(right, abs=1e-12)
    if way == "adagrad-norm":
        assert run.rows[0, optimised_run.ACCUMULATED_COLUMN] == pytest.approx(b2, rel=1e-12)
    if way == "sign":  # of a gradient that still points along w the signs are others
        assert np.abs(run.w - w).max() < 0.9 / np.sqrt(dim) + 0.01 * np.abs(w).max()
