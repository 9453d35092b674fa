"""Where explicit steps do not get further, Radau goes on with the same right-hand side."""

import bntheory as bn
import numpy as np
import pytest

PROBLEM = bn.Problem("erf", "sgd", units=2, teacher_units=2, eta=1.0, start="symmetric:0.1")


def test_the_stiff_solver_goes_on_where_the_explicit_one_stops():
    """Both are within their tolerance of 1e-8, of which the flow makes less than 100 times."""
    times = np.linspace(0.0, 20.0, 11)
    whole = bn.integrate(PROBLEM, times=times)
    found = bn.integrate(PROBLEM, times=times, max_steps=20)
    assert whole.message == ""
    assert found.status == "complete"
    assert found.message.startswith("stiff from t = ")
    assert "after 20 explicit steps SciPy's Radau took over" in found.message
    for name in ("A", "C", "error"):
        np.testing.assert_allclose(found.values[name], whole.values[name], atol=1e-6)


def test_a_stiff_decay_is_reached():
    """Weights that decay at a rate of 3000: explicit steps of 1e-3 would take minutes."""
    stiff = PROBLEM.replace(weight_decay=3000.0)
    found = bn.integrate(stiff, time=40.0, points=3, max_steps=500)
    assert found.status == "complete"
    assert "Radau" in found.message
    # At rest to first order in 1/decay: A = E[g'(h) v g(v)] / decay, with g' of small fields.
    expected = np.sqrt(2 / np.pi) * np.sqrt(1 / np.pi) / 3000.0
    assert found.A[-1, 0, 0] == pytest.approx(expected, rel=1e-2)
