"""Fixed points of batch schemes whose moments come from a table, with its error."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.equilibria.optimal_gamma import optimal_gamma
from bntheory.odes.flow.flow_kernels import flow_kernels
from bntheory.odes.kernels.roots import edge_rule
from bntheory.odes.tables import moment_tables
from bntheory.odes.tables.batch_law import Fineness
from bntheory.odes.tables.table_spec import TableSpec


@pytest.mark.parametrize("M", [4, 5, 32, 64, 128, 256])
def test_relu_aligns_at_its_best_gamma_at_every_batch_size(M):
    # Whether a table's error moves the root to R < 1, where Newton finds it, or beyond, is chance:
    # at 4, 64 and 128 it was not found. gamma is a root of tabulated moments, good to 1e-7.
    found = bn.fixed_points(bn.Problem("relu", "bn", batch_size=M))
    assert found.reached is not None
    assert abs(found.reached.R) == pytest.approx(1, abs=1e-6)
    assert pytest.approx(optimal_gamma("relu", M), rel=1e-6) == found.reached.Q


@pytest.mark.parametrize("M", [128])
def test_eta_max_is_that_of_a_table_a_thousand_times_as_exact(M, monkeypatch):
    # A table's error e = 1e-7, of degree 20 in the angle, is at most 20^2 e per radian at its end:
    # over the 0.6 of the fit a slope's relative error of some 1e-3.
    problem = bn.Problem("relu", "bn", batch_size=M)
    usual = bn.fixed_points(problem).points[0].eta_max
    spec = flow_kernels(problem).TABLE
    fine, finer = Fineness(24, 44, 22, 192), Fineness(26, 48, 24, 200)
    monkeypatch.setattr(moment_tables, "_resolution", lambda *_: ((40, 1, 1), fine, finer))
    exact = moment_tables.build(TableSpec.from_json(spec), M)
    assert exact.error < 1e-9
    monkeypatch.setitem(moment_tables._LOADED, (spec, M, None), exact)
    assert usual == pytest.approx(bn.fixed_points(problem).points[0].eta_max, rel=2e-3)


@pytest.mark.parametrize("table", [False, True])
def test_the_slope_at_full_overlap_is_that_of_a_known_function(table):
    # cos(angle) by R, and the kinked moment's square root, both known; left out of the polynomial
    # is the angle's seventh power (reach 0.1), or its ninth (0.6): 1e-6, and 1e-5.
    angles, weights = edge_rule(table)

    def kinked(angle):  # E[g(u) g(v)] of ReLU
        return (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)

    slope = weights @ (kinked(angles) - kinked(0.0))
    assert slope == pytest.approx(0.5, abs=1e-5 if table else 1e-6)


def test_a_tables_error_of_first_order_in_the_angle_is_no_slope():
    angles, weights = edge_rule(table=True)
    assert weights @ (1e-6 * angles) == pytest.approx(0, abs=1e-12)
