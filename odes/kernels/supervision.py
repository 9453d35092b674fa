"""What loss, labels and activation look like to the kernels of signal moments; never called.

In a generated package the functions of one problem stand in this place
(`odes.source.signal_source`).
"""

import numpy as np

KINKS: np.ndarray = np.zeros(0)
#: How many borders there are, at which the signal has a kink or a jump.
BORDERS: int = 0
#: Whether labels are classes, -1 and 1.
CLASSES: bool = False
#: K of Bernoulli labels, 0 of signs.
SHARPNESS: float = 0.0
#: Degrees of freedom of the noise, infinite of a Gaussian; and the power of a large label with
#: which the signal grows.
DEGREES, GROWTH = np.inf, 1.0
#: The same of the loss, clipped or not.
LOSS_GROWTH: float = 2.0
#: Whether loss and activation are polynomials between their kinks.
POLYNOMIAL: bool = False
#: Whether the loss is one of ``y - o``, of which no gradient is clipped.
OF_DIFFERENCE: bool = False
#: Whether field and label of the other sign have the same loss.
MIRRORED: bool = False


def activation(h: float) -> tuple[float, float]:
    """g(h) and g'(h)."""
    raise AssertionError(h)


def signal(y: float, o: float, slope: float, pull: float) -> float:
    """delta of an example with label y, output o, its slope, and df/da."""
    raise AssertionError(y, o, slope, pull)


def loss(y: float, o: float) -> float:
    """The loss at a label and an output."""
    raise AssertionError(y, o)


def borders(y: float, o: float, slope: float, pull: float, out: np.ndarray) -> None:
    """Fill what is zero at the kinks and jumps of the signal."""
    raise AssertionError(y, o, slope, pull, out)
