"""Unpickling restricted to arrays: a data file must not be able to run code."""

from __future__ import annotations

import codecs
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct


def _frombuffer(buffer: Any, dtype: Any, shape: tuple[int, ...], order: Any) -> Any:
    """An array of protocol 5, as NumPy's own function of this name, which is not public."""
    return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)


_ALLOWED = {
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
}


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no array")
        return _ALLOWED[module, name]


def read_arrays(path: Path) -> dict[str, Any]:
    """A pickled dictionary of arrays, lists and text, from Python 2 or 3.

    Raises
    ------
    ValueError
        Naming the file, if it is anything else.
    """
    try:
        with path.open("rb") as file:
            found = _Arrays(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError, KeyError) as error:
        raise ValueError(f"{str(path)!r} is not a pickle of arrays: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{str(path)!r} holds a {type(found).__name__}, not a dictionary")
    return {str(key): value for key, value in found.items()}
