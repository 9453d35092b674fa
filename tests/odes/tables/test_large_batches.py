"""Exact BN at large batches: rules that do not overflow, and the approach to the population."""

import math

import bntheory as bn
import numpy as np
import pytest
from bntheory.codegen.special import half_step
from bntheory.odes.tables import moment_tables
from bntheory.odes.tables.batch_law import gamma_rule
from bntheory.odes.tables.table_spec import TableSpec
from mpmath import loggamma, mp, mpf
from scipy.special import roots_genlaguerre


@pytest.mark.parametrize("M", [64, 172, 343])
def test_the_gamma_rule_is_that_of_scipy_where_scipy_has_one(M):
    nodes, weights = gamma_rule(M / 2, 13)
    expected, mass = roots_genlaguerre(13, M / 2 - 1)
    assert nodes == pytest.approx(expected, rel=1e-13)
    assert weights == pytest.approx(mass / mass.sum(), rel=1e-9, abs=1e-16)


@pytest.mark.parametrize("M", [344, 512, 4096, 10**6])
def test_the_gamma_rule_has_the_moments_of_its_law(M):
    shape = M / 2
    nodes, weights = gamma_rule(shape, 13)
    x = (nodes - shape) / math.sqrt(shape)
    assert np.all(nodes > 0)
    # Standardised: skewness 2 / sqrt(shape), kurtosis 3 + 6 / shape.
    expected = [1, 0, 1, 2 / math.sqrt(shape), 3 + 6 / shape]
    assert [weights @ x**k for k in range(5)] == pytest.approx(expected, abs=1e-12)


def test_half_a_step_of_the_gamma_function():
    with mp.workdps(30):
        for x in (0.5, 3.0, 49.9, 50.0, 700.0, 1e6):
            expected = float(mp.exp(loggamma(mpf(x) + mpf(1) / 2) - loggamma(mpf(x))))
            assert half_step(x) == pytest.approx(expected, rel=3e-14)


@pytest.mark.parametrize("scheme", ["bn", "mean-only-bn", "var-only-bn"])
@pytest.mark.parametrize("activation", ["relu", "identity", "tanh", "erf"])
def test_flows_approach_the_population_like_1_over_m(scheme, activation):
    def end(scheme, M):
        problem = bn.Problem(activation=activation, scheme=scheme, batch_size=M)
        flow = bn.integrate(problem, time=2.0, points=2, rtol=1e-12, atol=1e-13)
        assert flow.status == "complete"
        return np.array([flow.Q[-1], flow.R[-1], flow.L[-1]])

    sizes = [344, 512, 4096, 10**6]
    scaled = {M: M * (end(scheme, M) - end("wn", M)) for M in sizes}
    limit = scaled[10**6]
    assert np.abs(limit).max() > 0.05
    # M times the difference is c + d/M + ...: the same d from two sizes, up to the next order in
    # 1/M (2%, and 1/512) and to the tables' errors (1e-8, times M, over 1/M).
    assert scaled[4096] == pytest.approx(limit, abs=10 / 4096)
    slopes = [M * (scaled[M] - scaled[4096]) / (1 - M / 4096) for M in (344, 512)]
    assert slopes[0] == pytest.approx(slopes[1], rel=0.05, abs=2e-8 * 512**2)


def test_a_large_batch_agrees_with_the_chain():
    problem = bn.Problem(activation="tanh", batch_size=1000, eta=2.0)
    flow = bn.integrate(problem, time=1.0, points=3)
    runs = bn.simulate(problem, dim=20_000, runs=12, time=1.0, points=3)
    for name in ("Q", "R"):
        # 1/N is far below a standard error; Student's law with 11 degrees at 1e-5.
        assert np.all(np.abs(flow.values[name] - runs.mean[name])[1:] < 7.0 * runs.sem[name][1:])


def test_a_table_that_is_not_finite_is_refused_when_it_is_built(monkeypatch):
    def broken(spec, M, points, *_):
        values = np.ones((len(points), len(spec.singles) + len(spec.pairs)))
        values[3] = math.nan
        return list(values)

    monkeypatch.setattr(moment_tables, "evaluate", broken)
    spec = TableSpec("tanh(h)", (), (), (), False, False, ((0,) * 7,), ())
    with pytest.raises(ValueError, match=r"^batch_size=32: 1 of \d+ points .*tanh"):
        moment_tables.build(spec, 32)


@pytest.mark.parametrize("batch_size", [10**6 + 1, 1e30])
def test_a_batch_beyond_the_range_of_the_rules_is_refused(batch_size):
    with pytest.raises(ValueError, match=r"^batch_size=.* at most 1e\+06 is accepted"):
        bn.Problem(batch_size=batch_size)


def test_regularization_of_a_large_batch():
    found = bn.regularization(bn.Problem(batch_size=1000), examples=100_000)
    # 2 zeta = 3/(4 M) for ReLU to first order; the next order is 1/M of it.
    assert 1 - found.gamma_exact == pytest.approx(0.75e-3, rel=0.01)


def test_scatter_of_batches_too_large_to_be_sampled_is_refused():
    problem = bn.Problem(batch_size=100_000)
    with pytest.raises(ValueError, match=r"^batch_size=100000: .* at most \d+ is accepted"):
        bn.fluctuations(problem, time=1.0)
