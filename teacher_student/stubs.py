"""What the generated functions look like to a template (see `hooks`); never called.

A template imports these so that it can be read and checked as it stands; `from_template`
replaces the import by the functions of one problem.
"""

import numpy as np

USES_BATCH: bool = False
TRAINS_BETA: bool = False
KINKS: np.ndarray = np.zeros(0)


def activation(h: float) -> tuple[float, float]:
    """g(h) and g'(h)."""
    raise AssertionError(h)


def field(
    a: float, mu: float, sigma: float, n2: float, gamma: float, beta: float, N: float
) -> tuple[float, float, float, float, float, float, float]:
    """The student field, and its derivatives by all arguments but N."""
    raise AssertionError(a, mu, sigma, n2, gamma, beta, N)


def learning_rate(t: float, eta: float) -> float:
    """eta at time t; the argument eta where it is constant."""
    raise AssertionError(t, eta)
