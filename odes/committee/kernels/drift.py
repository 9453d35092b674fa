"""A committee's flow as the loops see it; never called.

In a generated package `closed` or `sampled` stands in this place.
"""

import numpy as np


def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of gamma, A and C."""
    raise AssertionError(t, y, p, dy)


def clean_error(y: np.ndarray, p: np.ndarray) -> float:
    """The generalisation error."""
    raise AssertionError(y, p)
