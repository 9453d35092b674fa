"""The derived flow against theory page 3, and against brute force with real vectors."""

import math
import subprocess
import sys

import bntheory as bn
import numpy as np
import pytest
import sympy
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from reference import ACTIVATIONS, gaussian_pair_mean, sgd_step

SINGLE_EXAMPLE = ("sgd", "wn", "pn")
#: A field that the package does not ship.
UNSHIPPED = "gamma^2*sqrt(N)*a/sqrt(n2)"


#: Where activations of the reference have kinks, if not at 0.
KINKS = {"hard-tanh": (-1.0, 1.0)}


def drift(problem, y):
    dy = np.empty(len(y))
    flow_kernels(problem).rhs(0.0, np.array(y, dtype=float), parameters(problem), dy)
    return dy


def theory_section_3(problem, Q, R, L):
    """The flow as written on theory page 3, with moments by quadrature of the joint density."""
    g, slope = ACTIVATIONS[problem.activation]
    kinks = KINKS.get(problem.activation, (0.0,))

    def mean(function):
        return gaussian_pair_mean(function, R, [kink / Q for kink in kinks], kinks)

    I1 = mean(lambda u, v: (slope(Q * u) * (g(v) - g(Q * u))) ** 2)
    I1 += problem.noise * mean(lambda u, v: slope(Q * u) ** 2)
    I2 = mean(lambda u, v: slope(Q * u) * (g(v) - g(Q * u)) * Q * u)
    I3 = mean(lambda u, v: slope(Q * u) * (g(v) - g(Q * u)) * v)
    eta, M, decay = problem.eta, problem.M, problem.weight_decay
    if problem.scheme == "sgd":
        dQ = eta * I2 / Q + eta**2 * I1 / (2 * M * Q) - eta * decay * Q
        return np.array([(eta * I3 - eta * decay * Q * R - R * dQ) / Q, dQ])
    zeta = 3 / 8 / M if problem.zeta == "auto" else problem.zeta
    dQ = problem.gamma_rate * eta * (I2 / Q - zeta * Q)
    growth = eta**2 * Q**2 * I1 / (2 * M * L**3)
    dR = eta * Q / L**2 * I3 - eta * R / L**2 * I2 - R / L * growth
    return np.array([dQ, dR, growth - eta * decay * L])


@pytest.mark.parametrize("activation", ["relu", "identity", "erf", "tanh", "gelu", "leaky-relu"])
@pytest.mark.parametrize("scheme", SINGLE_EXAMPLE)
def test_drift_is_that_of_theory_section_3(scheme, activation):
    # 1e-8 is the stated accuracy of the quadrature of smooth activations.
    numbers = {"eta": 0.8, "noise": 0.3, "batch_size": 3, "weight_decay": 0.2}
    if scheme != "sgd":
        numbers |= {"zeta": 0.15, "gamma_rate": 1.7}
    problem = bn.Problem(activation=activation, scheme=scheme, **numbers)
    Q, R, L = 0.9, 0.45, 1.3
    y = [R, Q] if scheme == "sgd" else [Q, R, L]
    expected = theory_section_3(problem, Q, R, Q if scheme == "sgd" else L)
    assert drift(problem, y) == pytest.approx(expected, abs=1e-8)
    planted = problem.replace(noise=0.303)
    assert drift(planted, y) != pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "activation", ["elu", "selu", "hard-tanh", pytest.param("silu", marks=pytest.mark.slow)]
)
def test_drift_of_the_activations_with_exponentials_and_two_kinks(activation):
    # The second derivative of elu jumps, the slope of selu and hard-tanh: all are split there.
    problem = bn.Problem(activation, scheme="wn", eta=0.8, noise=0.3, batch_size=3, zeta=0.15)
    expected = theory_section_3(problem, 0.9, 0.45, 1.3)
    assert drift(problem, [0.9, 0.45, 1.3]) == pytest.approx(expected, abs=1e-8)
    planted = bn.Problem("tanh", scheme="wn", eta=0.8, noise=0.3, batch_size=3, zeta=0.15)
    assert theory_section_3(planted, 0.9, 0.45, 1.3) != pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("scheme", SINGLE_EXAMPLE)
