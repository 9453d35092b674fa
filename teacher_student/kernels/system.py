"""What the functions of a problem's formulas look like to the kernels beside them; never called.

Copies of the kernels stand in a generated package beside a ``system.py`` with the formulas of one
problem (`bntheory.codegen.modules`); here they can be read and checked as they are.
"""

import numpy as np

USES_BATCH: bool = False
#: What the batch's statistics are replaced by: running ones, or themselves corrected.
RUNNING: bool = False
CORRECTED: bool = False
TRAINS_BETA: bool = False
#: Of committees: whether mu and sigma are taken across the units of an example, and whether there
#: is a mean among them; without one sigma is the root mean square.
ACROSS_UNITS: bool = False
CENTRED: bool = True
#: Whose means of two fields are closed: 1 of erf, 2 of relu, 3 of the identity; else 0.
CLOSED_PAIRS: int = 0
KINKS: np.ndarray = np.zeros(0)
#: How far averages of an output's square are followed (`bntheory.teacher_student.tails`).
REACH: float = 8.0


def activation(h: float) -> tuple[float, float]:
    """g(h) and g'(h)."""
    raise AssertionError(h)


def field(
    a: float, mu: float, sigma: float, n2: float, gamma: float, beta: float, N: float
) -> tuple[float, float, float, float, float, float, float]:
    """The student field, and its derivatives by all arguments but N."""
    raise AssertionError(a, mu, sigma, n2, gamma, beta, N)


def signal(y: float, o: float, slope: float, pull: float) -> float:
    """delta of an example with label y, output o, its slope, and df/da."""
    raise AssertionError(y, o, slope, pull)


def label_draw(noise: float, rng: np.random.Generator) -> float:
    """What is drawn for an example's label."""
    raise AssertionError(noise, rng)


def drawn_label(v: float, noise: float, x: float) -> float:
    """The label of an example whose teacher's field is v, with x drawn."""
    raise AssertionError(v, noise, x)


def learning_rate(t: float, eta: float) -> float:
    """eta at time t; the argument eta where it is constant."""
    raise AssertionError(t, eta)
