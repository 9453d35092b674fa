"""When two results are the same: numbers in arrays count, and so does where there is none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, arrays entry by entry; NaN is equal to NaN.

    Examples
    --------
    >>> same({"R": np.array([0.1, np.nan])}, {"R": np.array([0.1, np.nan])})
    True
    >>> same([np.zeros(2)], [np.zeros(3)])
    False
    """
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return _same_arrays(one, other)
    if hasattr(one, "identical"):  # datasets of xarray, whose earlier versions miss equal strings
        return type(one) is type(other) and same(_arrays_of(one), _arrays_of(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if dataclasses.is_dataclass(one) and type(one) is type(other):
        return same(fields(one), fields(other))
    if isinstance(one, float) and isinstance(other, float) and one != one:
        return other != other
    return bool(one == other)


def _same_arrays(one: Any, other: Any) -> bool:
    if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
        return False
    numbers = one.dtype.kind in "fc" and other.dtype.kind in "fc"
    return bool(np.array_equal(one, other, equal_nan=numbers))


def _arrays_of(data: Any) -> dict[Any, Any]:
    return {name: (own.dims, own.values) for name, own in data.variables.items()}


def fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that count in a comparison, without what it has cached."""
    return {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.compare}


def fingerprint(value: Any) -> int:
    """A hash that values which are the `same` share.

    Examples
    --------
    >>> fingerprint([np.array([-0.0, 1.0])]) == fingerprint((np.array([0.0, 1.0]),))
    True
    """
    if isinstance(value, np.ndarray):
        # Numbers that are equal are so in every type; -0.0 is 0.0, and any NaN is NaN.
        numbers = value.dtype.kind in "fiub"
        plain = np.nan_to_num(value.astype(float)) + 0.0 if numbers else np.zeros(0)
        return hash((value.shape, plain.tobytes()))
    if hasattr(value, "identical"):
        return hash(frozenset(map(str, value.variables)))
    if isinstance(value, Mapping):
        return hash(frozenset((key, fingerprint(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return hash(tuple(map(fingerprint, value)))
    if dataclasses.is_dataclass(value):
        return hash((type(value).__name__, fingerprint(fields(value))))
    if isinstance(value, float) and value != value:
        return hash("not a number")
    return hash(value)
