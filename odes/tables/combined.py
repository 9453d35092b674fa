"""Tables of combinations of moments, which many flows at once read."""

from __future__ import annotations

import json

import numpy as np

from .chebyshev import HEADER
from .pieces import in_pieces

Array = np.ndarray


def combined(packed: Array, combinations: str, M: int) -> Array:
    """The table, in pieces, of sums of a table's moments.

    Parameters
    ----------
    packed
        From `chebyshev.pack`.
    combinations
        JSON: of every combination the places of its moments, each with the numerator and the
        denominator of its factor, polynomials of the batch size, highest power first.
    M
        The batch size of the table.

    Examples
    --------
    >>> from bntheory.odes.tables.chebyshev import look_up, pack
    >>> table = pack(np.full((1, 1, 1, 2), 3.0), np.array([(0.0, 1.0)] * 3))
    >>> text = "[[[0, [1], [1]], [1, [1, 0], [2]]]]"
    >>> found = np.empty(1)
    >>> look_up(weighted(table, text, 8), 0, 0.5, 0.5, 0.5, found)
    >>> float(found[0])
    15.0
    """
    return in_pieces(weighted(packed, combinations, M))


def weighted(packed: Array, combinations: str, M: int) -> Array:
    """`combined` as `chebyshev.pack` gives it."""
    header = packed[:HEADER].copy()
    values = packed[HEADER:].reshape(int(header[9]), -1)
    asked = json.loads(combinations)
    weights = np.zeros((len(asked), len(values)))
    for row, members in zip(weights, asked, strict=True):
        for place, numerator, denominator in members:
            row[place] = np.polyval(numerator, M) / np.polyval(denominator, M)
    header[9] = len(asked)
    return np.concatenate([header, (weights @ values).ravel()])
