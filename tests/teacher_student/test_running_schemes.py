"""Constants, running statistics and batch renormalisation in the simulators' kernels."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.formula_kernels import specialise
from scipy.stats import ks_2samp

TRACKED = bn.Problem(
    "relu", "tracked", batch_size=12, statistics_size=4, q0=0.8, r0=0.4, running_momentum=0.3
)
RENORM = TRACKED.replace(scheme="batch-renorm", r_max=1.2, d_max=0.3)
GAMMA, H = 0.8, 1e-5
#: Running mean and variance, rho, and the clips, at the beginning of a step.
BEFORE = [0.2, 0.6, 0.3, 1.2, 0.3]


def followed(fields):
    """The running mean and variance that each of three groups finds, and those after the step."""
    mean, variance = BEFORE[:2]
    found = []
    for group in fields.reshape(3, 4):
        found.append((mean, variance))
        mean += 0.3 * (group.mean() - mean)
        variance += 0.3 * (group.var(ddof=1) - variance)  # as torch keeps it
    return found, (mean, variance)


def output(problem, group, gamma, mean, variance, r_and_d=None):
    if problem.scheme == "tracked":
        return np.maximum(0.0, gamma * (group - mean) / np.sqrt(variance))
    r, d = r_and_d
    return np.maximum(0.0, gamma * (r * (group - group.mean()) / group.std() + d))


def corrections(group, mean, variance):
    """Ioffe's r and d."""
    r = np.clip(group.std() / np.sqrt(variance), 1 / 1.2, 1.2)
    return r, np.clip((group.mean() - mean) / np.sqrt(variance), -0.3, 0.3)


@pytest.mark.parametrize("problem", [TRACKED, RENORM], ids=lambda p: p.scheme)
def test_a_step_descends_the_loss_with_running_statistics_held(problem):
    # Against differences of the loss, whose error is H^2, and rounding over H, 1e-9; statistics,
    # r and d are those of the undisturbed fields: constants to the gradient.
    kernels, rng = specialise(problem, "batch_gradient"), np.random.default_rng(0)
    a, target, c = rng.standard_normal(12), rng.standard_normal(12), np.empty(12)
    statistics, after = followed(a)
    held = [corrections(g, *s) for g, s in zip(a.reshape(3, 4), statistics, strict=True)]

    def loss(fields, gamma):
        parts = zip(fields.reshape(3, 4), target.reshape(3, 4), statistics, held, strict=True)
        errors = [y - output(problem, g, gamma, *s, rd) for g, y, s, rd in parts]
        return (np.array(errors) ** 2 / 2).mean()

    running = np.array(BEFORE)
    by_gamma = kernels.batch_gradient(a, target, (4, running), 1.0, GAMMA, 0.0, 100.0, c)[1]
    sides = [(loss(a + H * e, GAMMA) - loss(a - H * e, GAMMA)) / (2 * H) for e in np.eye(12)]
    np.testing.assert_allclose(c, -np.array(sides), atol=1e-9)
    slope = (loss(a, GAMMA + H) - loss(a, GAMMA - H)) / (2 * H)
    assert by_gamma == pytest.approx(-slope, abs=1e-9)
    np.testing.assert_allclose(running[:2], after, rtol=1e-13)
    assert len({np.sign(r - 1) for r, _ in held}) > 1


@pytest.mark.parametrize("engine", ["chain", "vectors"])
def test_without_corrections_it_is_batch_normalisation_to_the_last_bit(engine):
    sample = {"dim": 60, "runs": 3, "times": [0, 1], "engine": engine}
    same = bn.simulate(RENORM.replace(r_max=1.0, d_max=0.0), **sample)
    plain = bn.simulate(RENORM.replace(scheme="bn"), **sample)
    np.testing.assert_array_equal(same.values["L"], plain.values["L"])


def test_unclipped_it_has_the_output_of_tracked_statistics():
    kernels = specialise(RENORM, "batch_gradient")
    r, d = kernels.correction(np.array([0.2, 1.7, 0.3, 1e6, 1e6]), 0.5, 2.0)
    a = 1.1
    assert r * (a - 0.5) / 2.0 + d == pytest.approx((a - 0.2) / np.sqrt(1.7), rel=1e-14)


def test_frozen_is_the_formula_with_its_constant():
    frozen = bn.Problem("tanh", "frozen", frozen_std=1.7, batch_size=4, q0=0.6, l0=1.2)
    formula = frozen.replace(scheme="gamma*a/1.7")
    runs = [bn.simulate(p, dim=80, runs=2, times=[0, 1]) for p in (frozen, formula)]
    np.testing.assert_allclose(runs[0].values["L"], runs[1].values["L"], rtol=1e-12)
    assert runs[0].values["Q"][0, 0] == pytest.approx(0.6 * 1.2 / 1.7, rel=1e-12)


@pytest.mark.parametrize(
    ("scheme", "momentum"),
    [
        ("tracked", 0.0),
        ("batch-renorm", 0.6),
        pytest.param("tracked", 0.6, marks=pytest.mark.slow),
        pytest.param("batch-renorm", 0.0, marks=pytest.mark.slow),
    ],
)
def test_chain_and_vectors_have_one_law(scheme, momentum):
    # As in test_engine_twins.py: 1000 runs each at an N where terms of finite N are in the law.
    # False alarms: 1e-5 for each of three quantities.
    problem = RENORM.replace(
        scheme=scheme, eta=0.8 * (1 - momentum), noise=0.3, weight_decay=0.2, momentum=momentum
    )
    sample = {"dim": 12, "runs": 1000, "times": [0.0, 2.0]}
    chain = bn.simulate(problem, seed=1, **sample)
    vectors = bn.simulate(problem, seed=2, engine="vectors", **sample)
    for name in ("Q", "R", "L"):
        assert ks_2samp(chain.values[name][:, -1], vectors.values[name][:, -1]).pvalue > 1e-5


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"frozen_std": 0.0}, "a finite number above 0"),
        ({"running_momentum": 0.0}, "above 0 and at most 1"),
        ({"running_momentum": 1.1}, "above 0 and at most 1"),
        ({"r_max": 0.9}, "at least 1"),
        ({"d_max": -0.1}, "at least 0"),
    ],
)
def test_bad_numbers_are_refused_by_name(values, said):
    with pytest.raises(InputError, match=said) as refused:
        bn.Problem(scheme="batch-renorm", **values)
    assert refused.value.parameter == next(iter(values))
