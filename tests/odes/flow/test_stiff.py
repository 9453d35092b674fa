"""The stiff fallback: it takes over, ends where a flow diverges, and has a budget."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes import radau
from bntheory.odes.flow.integrate import solve
from scipy.integrate import solve_ivp


def test_a_stiff_flow_is_finished_by_the_stiff_solver_with_a_message():
    problem = bn.Problem(scheme="wn", gamma_rate=1e5)
    flow = bn.integrate(problem, time=20, points=5)
    assert flow.status == "complete"
    assert "Radau" in flow.message
    # gamma is slaved to R: the flow of gamma vanishes.
    R = flow.R[1:]
    slaved = (np.sqrt(1 - R**2) + (math.pi - np.arccos(R)) * R) / math.pi
    assert flow.values["gamma"][1:] == pytest.approx(slaved, abs=1e-3)
    explicit = bn.integrate(problem, time=20, points=5, max_steps=10_000_000)
    assert explicit.message == ""
    assert pytest.approx(explicit.R, abs=1e-6) == flow.R


def test_the_stiff_solver_gives_up_after_its_budget_and_keeps_what_it_has(monkeypatch):
    problem = bn.Problem(scheme="wn", gamma_rate=1e5)
    whole = bn.integrate(problem, time=20, points=101)
    monkeypatch.setattr(radau, "MOST", 60)
    flow = solve(problem, time=20, points=101)
    assert flow.status == "failed"
    assert "in 60 evaluations" in flow.message
    kept = len(flow.t)
    assert 1 < kept < 101
    assert np.array_equal(flow.R, whole.R[:kept])


def test_the_stiff_solver_is_that_of_scipy_and_ends_where_the_flow_diverges():
    times, out = np.linspace(0.0, 2.0, 21), np.empty((21, 1))

    def rhs(_, y):
        return y**2

    def largest(y):
        return float(y[0])

    start, bounds = (0.0, np.array([1.0])), (1e-8, 1e-10)
    found = radau.radau(rhs, None, start, times, bounds, largest, 1e6, out)
    # y = 1 / (1 - t): ten times are below 1, and the tenth is y = 10.
    assert found.diverged
    assert found.stored == 10
    assert found.t == pytest.approx(1.0, abs=1e-5)
    scipy = solve_ivp(rhs, (0, 0.9), [1.0], "Radau", times[:10], rtol=1e-8, atol=1e-10)
    assert out[:10, 0] == pytest.approx(scipy.y[0], rel=1e-7)
