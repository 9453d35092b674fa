"""Routes to an expectation: each against the next within the errors that both measure."""

import itertools
from dataclasses import dataclass

import bntheory as bn
import numpy as np
import pytest
from bntheory.codegen.in_memory import package_in_memory
from bntheory.codegen.modules import kernel_texts
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.derivation.expectations import Average, Expectation, Point
from bntheory.odes.derivation.gaussian_moments import closed_form
from bntheory.odes.derivation.routes import ROUTES, choose
from bntheory.odes.derivation.symbols import (
    DECAY,
    ETA,
    FIELD_STD,
    GAMMA,
    GAMMA_RATE,
    NOISE,
    RHO,
    SHIFT,
    SIGN,
    ZETA,
    L,
    R,
)
from bntheory.odes.flow.flow_kernels import LOOP, parameters
from bntheory.odes.source.flow_source import system_source
from bntheory.teacher_student.activations import Activation

#: Errors are differences from a finer rule at the point, or at others, and standard errors: five
#: of these are met by chance once in two million averages, and the draws are fixed.
TIMES = 5
#: Tabulated moments that are compared in one case.
MOST = 3
CLOSED, _, QUADRATURE, TABLE, _, SAMPLING = ROUTES
#: For each problem the routes that average all of its moments, and a point.
CASES = {
    "relu pn": ("closed form, quadrature, sampling", Point(0.8, 0.4)),
    "erf pn": ("closed form, quadrature, sampling", Point(1.3, -0.3)),
    "identity wn": ("closed form, quadrature, sampling", Point(0.6, 0.999)),
    "identity gamma*a/sqrt(n2/N)+beta": ("closed form, quadrature, sampling", Point(0.7, 0.3, 0.4)),
    "tanh pn": ("quadrature, sampling", Point(2.0, 0.7)),
    "max(h,-0.5) sgd": ("quadrature, sampling", Point(0.9, 0.5)),
    "identity bn": ("closed form, table, sampling", Point(0.8, 0.4, 0.0, 8)),
    "relu bn": ("table, sampling", Point(0.8, 0.4, 0.0, 9)),
    "relu var-only-bn": ("table, sampling", Point(0.7, 0.2, 0.0, 20)),
}


def derived(case: str):
    activation, scheme = case.split()
    problem = bn.Problem(activation, scheme, train_beta="+beta" in scheme)
    return problem, derive_drift(problem)


def able(expectations):
    return [r for r in ROUTES if all(r.averages(e) for e in expectations.values())]


@pytest.mark.parametrize("case", CASES)
def test_every_route_agrees_with_the_next_within_both_errors(case: str) -> None:
    names, at = CASES[case]
    _, derivation = derived(case)
    expectations = derivation.choice.expectations
    routes = able(expectations)
    assert ", ".join(route.name for route in routes) == names
    some = MOST if TABLE in routes else len(expectations)  # every one of these has its own table
    for symbol, expectation in [*expectations.items()][-some:]:
        found = [route.average(expectation, at) for route in routes]
        for here, after in itertools.pairwise(found):
            bound = TIMES * (here.error + after.error)
            assert abs(here.value - after.value) <= bound, (symbol, found)
            assert bound < 0.1 * max(1.0, abs(here.value))  # and the bound says something


@pytest.mark.parametrize("case", ["erf pn", "relu bn"])
def test_a_wrong_route_is_seen(case: str) -> None:
    _, at = CASES[case]
    _, derivation = derived(case)
    expectations = derivation.choice.expectations
    first, after = able(expectations)[:2]
    wrong = Point(1.05 * at.q, at.rho, at.shift, at.M)
    off = [
        abs(x.value - y.value) / (x.error + y.error)
        for x, y in ((first.average(e, at), after.average(e, wrong)) for e in expectations.values())
    ]
    assert max(off) > 2 * TIMES


@pytest.mark.parametrize("case", ["relu pn", "erf pn", "identity bn"])
def test_a_drift_is_the_same_by_the_next_routes_within_their_errors(case: str) -> None:
    problem, first = derived(case)
    after = derive_drift(problem, routes=ROUTES[1:])
    assert first.closed
    assert not after.closed
    at = CASES[case][1]
    state = {R: at.rho, L: 1.1, GAMMA: at.q, SIGN: 1, ETA: 0.5, GAMMA_RATE: 1, ZETA: 0.2}
    state |= {NOISE: 0.1, DECAY: 0, FIELD_STD: at.q, RHO: at.rho, SHIFT: at.shift}
    state |= {s: at.M for s in first.drift["L"].free_symbols if s.name in "Mm"}
    averages = first.choice.measured(at), after.choice.measured(at)
    for drift in first.drift.values():
        values, error = [], 0.0
        for found in averages:
            point = state | {symbol: average.value for symbol, average in found.items()}
            values.append(float(drift.subs(point)))
            error += sum(abs(float(drift.diff(s).subs(point))) * a.error for s, a in found.items())
        assert abs(values[0] - values[1]) <= TIMES * error + 1e-14  # rounding of the sum itself
        assert error < 1e-4


