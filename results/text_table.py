"""A table as aligned lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def text_table(columns: Mapping[str, Sequence[Any]], digits: int = 6) -> list[str]:
    """Lines of a table, names first, each column to the right; ``-`` is what has no value.

    Parameters
    ----------
    columns
        Of one length, by name.
    digits
        Significant ones of a number.

    Examples
    --------
    >>> text_table({"layer": ["bn1", "bn2"], "gap": [0.01234, None]}, 3)
    ['layer     gap', '  bn1  0.0123', '  bn2       -']
    """
    cells = [[name, *(cell(v, digits) for v in values)] for name, values in columns.items()]
    widths = [max(map(len, column)) for column in cells]
    lines = zip(*cells, strict=True)
    return ["  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) for line in lines]


def cell(value: Any, digits: int = 6) -> str:
    """One value as text.

    Examples
    --------
    >>> cell(0.5), cell(None), cell("bn1")
    ('0.5', '-', 'bn1')
    """
    if isinstance(value, str) or value is None:
        return value or "-"
    return f"{value:.{digits}g}" if value == value else "-"
