"""What the generated averages of a flow of blocks look like to the kernel beside them.

Never called: in a generated package a module of one problem stands in this place
(`odes.source.spectral_module`).
"""

import numpy as np

#: Trained scalars, blocks that a state has room for, and numbers of a state.
SCALARS: int = 1
ROOM: int = 4
SIZE: int = 11
TRAINS_BETA: bool = False


def averages(t: float, y: np.ndarray, p: np.ndarray) -> tuple[float, ...]:
    """Averages of a step (`odes.derivation.spectral_drift.AVERAGES`)."""
    raise AssertionError(t, y, p)


def observed(y: np.ndarray) -> tuple[float, float]:
    """The field's scale Q and the generalisation error."""
    raise AssertionError(y)


def field_of(y: np.ndarray) -> tuple[float, float]:
    """Scale (its size) and shift of the student's field."""
    raise AssertionError(y)
