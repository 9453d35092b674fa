"""Statistics of m examples in steps of M: what is accepted, and what the simulators do with it."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.formula_kernels import specialise
from bntheory.teacher_student.regularization import decay
from scipy.stats import ks_2samp

GHOST = bn.Problem("relu", "bn", batch_size=12, statistics_size=4, q0=0.8, r0=0.4)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"statistics_size": 5, "batch_size": 12}, "a divisor of batch_size=12"),
        ({"statistics_size": 24, "batch_size": 12}, "at least 2 and at most 12"),
        ({"statistics_size": 1}, "at least 2 and at most 32"),
        ({"statistics_size": 2.5}, "whole number"),
        ({"statistics_size": True}, "whole number"),
        ({"statistics_size": 8, "batch_size": 32, "scheme": "wn"}, "no batch statistics"),
        ({"statistics_size": 8, "batch_size": 32, "scheme": "pn", "zeta": 0.1}, "no batch stat"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values, said):
    with pytest.raises(InputError, match=said) as refused:
        bn.Problem(**values)
    assert refused.value.parameter == "statistics_size"
    assert refused.value.value == values["statistics_size"]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            bn.Problem("identity", "bn", batch_size=12, statistics_size=3),
            r"E\[1/s.*at least 4",
        ),
        (bn.Problem("identity", "var-only-bn", batch_size=16, statistics_size=4), "infinite"),
    ],
)
def test_statistics_without_a_flow_are_refused_with_the_reason(problem, said):
    with pytest.raises(InputError, match=said) as refused:
        bn.integrate(problem)
    assert refused.value.parameter == "statistics_size"


def test_by_default_the_statistics_are_those_of_the_batch():
    assert bn.Problem(batch_size=16).replace(batch_size=48).m == 48
    assert GHOST.m == 4
    assert bn.Problem.from_toml(GHOST.to_toml()) == GHOST
    assert bn.Problem.from_toml(GHOST.replace(statistics_size=None).to_toml()).m == 12


def test_what_imitates_batch_statistics_decays_by_their_size():
    imitation = bn.Problem("relu", "pn", batch_size=32, statistics_size=8)
    assert decay(imitation) == decay(bn.Problem("relu", "pn", batch_size=8))


def test_one_group_is_the_whole_batch_to_the_last_bit():
    whole = bn.Problem("relu", "bn", batch_size=8, eta=0.7, noise=0.1)
    for engine in ("chain", "vectors"):
        runs = [
            bn.simulate(p, dim=50, runs=3, times=[0, 1], engine=engine)
            for p in (whole, whole.replace(statistics_size=8))
        ]
        np.testing.assert_array_equal(runs[0].values["L"], runs[1].values["L"])


def test_a_step_descends_the_mean_of_the_groups_losses():
    # Against differences of the loss itself: their error is h^2, and rounding over h, 1e-9.
    kernels, rng, h = specialise(GHOST, "batch_gradient"), np.random.default_rng(0), 1e-5
    a, target, c = rng.standard_normal(12), rng.standard_normal(12), np.empty(12)
    gamma = 0.8

    def loss(fields, scale):
        groups = fields.reshape(3, 4)
        mean, spread = groups.mean(axis=1, keepdims=True), groups.std(axis=1, keepdims=True)
        output = np.maximum(0.0, scale * (groups - mean) / spread)
        return ((target.reshape(3, 4) - output) ** 2 / 2).mean()

    by_gamma = kernels.batch_gradient(a, target, (4, np.zeros(0)), 1.0, gamma, 0.0, 100.0, c)[1]
    sides = [(loss(a + h * e, gamma) - loss(a - h * e, gamma)) / (2 * h) for e in np.eye(12)]
    np.testing.assert_allclose(c, -np.array(sides), atol=1e-9)
    slope = (loss(a, gamma + h) - loss(a, gamma - h)) / (2 * h)
    assert by_gamma == pytest.approx(-slope, abs=1e-9)


@pytest.mark.parametrize("size", [4, 12])
def test_chain_and_vectors_have_one_law_in_groups_and_another_without(size):
    # As in test_engine_twins.py: 1000 runs each at an N where terms of finite N are in the law.
    # False alarms: 1e-5 for each of three quantities. The whole batch must be told apart.
    sample = {"dim": 12, "runs": 1000, "times": [0.0, 2.0]}
    problem = GHOST.replace(eta=0.8, noise=0.3, weight_decay=0.2)
    chain = bn.simulate(problem, seed=1, **sample)
    vectors = bn.simulate(problem.replace(statistics_size=size), seed=2, engine="vectors", **sample)
    least = min(
        ks_2samp(chain.values[n][:, -1], vectors.values[n][:, -1]).pvalue for n in ("Q", "R", "L")
    )
    assert (least > 1e-5) == (size == 4)
