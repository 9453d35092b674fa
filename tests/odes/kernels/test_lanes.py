"""Many flows at once against one after the other: other loops, the same method."""

import math
from types import SimpleNamespace

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.records import AtEnd, AtTimes
from bntheory.odes.flow.solver import solve_flows
from bntheory.odes.kernels import controller, lanes

FLOWS = 70  # more than the lanes of one loop


def ends(problem, columns, time):
    """States at the end: in lanes, and each by itself."""
    together = solve_flows(problem, columns, AtEnd(np.full(FLOWS, time)), workers=1)
    alone = AtTimes(np.array([time]))
    flows = solve_flows(problem, columns, alone, workers=1)
    return together, np.where(flows.status[:, None] == 0, alone.states[:, 0], np.nan), flows.status


@pytest.mark.parametrize(
    ("activation", "scheme", "beta"),
    [
        ("relu", "bn", False),
        pytest.param("relu", "bn", True, marks=pytest.mark.slow),
        pytest.param("erf", "bn", False, marks=pytest.mark.slow),
        pytest.param("tanh", "mean-only-bn", False, marks=pytest.mark.slow),
        pytest.param("leaky-relu", "var-only-bn", False, marks=pytest.mark.slow),
        pytest.param("relu", "wn", False, marks=pytest.mark.slow),
    ],
)
def test_flows_in_lanes_end_where_each_ends(activation, scheme, beta):
    problem = bn.Problem(activation, scheme, batch_size=32, noise=0.1, train_beta=beta)
    columns = {"eta": np.geomspace(0.02, 2.0, FLOWS), "noise": np.linspace(0.0, 0.3, FLOWS)}
    together, states, status = ends(problem, columns, 12.0)
    assert (together.status == status).all()
    # Both keep the error of a step below 1e-8; some 50 steps, of a flow that contracts.
    np.testing.assert_allclose(together.states, states, rtol=1e-6, atol=1e-7)
    moved, _, _ = ends(problem, columns, 12.01)
    assert np.abs(moved.states - states).max() > 1e-5


@pytest.mark.parametrize(
    "activation",
    ["relu", pytest.param("tanh", marks=pytest.mark.slow)],  # quadrature for errors
)
def test_passages_in_lanes_are_when_the_error_is_at_the_level(activation):
    problem = bn.Problem(activation, "bn", batch_size=32, noise=0.01)
    columns = {"eta": np.geomspace(0.02, 2.0, FLOWS)}
    levels = (0.3, 0.05, 0.01, 1e-9)
    record = AtEnd(np.full(FLOWS, 40.0), levels)
    solve_flows(problem, columns, record, workers=1)
    # All start below the first level, none reaches the last.
    start = bn.integrate(problem, time=1.0, points=2).error[0]
    assert (record.passages[:, 0] == (0.0 if start <= levels[0] else record.passages[:, 0])).all()
    assert np.isinf(record.passages[:, 3]).all()
    assert record.plateaus.max() == 0.0
    some = [(k, n) for k in range(0, FLOWS, 9) for n in range(3)]
    passed = [(k, n) for k, n in some if 0.0 < record.passages[k, n] < math.inf]
    assert len(passed) > 5
    for k, n in passed:
        at = record.passages[k, n]
        one = bn.integrate(problem.replace(eta=columns["eta"][k]), times=[0.9 * at, at])
        # The state inside a step is of order 4: 1e-6 of the error, which falls by a tenth before.
        assert one.error[1] == pytest.approx(levels[n], rel=1e-5)
        assert one.error[0] > 1.005 * levels[n]


def test_sizes_of_batches_have_their_own_tables_in_lanes():
    problem = bn.Problem("relu", "bn")
    sizes = np.where(np.arange(FLOWS) % 3, 32, 8)
    together, states, _ = ends(problem, {"batch_size": sizes, "statistics_size": sizes}, 6.0)
    np.testing.assert_allclose(together.states, states, rtol=1e-6, atol=1e-7)
    one = bn.integrate(problem.replace(batch_size=8), time=6.0, points=2)
    assert together.states[0, 1] == pytest.approx(one.R[-1], abs=1e-6)
    assert abs(together.states[1, 1] - one.R[-1]) > 1e-4


def test_the_next_step_is_that_of_the_controller():
    found = np.array([1e-12, 1e-3, 0.7, 1.0, 1.1, 40.0, 1e9, math.inf, math.nan])
    before = np.linspace(1e-4, 1.0, found.size)
    expected = [controller.next_step(2.0, e, b, True) for e, b in zip(found, before, strict=True)]
    factor, after = np.empty(found.size), before.copy()
    source = lanes.lane_next.py_func
    names = source.__globals__ | {
        "LANES": found.size,
        "math": SimpleNamespace(sqrt=np.sqrt, inf=math.inf),
    }
    with np.errstate(all="ignore"):
        type(source)(source.__code__, names)(found, after, factor)
    assert 2.0 * factor == pytest.approx([h for h, _ in expected], rel=1e-15)
    assert after == pytest.approx([b for _, b in expected], rel=1e-15)
