"""The tableau is checked data: the order conditions of a Runge-Kutta pair."""

import math

import numpy as np
import pytest
from bntheory.odes.kernels.tableau import ESTIMATE, NODES, STAGES

#: The method with its first stage, which costs nothing: seven stages, the last one at the end.
A = np.vstack([np.zeros(7), np.hstack([STAGES, np.zeros((6, 1))])])
C = np.concatenate([[0.0], NODES])
STEP = A[-1]

#: Order conditions (Hairer, Norsett & Wanner, II.2): order, elementary weight, its value.
CONDITIONS = [(n + 1, C**n, 1 / (n + 1)) for n in range(5)] + [
    (3, A @ C, 1 / 6),
    (4, C * (A @ C), 1 / 8),
    (4, A @ C**2, 1 / 12),
    (4, A @ A @ C, 1 / 24),
    (5, C**2 * (A @ C), 1 / 10),
    (5, (A @ C) ** 2, 1 / 20),
    (5, C * (A @ C**2), 1 / 15),
    (5, A @ C**3, 1 / 20),
    (5, C * (A @ A @ C), 1 / 30),
    (5, A @ (C * (A @ C)), 1 / 40),
    (5, A @ A @ C**2, 1 / 60),
    (5, A @ A @ A @ C, 1 / 120),
]


@pytest.mark.parametrize(("order", "weight", "value"), CONDITIONS)
def test_the_step_is_of_order_five_and_the_one_it_is_compared_with_of_order_four(
    order, weight, value
):
    assert math.isclose(STEP @ weight, value, abs_tol=1e-14)
    embedded = (STEP - ESTIMATE) @ weight
    assert math.isclose(embedded, value, abs_tol=1e-14) == (order <= 4)


def test_every_stage_is_at_its_node():
    assert A.sum(axis=1) == pytest.approx(C, abs=1e-14)
    assert sum(ESTIMATE) == pytest.approx(0.0, abs=1e-15)