def test_drift_is_the_mean_of_one_step_of_real_vectors(scheme):
    # N = 4000 leaves a bias of order M/N; 2000 batches, each within 4.5 standard errors plus it.
    problem = bn.Problem(scheme=scheme, eta=0.9, noise=0.2, batch_size=2, q0=0.8, r0=0.4, l0=1.2)
    zeta = 3 / 8 / 2 if scheme == "pn" else 0.0
    rng = np.random.default_rng(3)
    N, gamma = 4000, 0.8
    L = gamma if scheme == "sgd" else 1.2
    teacher = np.ones(N)
    w = L * (0.4 * teacher + math.sqrt(1 - 0.4**2) * np.tile([1.0, -1.0], N // 2))
    changes = []
    for _ in range(2000):
        X = rng.standard_normal((2, N)) / math.sqrt(N)
        xi = math.sqrt(0.2) * rng.standard_normal(2)
        new, new_gamma = sgd_step(scheme, "relu", (w, gamma), teacher, X, xi, 0.9, zeta)
        square, overlap = new @ new / N, new @ teacher / N
        changes.append([new_gamma - gamma, overlap - 0.4 * L, square - L**2])
    changes = N * np.array(changes)
    flow = drift(problem, problem.initial_state)
    dR, dL = flow[-2:]
    expected = np.array([0.0 if scheme == "sgd" else flow[0], L * dR + 0.4 * dL, 2 * L * dL])
    error = np.abs(changes.mean(axis=0) - expected)
    sem = changes.std(axis=0) / math.sqrt(len(changes))
    assert (error <= 4.5 * sem + 10 / N).all()
    assert (4.5 * sem[1:] > 10 / N).all()


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        (UNSHIPPED, {"eta": 1.0}),
        (UNSHIPPED, {"eta": "1/(1+t/4)", "weight_decay": 0.2, "noise": 0.1}),
        ("sqrt(N)*gamma*a/sqrt(n2) + beta", {"train_beta": True}),
        ("gamma*a", {"activation": "tanh"}),
    ],
)
def test_a_scheme_of_the_users_own_gets_a_flow_that_a_simulation_confirms(scheme, options):
    # False-alarm rate 0.001 each.
    problem = bn.Problem(scheme=scheme, **options)
    verdict = bn.compare(problem, dim=4000, runs=48, time=6, points=7, seed=1, alpha=0.001)
    assert verdict.agree, verdict.verdict()


def test_fields_are_named_as_in_the_paper():
    identity = bn.derive(bn.Problem(activation="identity", scheme="wn"))
    Q, R, L = sympy.Symbol("Q", positive=True), sympy.Symbol("R", real=True), sympy.Symbol("L")
    eta, rate, zeta = sympy.symbols("eta gamma_rate zeta", positive=True)
    assert sympy.simplify(identity.equations["Q"] - eta * rate * (R - (1 + zeta) * Q)) == 0
    assert L not in identity.equations["Q"].free_symbols
    assert list(bn.derive(bn.Problem(scheme="sgd")).equations) == ["R", "Q"]
    assert "<g'(f) u g(v)>" in bn.derive(bn.Problem(activation="tanh", scheme="wn")).text()
    assert r"\frac{dR}{dt}" in identity.latex()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_python_source_runs_without_the_package(activation, tmp_path):
    problem = bn.Problem(activation=activation, scheme="wn", eta=0.7, noise=0.1)
    program = tmp_path / "flow.py"
    program.write_text(
        "import sys\nsys.modules['bntheory'] = None  # importing it now fails\n"
        + bn.derive(problem).python()
    )
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    *_, last = done.stdout.split("\n")[:-1]
    t, *numbers = map(float, last.split(","))
    flow = bn.integrate(problem)
    assert t == 20
    ours = [flow.values[name][-1] for name in ("gamma", "R", "L", "Q", "error")]
    assert numbers == pytest.approx(ours, abs=1e-6)  # LSODA at rtol 1e-8, over 20 units of time


def test_jacobian_is_the_derivative_of_the_drift():
    for problem in (
        bn.Problem(scheme="pn", noise=0.2, weight_decay=0.1),
        bn.Problem(scheme="sgd", activation="erf"),
        bn.Problem(scheme=UNSHIPPED, activation="leaky-relu"),
    ):
        kernels = flow_kernels(problem)
        y, h = np.array(problem.initial_state), 1e-6
        J = np.empty((y.size, y.size))
        kernels.symbolic_jacobian(0.0, y, parameters(problem), J)
        for j in range(y.size):
            step = h * np.eye(y.size)[j]
            slope = (drift(problem, y + step) - drift(problem, y - step)) / (2 * h)
            assert J[:, j] == pytest.approx(slope, abs=1e-7)  # h^2 truncation, 1e-16/h rounding


def test_jacobian_is_finite_where_student_and_teacher_are_aligned():
    problem = bn.Problem(scheme="pn", noise=0.2)
    J = np.empty((3, 3))
    flow_kernels(problem).symbolic_jacobian(0.0, np.array([0.9, 1.0, 1.0]), parameters(problem), J)
    assert np.isfinite(J).all()


def test_batch_schemes_and_fields_that_are_not_affine_are_refused():
    with pytest.raises(ValueError, match="not affine"):
        bn.integrate(bn.Problem(scheme="gamma*a^2"))
    assert derive_drift(bn.Problem(scheme="wn")).shift == 0
