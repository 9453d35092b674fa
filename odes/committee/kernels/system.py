"""What a committee's flow offers to the loops in `odes.kernels`; never called here."""

import numpy as np
from bntheory.codegen.jit import kernel

from .drift import clean_error, rhs
from .shape import SIZE

#: All of a state are order parameters.
ORDERS = SIZE


@kernel
def observables(y: np.ndarray) -> tuple[float, float]:
    """Not known from a state alone, which has neither second layer nor teacher."""
    return 0.0, 0.0


@kernel
def jacobian(t: float, y: np.ndarray, p: np.ndarray, J: np.ndarray) -> None:
    """Central differences, shape (SIZE, SIZE)."""
    near, up, down = y.copy(), np.empty(SIZE), np.empty(SIZE)
    for j in range(SIZE):
        h = 1e-5 * (1.0 + abs(y[j]))
        near[j] = y[j] + h
        rhs(t, near, p, up)
        near[j] = y[j] - h
        rhs(t, near, p, down)
        for i in range(SIZE):
            J[i, j] = 0.5 * (up[i] - down[i]) / h
        near[j] = y[j]


@kernel
def errors(states: np.ndarray, p: np.ndarray, out: np.ndarray) -> None:
    """`clean_error` of many states, shape (states, SIZE)."""
    for k in range(states.shape[0]):
        out[k] = clean_error(states[k], p)
