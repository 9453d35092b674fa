"""Momentum on training sets: torch's update by hand, and what theory says of where it ends."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.finite_load.timecourse import TimeCourse
from bntheory.teacher_student.training.run import Training, TrainingRun
from bntheory.teacher_student.training.train import train
from bntheory.teacher_student.training.training_set import TrainingSet
from test_generalization_training import batch_loss

BETA, ETA, DECAY, ZETA, H = 0.7, 0.1, 3.0, 0.2, 1e-5
#: One scheme for each kind and each kernel: with a field of its own, of the batch, of the set.
KINDS = {
    "sgd": {"decoupled_decay": True},
    "bn": {"nesterov": True},
    "pn": {},
    "wn": {"nesterov": True, "decoupled_decay": True},
}


def slopes(scheme, w, gamma, rows, data):
    """The loss's slopes by central differences, good to 1e-9 here."""

    def loss(w, gamma):
        return batch_loss(scheme, w, gamma, rows, data)

    by_w = [(loss(w + H * e, gamma) - loss(w - H * e, gamma)) / (2 * H) for e in np.eye(w.size)]
    return np.array(by_w), (loss(w, gamma + H) - loss(w, gamma - H)) / (2 * H)


@pytest.mark.parametrize(
    "scheme",
    ["sgd", "bn", *(pytest.param(name, marks=pytest.mark.slow) for name in ("pn", "wn"))],
)
def test_steps_are_torchs(scheme):
    # Twelve steps, whose slopes are off by 1e-9 each; a step without its memory is off by 1e-2.
    kind, own = KINDS[scheme], 0.0 if scheme == "sgd" else ZETA
    problem = bn.Problem(
        "tanh", scheme, eta=ETA, zeta=own, weight_decay=DECAY, batch_size=6, q0=0.8, l0=1.3,
        gamma_rate=1.5, momentum=BETA, **kind,
    )  # fmt: skip
    data = TrainingSet.draw(problem, 2.0, 12, np.random.default_rng(0))
    run = TrainingRun(problem, data, Training(1, True, "random", 0.1), np.random.default_rng(5))
    rows = np.random.default_rng(1).integers(24, size=(12, 6))
    run.batches, run.steps = lambda: rows, len(rows)
    w, gamma, N = run.w.copy(), run.scalars[0], run.w.size
    buf, buf_gamma, first = np.zeros(N), 0.0, None
    coupled = 0.0 if problem.decoupled_decay else DECAY
    run.advance()
    for batch in rows:
        grad, grad_gamma = slopes(scheme, w, gamma, batch, data)
        grad, grad_gamma = grad + coupled * w / N, grad_gamma + own * gamma
        buf, buf_gamma = BETA * buf + grad, BETA * buf_gamma + grad_gamma
        by, by_gamma = buf, buf_gamma
        if problem.nesterov:
            by, by_gamma = grad + BETA * buf, grad_gamma + BETA * buf_gamma
        w = w - ETA * by - ETA * (DECAY - coupled) * w / N
        first = w if first is None else first
        if scheme != "sgd":
            gamma -= 1.5 * ETA / N * by_gamma
    np.testing.assert_allclose(run.w, w, atol=1e-7)
    assert run.scalars[0] == pytest.approx(gamma, abs=1e-7)
    assert np.abs(w - first).max() > 1e-2


def test_the_curve_against_time_is_that_of_the_longer_rate():
    # Theory's limit of small rates: steps of 0.05 in units of the batch. Momentum turns the rate
    # into four times as much and comes 3 steps late, of 50 an epoch. Four standard errors of the
    # same sets, and what rates of that size leave, 5%; without the longer rate it is off by more.
    rate, beta, load, decay = 0.02, 0.75, 2.0, 0.2
    problem = bn.Problem(
        "identity", "sgd", eta=rate * 4, batch_size=4, noise=0.25, momentum=beta, nesterov=True,
        weight_decay=decay / load, q0=1.0,
    )  # fmt: skip
    epochs = [2, 8, 40]
    runs = train(problem, load, dim=200, runs=16, epochs=40, start="random", stored_epochs=epochs)
    course, now = TimeCourse(load, 0.25, decay, q0=1.0), np.array(epochs)
    found, error = runs.history.mean(axis=0), runs.history.std(axis=0, ddof=1) / 4
    allowed = 4 * error + 0.05 * found
    assert (np.abs(found - course.error(rate / (1 - beta) * now)) < allowed).all()
    assert np.abs(found - course.error(rate * now))[1] > 3 * allowed[1]


def test_momentum_is_part_of_the_runs_and_of_what_they_say():
    problem = bn.Problem("identity", "sgd", eta=0.1, momentum=0.5)
    runs = [train(p, 2.0, dim=20, runs=2, epochs=4) for p in (problem, problem.limit)]
    assert runs[0].to_dict()["problem"]["momentum"] == 0.5
    assert (runs[0].values["q"] != runs[1].values["q"]).all()
