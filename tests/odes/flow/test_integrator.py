"""The integrator: convergence order, SciPy and heyoka, dense output, divergence, stiffness."""

import math

import bntheory as bn
import heyoka
import numpy as np
import pytest
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.symbols import FIELD_STD, PARAMETERS, RHO
from bntheory.odes.flow.flow_kernels import flow_kernels, parameters
from scipy.integrate import solve_ivp

PROBLEMS = [
    bn.Problem(scheme="pn"),
    bn.Problem(scheme="sgd", eta=1.2, noise=0.3),
    bn.Problem(scheme="wn", activation="erf", noise=0.1, weight_decay=0.2),
    bn.Problem(scheme="wn", eta="1/(1 + t/10)", r0=-0.3),
    bn.Problem(scheme="wn", activation="identity", r0=-0.9),
]


def scipy_flow(problem, times, rtol=1e-12):
    kernels, p = flow_kernels(problem), parameters(problem)

    def rhs(t, y):
        dy = np.empty(len(y))
        kernels.rhs(t, y, p, dy)
        return dy

    span, start = (0.0, times[-1]), np.array(problem.initial_state)
    solution = solve_ivp(rhs, span, start, "DOP853", times, rtol=rtol, atol=1e-13)
    return dict(zip(problem.order_parameters, solution.y, strict=True))


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_against_scipy_at_all_stored_times(problem):
    # A step's error is bounded by rtol; errors of neighbouring trajectories grow by at most a
    # few units over these flows, hence ten times the tolerance.
    times = np.linspace(0, 30, 301)
    flow = bn.integrate(problem, times=times)
    expected = scipy_flow(problem, times)
    assert flow.status == "complete"
    for name in ("R", "L"):
        assert flow.values[name] == pytest.approx(expected[name], abs=1e-7)


def test_against_heyoka_with_its_own_compilation_of_the_equations():
    problem = bn.Problem(scheme="pn", noise=0.2)
    derivation = derive_drift(problem)
    numbers = dict(zip([symbol.name for symbol in PARAMETERS], parameters(problem), strict=True))
    variables = heyoka.make_vars("gamma", "R", "L")
    system = []
    for name, variable in zip(problem.order_parameters, variables, strict=True):
        equation = derivation.equations[name]
        equation = equation.subs({s: numbers[s.name] for s in equation.free_symbols
                                  if s.name in numbers})  # fmt: skip
        assert not equation.has(FIELD_STD, RHO)
        system.append((variable, heyoka.from_sympy(equation)))
    taylor = heyoka.taylor_adaptive(system, list(problem.initial_state), tol=1e-15)
    flow = bn.integrate(problem, time=25, points=6)
    for k, t in enumerate(flow.t):
        taylor.propagate_until(t)
        ours = [flow.values[name][k] for name in problem.order_parameters]
        assert ours == pytest.approx(list(taylor.state), abs=1e-7)


def test_the_method_is_of_order_five_and_its_dense_output_of_order_four():
    problem = bn.Problem(scheme="wn")
    kernels, p, y0 = flow_kernels(problem), parameters(problem), np.array(problem.initial_state)
    end, middle = [], []
    steps = (0.4, 0.2, 0.1)
    for h in steps:
        y, k, trial, row = y0.copy(), np.empty((7, 3)), np.empty(3), np.empty(3)
        worst = 0.0
        for n in range(round(4.0 / h)):
            kernels.rhs(n * h, y, p, k[0])
            kernels.take_step(n * h, h, y, p, 1e-8, 1e-10, k, trial)
            kernels.interpolate(0.5, h, y, k, row)
            exact = scipy_flow(problem, np.array([0.0, (n + 0.5) * h]))
            worst = max(worst, abs(row[1] - exact["R"][-1]))
            y[:] = trial
        end.append(abs(y[1] - scipy_flow(problem, np.array([0.0, 4.0]))["R"][-1]))
        middle.append(worst)
    order = np.log2(np.array(end[:-1]) / end[1:])
    dense = np.log2(np.array(middle[:-1]) / middle[1:])
    assert (order > 4.5).all()
    assert (dense > 3.5).all()


def test_tightening_the_tolerance_tightens_the_result():
    problem = bn.Problem(scheme="wn", eta=1.0)
    times = np.linspace(0, 30, 61)
    exact = scipy_flow(problem, times)["R"]
    errors = [
        np.abs(bn.integrate(problem, times=times, rtol=tol, atol=tol).R - exact).max()
        for tol in (1e-4, 1e-6, 1e-8)
    ]
    assert errors[0] > 5 * errors[1] > 25 * errors[2]


def test_divergence_ends_with_a_status_that_says_when():
    # Above eta_max = 2 sgd's length grows exponentially, at the rate eta^2/4 - eta/2.
    eta = 2.5
    with pytest.warns(bn.DivergenceWarning, match="diverged"):
        flow = bn.integrate(bn.Problem(scheme="sgd", eta=eta), time=1000, points=11)
    assert flow.status == "diverged"
    when = float(flow.message.split("t = ")[1].split(":")[0])
    assert when == pytest.approx(math.log(1e8) / (eta**2 / 4 - eta / 2), rel=0.3)
    assert np.isfinite(flow.Q).all()
    assert flow.t[-1] <= when
    with pytest.raises(bn.FlowError, match="diverged"):
        flow.raise_for_status()


def test_below_eta_max_nothing_diverges():
    flow = bn.integrate(bn.Problem(scheme="sgd", eta=1.9), time=500).raise_for_status()
    assert flow.error[-1] < 1e-3


def test_the_observables_are_those_of_the_fields():
    flow = bn.integrate(bn.Problem(scheme="wn", activation="identity"), time=5)
    assert pytest.approx(flow.values["gamma"]) == flow.Q
    assert flow.error == pytest.approx((1 - 2 * flow.Q * flow.R + flow.Q**2) / 2, abs=1e-14)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "gelu"])
def test_quadrature_is_good_to_1e_8_for_smooth_activations(activation):
    # Against the same flow with twice as many nodes a panel, from the largest scale tested on.
    from reference import ACTIVATIONS, gaussian_pair_mean

    g, slope = ACTIVATIONS[activation]
    problem = bn.Problem(activation=activation, scheme="wn", eta=1.0)
    kernels, p = flow_kernels(problem), parameters(problem)
    for scale, R in [(0.3, 0.9), (1.0, -0.5), (3.0, 0.5), (3.0, 0.97)]:
        dy = np.empty(3)
        kernels.rhs(0.0, np.array([scale, R, 1.0]), p, dy)
        expected = gaussian_pair_mean(
            lambda u, v, s=scale: slope(s * u) * (g(v) - g(s * u)) * u, R, points=400
        )
        assert dy[0] == pytest.approx(expected, abs=1e-8)


def test_a_kink_away_from_zero_is_split_there():
    problem = bn.Problem(activation="min(max(h, -1), 1)", scheme="wn", eta=1.0)
    from reference import gaussian_pair_mean

    scale, R = 1.6, 0.6
    dy = np.empty(3)
    flow_kernels(problem).rhs(0.0, np.array([scale, R, 1.0]), parameters(problem), dy)
    expected = gaussian_pair_mean(
        lambda u, v: (np.abs(scale * u) < 1) * (np.clip(v, -1, 1) - scale * u) * u,
        R, cuts_u=(-1 / scale, 1 / scale), cuts_v=(-1.0, 1.0),
    )  # fmt: skip
    assert dy[0] == pytest.approx(expected, abs=1e-8)
