"""What a committee's generated package offers to its kernels; never called.

In a generated package a ``shape.py`` stands in this place (`odes.committee.packages`).
"""

#: Units of the student and of the teacher, and numbers of a state: gamma, A, C, where there is a
#: gamma, else A, C; of C the upper triangle by rows.
K: int = 2
T: int = 2
SIZE: int = 9
#: Whether the field is divided by its length; whether gammas and shifts are trained.
NORMALISED: bool = True
TRAINS_GAMMA: bool = True
TRAINS_BETA: bool = False
#: Over what the statistics of a field are taken: 0 nothing, 1 the batch, 2 the units; and whether
#: a spread is about the mean.
STATISTICS: int = 0
CENTRED: bool = True


def learning_rate(t: float, eta: float) -> float:
    """The learning rate; ``eta`` where it is constant."""
    raise AssertionError(t, eta)


def activation(h: float) -> tuple[float, float]:
    """The activation and its slope."""
    raise AssertionError(h)


def field(
    a: float, mu: float, sigma: float, L: float, gamma: float, beta: float
) -> tuple[float, float, float, float, float, float, float]:
    """A unit's field, and its derivatives by all of these (that by L times L/2)."""
    raise AssertionError(a, mu, sigma, L, gamma, beta)
