"""JSON in pieces: a long result becomes text a few thousand numbers at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

#: Numbers or entries that become text at a time.
PIECE = 16_384
#: Rows beyond which other forms are offered.
MANY_ROWS = 100_000


class RowBlocks:
    """Columns as rows, one JSON object each, made a block at a time.

    Parameters
    ----------
    columns
        Of one length, by name.

    Examples
    --------
    >>> "".join(json_pieces({"rows": RowBlocks({"t": [0.5, 1.0]})}))
    '{"rows": [{"t": 0.5}, {"t": 1.0}]}'
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = columns

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        count = len(next(iter(self.columns.values()), ()))
        for first in range(0, count, PIECE):
            part = slice(first, first + PIECE)
            lists = [np.asarray(values[part], object).tolist() for values in self.columns.values()]
            yield [dict(zip(self.columns, row, strict=True)) for row in zip(*lists, strict=True)]


def plain(value: Any) -> Any:
    """Numbers, lists and tables that JSON has; what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, RowBlocks):
        return plain(list(chain.from_iterable(value)))
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def json_pieces(value: Any) -> Iterator[str]:
    """A value as JSON, in pieces to write one after the other; what is not finite is null.

    Parameters
    ----------
    value
        Mappings, lists and arrays of what JSON has, and `RowBlocks`.

    Examples
    --------
    >>> "".join(json_pieces({"t": np.array([0.0, 1.0]), "R": [np.nan]}))
    '{"t": [0.0, 1.0], "R": [null]}'
    """
    if isinstance(value, Mapping):
        yield "{"
        for k, (key, item) in enumerate(value.items()):
            yield f"{', ' if k else ''}{json.dumps(str(key))}: "
            yield from json_pieces(item)
        yield "}"
    elif isinstance(value, RowBlocks):
        yield from _listed(value)
    elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
        across = value[0].size if isinstance(value, np.ndarray) and len(value) else 1
        step = max(1, PIECE // max(1, across))
        yield from _listed(value[k : k + step] for k in range(0, len(value), step))
    else:
        yield _text(value)


def _listed(parts: Any) -> Iterator[str]:
    """One list of the entries of all parts."""
    yield "["
    for k, part in enumerate(parts):
        yield ", " * (k > 0) + _text(part)[1:-1]
    yield "]"


def _text(value: Any) -> str:
    """A short value; most have nothing to look for that is not finite."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(plain(value), allow_nan=False)
