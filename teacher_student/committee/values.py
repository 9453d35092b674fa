"""Numbers of committees as a problem keeps them: vectors and matrices that compare and hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...results.errors import InputError

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]
#: The keys of a start of matrices, in the order in which it keeps them.
START_KEYS = ("gamma", "A", "C")


class Matrices(dict[str, Any]):
    """A table of vectors and matrices that can be a key: a problem is one of a cache.

    Examples
    --------
    >>> one = Matrices(A=((0.1,),))
    >>> hash(one) == hash(Matrices(A=((0.1,),)))
    True
    """

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def numbers(parameter: str, value: object, shape: tuple[int, ...], of: str = "") -> Any:
    """A vector or a matrix as nested tuples of finite floats.

    Parameters
    ----------
    parameter
        What the message is about.
    value
        Numbers, lists of them, an array, or the text of a command line: ``1,0.5`` of a vector,
        ``1,0.3;0.3,1`` of a matrix.
    shape
        ``(K,)`` or ``(K, T)``.
    of
        What of the parameter it is, for the message.

    Raises
    ------
    InputError
        If it has another shape, or numbers that are not finite.

    Examples
    --------
    >>> numbers("teacher_overlap", "1,0.3;0.3,1", (2, 2))
    ((1.0, 0.3), (0.3, 1.0))
    """
    size = " x ".join(map(str, shape))
    refused = InputError(parameter, value, f"{of}{size} finite numbers are accepted")
    try:
        given: Any = _parsed(value, len(shape)) if isinstance(value, str) else value
        array = np.asarray(given)
        if array.dtype.kind not in "fiu" or array.shape != shape:
            raise refused
        array = array.astype(float)
    except (TypeError, ValueError, OverflowError):
        raise refused from None
    if not np.isfinite(array).all():
        raise refused
    found = array.tolist()
    return tuple(found) if len(shape) == 1 else tuple(map(tuple, found))


def _parsed(text: str, depth: int) -> list[Any]:
    rows = [[float(number) for number in row.split(",")] for row in text.split(";")]
    return rows if depth == 2 else rows[0]


def start_table(value: object) -> Mapping[str, Any] | None:
    """A start of matrices, not yet checked: a table, or its JSON text; None of another text.

    Raises
    ------
    InputError
        If it is neither text nor table, or has other keys.
    """
    accepted = "symmetric:EPS, random, or a table of gamma, A and C is accepted"
    found = value
    if isinstance(value, str):
        if not value.lstrip().startswith("{"):
            return None
        try:
            found = json.loads(value)
        except ValueError:
            raise InputError("start", value, accepted) from None
    if not isinstance(found, Mapping) or not {"A", "C"} <= set(found) <= set(START_KEYS):
        raise InputError("start", value, accepted)
    return found
