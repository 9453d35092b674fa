"""Rows of numbers with a table among them: put together once, since a table is large."""

from __future__ import annotations

import threading

import numpy as np

Array = np.ndarray
#: Rows that a thread keeps.
KEPT = 4
_OWN = threading.local()


def joined(numbers: Array, table: Array, beside: int = 0) -> Array:
    """A flow's numbers with its table in between; good until this thread joins others with it.

    Parameters
    ----------
    numbers
        Parameters, and at the end those that stand after the table.
    table
        That of the flow; it is not copied again while it is the same array.
    beside
        How many numbers stand after the table.

    Examples
    --------
    >>> joined(np.array([1.0, 2.0, 9.0]), np.array([5.0, 6.0]), beside=1).tolist()
    [1.0, 2.0, 5.0, 6.0, 9.0]
    """
    rows: dict[tuple[int, int, int], tuple[Array, Array]] = _OWN.__dict__.setdefault("rows", {})
    key, before = (id(table), numbers.size, beside), numbers.size - beside
    if key not in rows:
        while len(rows) >= KEPT:
            rows.pop(next(iter(rows)))
        # The table itself is kept, too: else another might get its address.
        rows[key] = table, np.concatenate([numbers[:before], table, numbers[before:]])
    row = rows[key][1]
    row[:before] = numbers[:before]
    row[before + table.size :] = numbers[before:]
    return row
