"""How a normalised student moves where its length rests: rotation a step, and swings."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.momentum import rotation
from scipy.special import gammaln


def angles(problem, N, warm, steps, rng):
    """Angles of single steps of a `bn` student with identity activation, by torch's update."""
    M, eta, decay, beta = problem.M, problem.eta, problem.weight_decay, problem.momentum
    teacher = rng.standard_normal(N)
    teacher *= np.sqrt(N) / np.linalg.norm(teacher)
    w, gamma = 0.5 * rng.standard_normal(N) + 0.5 * teacher, 0.8
    buf, found = np.zeros(N), []
    for step in range(warm + steps):
        x = rng.standard_normal((M, N)) / np.sqrt(N)
        y = x @ teacher + np.sqrt(problem.noise) * rng.standard_normal(M)
        a = x @ w
        s = a.std()
        u = (a - a.mean()) / s
        delta = y - gamma * u
        pull = (delta - delta.mean() - (delta @ u / M) * u) * gamma / s / M
        gradient = -pull @ x + (0.0 if problem.decoupled_decay else decay * w / N)
        buf = beta * buf + gradient
        before = w
        w = w - eta * buf - (eta * decay * w / N if problem.decoupled_decay else 0.0)
        gamma += eta / N * (delta @ u) / M / (1 - beta)
        if step >= warm:
            cosine = before @ w / np.linalg.norm(before) / np.linalg.norm(w)
            found.append(np.arccos(min(1.0, cosine)))
    return np.array(found)


@pytest.mark.parametrize(
    "training",
    [
        {"eta": 1.5, "weight_decay": 0.7},
        {"eta": 0.3, "weight_decay": 0.7, "momentum": 0.8},
        {"eta": 0.3, "weight_decay": 3.5, "momentum": 0.8, "decoupled_decay": True},
    ],
    ids=["plain", "momentum", "decoupled"],
)
def test_the_weights_turn_as_decay_says(training):
    # Squared angles scatter by about themselves, and agree over some 1 / (1 - momentum) = 5 steps:
    # of 3000 the mean is good to 1 / sqrt(600) = 4%, its root to 2%: five of those, N = 400 aside.
    problem = bn.Problem("identity", "bn", batch_size=8, noise=0.3, **training)
    turned = angles(problem, 400, 3000, 3000, np.random.default_rng(5))
    measured = np.sqrt((turned**2).mean())
    assert measured == pytest.approx(rotation(problem, 400), rel=0.1)
    if problem.momentum:
        assert measured != pytest.approx(
            rotation(problem.replace(momentum=0.0, decoupled_decay=False), 400), rel=0.2
        )


def test_fixed_points_say_it_where_a_length_rests():
    resting = bn.Problem("identity", "bn", batch_size=8, noise=0.3, weight_decay=0.7)
    found = bn.fixed_points(resting)
    assert found.rotation == pytest.approx(np.sqrt(400) * rotation(resting, 400))
    assert "turn by" in found.summary()
    assert bn.fixed_points(resting.replace(weight_decay=0.0)).rotation is None
    with pytest.raises(InputError, match="constant learning rate"):
        rotation(resting.replace(eta="1/(1+t)"), 100)


@pytest.mark.parametrize(("decay", "within"), [(0.02, 0.01), (0.005, 0.005)])
def test_without_noise_the_rate_swings_with_the_period_of_leading_order(decay, within):
    # theory page 8: mu^2 + 4 el mu + 4 a eta_max el = 0, up to terms of relative
    # order el = 0.02 and 0.005.
    m = 8
    a = np.sqrt(2 / m) * np.exp(gammaln(m / 2) - gammaln((m - 1) / 2))
    problem = bn.Problem("identity", "bn", eta=1.0, batch_size=m, weight_decay=decay)
    point = bn.fixed_points(problem).points[0]
    eta_max = 2 * m * a * (m - 3) / (m - 2)
    assert point.period == pytest.approx(2 * np.pi / np.sqrt(4 * decay * a * eta_max), rel=within)
    assert bn.fixed_points(problem.replace(noise=0.5)).points[0].period is None
