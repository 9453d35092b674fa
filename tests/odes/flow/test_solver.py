"""One solver: many flows whose states are stored are the flows one by one."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.records import AtEnd, AtTimes
from bntheory.odes.flow.rows import OUTSIDE
from bntheory.odes.flow.solver import solve_flows

TIMES = np.linspace(0.0, 5.0, 11)


def test_many_flows_with_dense_output_are_those_of_integrate_bit_for_bit():
    problem, rates, calls = bn.Problem(scheme="wn"), [0.1, 0.7, 50.0], []
    starts = [0.3, -0.2, 0.1]
    record = AtTimes(TIMES)
    flows = solve_flows(problem, {"eta": np.array(rates), "r0": np.array(starts)}, record,
                        progress=lambda done, total: calls.append((done, total)))  # fmt: skip
    for k, (eta, r0) in enumerate(zip(rates, starts, strict=True)):
        alone = bn.integrate(problem.replace(eta=eta, r0=r0), times=TIMES)
        assert record.stored[k] == len(TIMES)
        assert record.steps[k] == alone.steps
        for label, column in problem.state_space.unpack(record.states[k]).items():
            np.testing.assert_array_equal(column, alone.values[label])
    assert flows.states.shape == (3, len(problem.initial_state))
    assert calls[-1] == (3, 3)


def test_the_end_alone_is_the_end_of_what_is_stored():
    problem, columns = bn.Problem(scheme="wn"), {"noise": np.array([0.0, 0.2])}
    stored = AtTimes(TIMES)
    solve_flows(problem, columns, stored)
    ended = solve_flows(problem, columns, AtEnd(np.full(2, TIMES[-1]), plateau=True))
    assert ended.states == pytest.approx(stored.states[:, -1], abs=1e-7)
    assert ended.times.tolist() == [TIMES[-1]] * 2


def test_a_row_that_leaves_its_tables_does_so_in_every_record():
    """A scale that no rule resolves, beside a row that stays."""
    problem = bn.Problem("sin(h)", "wn")
    columns = {"q0": np.array([1.0, 500.0])}
    stored, ended = AtTimes(np.array([0.0, 0.5])), AtEnd(np.full(2, 0.5))
    one, other = (solve_flows(problem, columns, record) for record in (stored, ended))
    assert one.status.tolist() == other.status.tolist() == [one.kernels.COMPLETE, OUTSIDE]
    assert stored.stored.tolist() == [2, 0]
    assert other.states[1].tolist() == list(problem.replace(q0=500.0).initial_state)


def test_a_flow_that_takes_too_many_steps_is_finished_only_where_it_is_stored():
    problem = bn.Problem(scheme="wn")
    record, end = AtTimes(TIMES), AtEnd(np.full(1, TIMES[-1]))
    flows = solve_flows(problem, {}, record, max_steps=2)
    assert flows.status[0] == flows.kernels.COMPLETE
    assert record.stored[0] == len(TIMES)
    assert record.stiff[0].endswith("after 2 explicit steps SciPy's Radau took over")
    assert record.states[0, -1, 1] == pytest.approx(
        bn.integrate(problem, times=TIMES).R[-1], abs=1e-6
    )
    assert solve_flows(problem, {}, end, max_steps=2).status[0] == flows.kernels.TOO_MANY_STEPS


@pytest.mark.parametrize("q0", [1.0, 500.0])
def test_a_batch_without_a_flow_is_refused_from_every_start(q0):
    problem = bn.Problem("tanh", "bn", batch_size=3, q0=q0)
    for solved in (bn.integrate, bn.sweep):
        with pytest.raises(ValueError, match="batch_size=3: the flow of"):
            solved(problem, time=1.0)
