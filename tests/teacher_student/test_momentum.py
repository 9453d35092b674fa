"""Momentum: what is accepted, the limit of fixed momentum, and what the simulators do with it."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.errors import InputError
from bntheory.teacher_student.momentum import inertia, lag
from bntheory.teacher_student.online.run import ChainRun, VectorRun, start_vectors
from bntheory.teacher_student.online.simulate import run_makers
from reference import sgd_step
from scipy.stats import ks_2samp

HEAVY = bn.Problem(
    "relu", "bn", eta=0.2, momentum=0.75, batch_size=8, noise=0.2, weight_decay=0.3, q0=0.8, r0=0.4
)
KINDS = {
    "heavy ball": {},
    "nesterov": {"nesterov": True},
    "decoupled": {"decoupled_decay": True, "weight_decay": 2.0},
}


@pytest.mark.parametrize(
    ("values", "parameter", "said"),
    [
        ({"momentum": 1.0}, "momentum", "at least 0 and below 1"),
        ({"momentum": -0.1}, "momentum", "at least 0 and below 1"),
        ({"momentum": math.nan}, "momentum", "at least 0 and below 1"),
        ({"nesterov": True}, "nesterov", "a momentum above 0"),
        ({"decoupled_decay": True}, "decoupled_decay", "a momentum above 0"),
        ({"momentum": 0.5, "nesterov": 1}, "nesterov", "true or false"),
        ({"momentum": 0.5, "decoupled_decay": "yes"}, "decoupled_decay", "true or false"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(values, parameter, said):
    with pytest.raises(InputError, match=said) as refused:
        bn.Problem(**values)
    assert refused.value.parameter == parameter
    assert refused.value.value is values[parameter]


def test_a_problem_with_momentum_survives_files():
    every = HEAVY.replace(nesterov=True, decoupled_decay=True)
    assert bn.Problem.from_toml(every.to_toml()) == every
    assert bn.Problem.from_json(every.to_json()) == every


@pytest.mark.parametrize(
    ("values", "eta", "decay"),
    [
        ({"momentum": 0.75}, 4.0, 0.5),
        ({"momentum": 0.75, "nesterov": True}, 4.0, 0.5),
        ({"momentum": 0.75, "decoupled_decay": True}, 4.0, 0.125),
        ({"momentum": 0.5, "eta": "1/(1 + t)"}, "(1/(1 + t))/(0.5)", 0.5),
    ],
)
def test_the_limit_has_the_longer_step_and_no_momentum(values, eta, decay):
    found = bn.Problem("relu", "wn", **{"eta": 1.0, "weight_decay": 0.5} | values).limit
    plain = bn.Problem("relu", "wn", eta=eta, weight_decay=decay)
    assert found == plain


def test_without_momentum_nothing_changes():
    # Its own classes, and so its own kernels: the bits are those of tests/test_frozen.py.
    problem = bn.Problem()
    assert problem.limit is problem
    options = {"dim": 9, "steps": np.arange(2), "which": [0], "inputs": "gaussian", "seed": 0}
    for engine, kind in (("chain", ChainRun), ("vectors", VectorRun)):
        assert type(run_makers(problem, engine=engine, **options)[0]()) is kind


@pytest.mark.parametrize("nesterov", [False, True])
def test_the_lag_is_the_mean_age_of_the_gradients(nesterov):
    # Torch's update of one gradient, 1 in the first step: what it adds to the weights later on.
    problem, beta = HEAVY.replace(nesterov=nesterov), HEAVY.momentum
    buf, weights = 0.0, []
    for k in range(300):  # 0.75^300 is 0 in double precision against the sum
        grad = float(k == 0)
        buf = beta * buf + grad
        weights.append(grad + beta * buf if nesterov else buf)
    mean = np.arange(300) @ weights / np.sum(weights)
    assert np.sum(weights) == pytest.approx(1 / (1 - beta))
    assert lag(problem) == pytest.approx(mean)
    assert inertia(problem, 700) == pytest.approx(700 / (mean + 0.5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["wn", "bn"])
def test_vectors_follow_torchs_update_step_by_step(scheme, kind):
    # As in test_simulate.py: the same random numbers, so that only rounding may differ.
    problem = HEAVY.replace(
        scheme=scheme, zeta=0.1, gamma_rate=1.5, **{"weight_decay": 0.7, **KINDS[kind]}
    )
    N, M, beta, eta = 30, 8, 0.75, 0.2
    coupled = 0.0 if problem.decoupled_decay else problem.weight_decay
    outside = problem.weight_decay - coupled
    times = np.arange(41) / N
    runs = bn.simulate(problem, dim=N, runs=1, times=times, engine="vectors", seed=11)
    seeds = np.random.SeedSequence(11).spawn(1)[0].spawn(3)
    x_rng, label_rng, rng = map(np.random.default_rng, seeds)
    teacher, w = start_vectors(N, problem.r0, problem.l0, rng)
    gamma = problem.q0
    buf, buf_gamma = np.zeros(N), 0.0
    for k in range(40):
        X = x_rng.standard_normal((M, N)) / math.sqrt(N)
        noise = math.sqrt(problem.noise) * label_rng.standard_normal(M)
        # A step of rate 1 (of gamma N) is minus the gradient, decays included.
        new_w, new_gamma = sgd_step(
            scheme, "relu", (w, gamma), teacher, X, noise, 1.0, 0.1, coupled, N
        )
        grad, grad_gamma = w - new_w, gamma - new_gamma
        buf, buf_gamma = beta * buf + grad, beta * buf_gamma + grad_gamma
        step, step_gamma = buf, buf_gamma
        if problem.nesterov:
            step, step_gamma = grad + beta * buf, grad_gamma + beta * buf_gamma
        w = w - eta * step - eta * outside * w / N
        gamma -= 1.5 * eta / N * step_gamma
        assert runs.L[0, k + 1] == pytest.approx(np.linalg.norm(w) / math.sqrt(N), rel=1e-10)
        R = w @ teacher / np.linalg.norm(w) / math.sqrt(N)
        assert runs.R[0, k + 1] == pytest.approx(R, abs=1e-10)
        assert runs.gamma[0, k + 1] == pytest.approx(gamma, rel=1e-10)


def p_value(problem, other, dim=12):
    """The least of Q, R and L at the end, of a problem by chain and another by vectors."""
    sample = {"dim": dim, "runs": 1000, "times": [0.0, 2.0]}
    chain = bn.simulate(problem, seed=1, **sample)
    vectors = bn.simulate(other, seed=2, engine="vectors", **sample)
    assert chain.status == vectors.status == "complete"
    ends = [(chain.values[n][:, -1], vectors.values[n][:, -1]) for n in ("Q", "R", "L")]
    return min(ks_2samp(one, two).pvalue for one, two in ends)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["wn", "bn"])
def test_chain_and_vectors_have_one_law(scheme, kind):
    # Level 1e-5 for each of three quantities, as in test_engine_twins.py: 2e-4 for all problems.
    problem = HEAVY.replace(scheme=scheme, **KINDS[kind])
    assert p_value(problem, problem) > 1e-5


def test_in_three_dimensions_the_frame_fills_the_space():
    problem = HEAVY.replace(scheme="wn", momentum=0.5)
    assert p_value(problem, problem, dim=3) > 1e-5


@pytest.mark.parametrize(
    "wrong",
    [{"momentum": 0.65}, {"nesterov": True}, {"decoupled_decay": True}, {"momentum": 0.0}],
    ids=str,
)
def test_another_momentum_has_another_law(wrong):
    problem = HEAVY.replace(scheme="wn", weight_decay=2.0)
    assert p_value(problem, problem.replace(**wrong)) < 1e-5
