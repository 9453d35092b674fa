"""What the generated averages of an inertial flow of blocks look like to the kernels beside them.

Never called: in a generated package a module of one problem stands in this place
(`odes.source.spectral_module`).
"""

import numpy as np

#: Trained scalars, and blocks that a state has room for.
SCALARS: int = 1
ROOM: int = 4
TRAINS_BETA: bool = False


def learning_rate(t: float, eta: float) -> float:
    """The constant, or the schedule's formula."""
    raise AssertionError(t, eta)


def averages(t: float, y: np.ndarray, p: np.ndarray) -> tuple[float, ...]:
    """Averages of a step (`odes.derivation.spectral_drift.AVERAGES`)."""
    raise AssertionError(t, y, p)


def observed(y: np.ndarray) -> tuple[float, float]:
    """The field's scale Q and the generalisation error."""
    raise AssertionError(y)


def field_of(y: np.ndarray) -> tuple[float, float]:
    """Scale (its size) and shift of the student's field."""
    raise AssertionError(y)