@pytest.mark.parametrize(
    ("activation", "scheme", "taken"),
    [
        ("relu", "pn", {"closed form"}),
        ("tanh", "wn", {"quadrature"}),
        ("identity", "bn", {"closed form"}),
        ("relu", "bn", {"table"}),
        ("h**2", "mean-only-bn", {"closed form"}),
        ("gelu", "sgd", {"quadrature"}),
    ],
)
def test_the_first_route_that_can_is_taken(activation: str, scheme: str, taken: set) -> None:
    chosen = derive_drift(bn.Problem(activation, scheme)).choice.routes.values()
    assert {"closed form"} | taken >= {route.name for route in chosen} >= taken


def test_routes_are_ordered_by_cost_and_the_last_averages_everything() -> None:
    costs = [route.cost for route in ROUTES]
    assert costs == sorted(costs)
    for case in CASES:
        assert all(SAMPLING.averages(e) for e in derived(case)[1].choice.expectations.values())


def test_without_a_route_an_average_is_refused() -> None:
    derivation = derive_drift(bn.Problem("tanh", "pn"))
    with pytest.raises(ValueError, match=r"no route finds .closed form, table."):
        choose(derivation.moments, Activation.named("tanh"), derivation.field, (CLOSED, TABLE))


#: Close to tanh, and of a class with closed forms.
LIKE_TANH = Activation("erf(0.886*h)")


@dataclass(frozen=True)
class Nearby:
    """A fifth route, from outside: closed forms of a function near tanh."""

    name: str = "nearby"
    cost: float = 0.5

    def averages(self, wanted: Expectation) -> bool:
        return wanted.activation == Activation.named("tanh") and QUADRATURE.averages(wanted)

    def expression(self, wanted: Expectation):
        return closed_form(LIKE_TANH, wanted.moment, wanted.shifted)

    def average(self, wanted: Expectation, at: Point) -> Average:
        point = {FIELD_STD: at.q, RHO: at.rho, SHIFT: at.shift}
        value = float(self.expression(wanted).subs(point))
        return Average(value, abs(value - QUADRATURE.average(wanted, at).value))


def end_of_flow(name: str, problem: bn.Problem, routes: tuple, time: float = 3.0) -> np.ndarray:
    """The last state of a flow whose moments are known by some routes."""
    system = system_source(derive_drift(problem, routes=routes))
    texts = {"system": system} | kernel_texts(*LOOP)
    kernels = package_in_memory(f"bntheory_test_{name}", texts)
    out = np.empty((1, kernels.SIZE))
    bounds = 1e-10, 1e-12, 100_000
    y, ends, p = np.array(problem.initial_state), np.array([time]), parameters(problem)
    status, _, _ = kernels.integrate(y, ends, p, *bounds, out, np.zeros(1))
    assert status == kernels.COMPLETE
    return out[0]


def test_a_flow_is_the_same_without_closed_forms() -> None:
    problem = bn.Problem("erf", "pn", noise=0.1)
    closed, by_rule = (end_of_flow(f"erf_{k}", problem, ROUTES[k:]) for k in range(2))
    # Moments differ by 1e-13 (measured above), steps by 1e-10 of what they add.
    assert by_rule == pytest.approx(closed, abs=1e-8)
    other = problem.replace(noise=0.1001)
    assert end_of_flow("erf_other", other, ROUTES) != pytest.approx(closed, abs=1e-8)


def test_a_fifth_route_from_outside_is_taken_and_carries_its_error() -> None:
    problem = bn.Problem("tanh", "wn")
    mine = derive_drift(problem, routes=(Nearby(), *ROUTES))
    assert {route.name for route in mine.choice.routes.values()} == {"nearby"}
    assert not mine.by_quadrature  # straight code now
    measured = mine.choice.measured(Point(0.8, 0.4))
    worst = max(average.error for average in measured.values())
    assert 1e-4 < worst < 0.05
    flows = [end_of_flow(f"tanh_{len(r)}", problem, r) for r in (ROUTES, (Nearby(), *ROUTES))]
    difference = np.abs(flows[0] - flows[1]).max()
    # A drift of order one and its time bring the error of the moments into the state.
    assert 1e-6 < difference < 3.0 * 3 * worst
