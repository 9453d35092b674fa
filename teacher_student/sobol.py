"""Scrambled Sobol points, whichever thread asks for them."""

from __future__ import annotations

import threading

import numpy as np

Array = np.ndarray
#: SciPy reads its direction numbers when the first sequence is made. Threads that make theirs
#: meanwhile get others, and points that fill nothing evenly, without an error.
_ONE_AT_A_TIME = threading.Lock()


def sobol_points(dimensions: int, seed: int, count: int) -> Array:
    """The first points of a scrambled Sobol sequence, shape (count, dimensions), in (0, 1).

    Parameters
    ----------
    dimensions
        Coordinates of a point.
    seed
        Of the scrambling.
    count
        A power of two, of which points are balanced.

    Examples
    --------
    >>> bool(abs(sobol_points(3, 0, 64).mean() - 0.5) < 1e-2)
    True
    """
    from scipy.stats import qmc

    with _ONE_AT_A_TIME:
        sequence = qmc.Sobol(dimensions, seed=seed)
    points: Array = sequence.random(count)
    return points
