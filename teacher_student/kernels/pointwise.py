"""Template: an activation alone, at many fields."""

import numpy as np
from bntheory.codegen.jit import kernel

from .system import activation


@kernel
def evaluate(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """g and g' of an array of fields."""
    g, slope = np.empty(h.shape), np.empty(h.shape)
    for i in range(h.size):
        g.flat[i], slope.flat[i] = activation(h.flat[i])
    return g, slope
