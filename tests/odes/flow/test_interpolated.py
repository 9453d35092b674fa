"""`Flow.at`: between stored times, within the error that it states, and never outside."""

import bntheory as bn
import numpy as np
import pytest

PROBLEM = bn.Problem("identity", scheme="wn", noise=0.1)
BETWEEN = np.array([0.07, 0.51, 1.33, 3.97])


@pytest.mark.parametrize("points", [11, 41])
def test_the_interpolation_is_as_near_as_it_says(points):
    flow = bn.integrate(PROBLEM, time=4.0, points=points)
    exact = bn.integrate(PROBLEM, times=[0.0, *BETWEEN])
    found = flow.at(BETWEEN)
    for name in ("Q", "R", "L", "error"):
        off = np.abs(found[name] - exact[name][1:])
        # The coarser rule is farther off than the finer one: the integrator's 1e-8 aside.
        assert (off <= found.deviation[name] + 1e-7).all()
    assert found.deviation["R"].max() < (0.03 if points == 11 else 0.003)


def test_stored_times_are_met_and_a_single_time_has_no_shape():
    flow = bn.integrate(PROBLEM, time=4.0, points=5)
    met = flow.at(flow.t)
    np.testing.assert_allclose(met.R, flow.R, rtol=1e-14)
    assert (met.deviation["R"] == 0).all()
    assert flow.at(2.5).R.shape == ()
    assert len(flow.at(2.5).columns()["t"]) == 1


@pytest.mark.parametrize("t", [-0.1, 4.5, [1.0, 5.0], np.nan, "late", [[1.0]]])
def test_times_outside_are_refused(t):
    flow = bn.integrate(PROBLEM, time=4.0, points=5)
    with pytest.raises(ValueError, match=r"^t=.*from 0 to 4 is accepted"):
        flow.at(t)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bn.integrate(PROBLEM, time=np.arange(3.0)), r"^time=.*go to times="),
        (lambda: bn.integrate(PROBLEM, times="late"), r"^times='late': a list"),
        (lambda: bn.integrate("relu"), r"^problem='relu': a bntheory.Problem is accepted"),
        (lambda: bn.simulate("relu"), r"^problem='relu'"),
        (lambda: bn.compare(None), r"^problem=None"),
        (lambda: bn.sweep("relu", eta=[1.0]), r"^problem='relu'"),
        (lambda: bn.derive(3), r"^problem=3"),
        (lambda: bn.fixed_points("bn"), r"^problem='bn'"),
    ],
)
def test_what_is_no_problem_or_time_is_told_what_is(call, said):
    with pytest.raises(ValueError, match=said):
        call()
