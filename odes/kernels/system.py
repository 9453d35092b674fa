"""What the generated functions of a flow look like to the kernels beside them; never called.

In a generated package a ``system.py`` with the functions of one flow stands in this place
(`bntheory.codegen.modules`, `odes.source.flow_source`).
"""

import numpy as np

SIZE: int = 3
#: How many of these, the first, are order parameters; others may grow without that it matters.
ORDERS: int = 3
#: Where the overlap R and the length L stand in a state.
OVERLAP: int = 1
LENGTH: int = 2
#: Where E, F and D begin in an inertial state.
PUSH: int = 4
HAS_JACOBIAN: bool = True
LANES: int = 32
#: What is tabulated, as JSON; empty if nothing is.
TABLE: str = ""


def learning_rate(t: float, eta0: float) -> float:
    """The learning rate; ``eta0`` where it is constant."""
    raise AssertionError(t, eta0)


def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of the order parameters."""
    raise AssertionError(t, y, p, dy)


def rhs_lanes(
    t: np.ndarray, y: np.ndarray, p: np.ndarray, table: np.ndarray, dy: np.ndarray
) -> None:
    """`rhs` of many flows at once; arrays of shape (numbers, LANES), and the table of all."""
    raise AssertionError(t, y, p, table, dy)


def jacobian(t: float, y: np.ndarray, p: np.ndarray, J: np.ndarray) -> None:
    """Derivatives of the right-hand side by the order parameters."""
    raise AssertionError(t, y, p, J)


def observables(y: np.ndarray) -> tuple[float, float]:
    """The field's scale Q and the generalisation error."""
    raise AssertionError(y)


def observables_lanes(y: np.ndarray, shown: np.ndarray) -> None:
    """`observables` of many states at once, shape (SIZE, LANES), into rows of ``shown``."""
    raise AssertionError(y, shown)
