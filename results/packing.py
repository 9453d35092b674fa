"""A result as plain data and arrays, and back: what a netCDF file keeps beside the dataset.

Only dataclasses and named tuples of this package are made again, by their constructors: a file
can name nothing else.
"""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import Any

import numpy as np

#: The package's name, whatever its folder is called.
PACKAGE = __name__.partition(".")[0]
PLAIN = (str, int, float, bool, type(None))


class PackingError(ValueError):
    """A value that no file can hold, or a file that holds none of ours."""


class Packer:
    """Takes values apart; `arrays` fills up on the way."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def pack(self, value: Any) -> Any:
        """A value as JSON has it; arrays stand in it by their names.

        Raises
        ------
        PackingError
            For a value of no known kind.
        """
        if isinstance(value, PLAIN):
            return value if type(value) in PLAIN else value.__class__.__mro__[-2](value)
        if isinstance(value, np.generic):
            return self.pack(value.item())
        if isinstance(value, complex):
            return {"complex": [value.real, value.imag]}
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, dict):
            pairs = [[self.pack(key), self.pack(item)] for key, item in value.items()]
            return {"dict": pairs}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            own = {f.name: self.pack(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return {"class": _path(type(value)), "fields": own}
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            own = {name: self.pack(item) for name, item in value._asdict().items()}
            return {"class": _path(type(value)), "fields": own}
        if isinstance(value, tuple):
            return {"tuple": [self.pack(item) for item in value]}
        if isinstance(value, list):
            return [self.pack(item) for item in value]
        if hasattr(value, "identical"):  # the dataset that the file itself is
            return {"dataset": "this file"}
        if hasattr(value, "free_symbols"):
            import sympy

            return {"formula": sympy.srepr(value)}
        raise PackingError(f"a {type(value).__name__} cannot be kept in a file")

    def _array(self, value: np.ndarray) -> Any:
        if value.dtype.kind not in "fiub":
            kind = "O" if value.dtype.kind == "O" else value.dtype.kind
            items = [self.pack(item) for item in value.ravel().tolist()]
            return {"items": items, "shape": list(value.shape), "kind": kind}
        name = f"array{len(self.arrays)}"
        self.arrays[name] = value
        return {"array": name}


def unpack(packed: Any, arrays: dict[str, np.ndarray], dataset: Any) -> Any:
    """The inverse of `Packer.pack`.

    Parameters
    ----------
    packed
        As JSON has it.
    arrays
        By name.
    dataset
        The file's own.

    Raises
    ------
    PackingError
        For what this package did not write.
    """
    if isinstance(packed, list):
        return [unpack(item, arrays, dataset) for item in packed]
    if not isinstance(packed, dict):
        return packed

    def again(item: Any) -> Any:
        return unpack(item, arrays, dataset)

    match packed:
        case {"complex": [real, imaginary]}:
            return complex(real, imaginary)
        case {"array": name}:
            return arrays[name]
        case {"items": items, "shape": shape, "kind": kind}:
            made = np.empty(len(items), dtype=object)
            made[:] = [again(item) for item in items]
            return made.reshape(shape).astype(None if kind == "O" else kind) if kind != "O" else (
                made.reshape(shape))  # fmt: skip
        case {"dict": pairs}:
            return {again(key): again(item) for key, item in pairs}
        case {"class": path, "fields": own}:
            return _made(path, {name: again(item) for name, item in own.items()})
        case {"tuple": items}:
            return tuple(again(item) for item in items)
        case {"dataset": _}:
            return dataset
        case {"formula": text}:
            return _formula(text)
    raise PackingError(f"{sorted(packed)} is not of this package")


def _path(kind: type) -> str:
    package, _, module = kind.__module__.partition(".")
    if package != PACKAGE:
        raise PackingError(f"a {kind.__name__} of {kind.__module__} cannot be kept in a file")
    return f"{module}:{kind.__name__}"


def _made(path: str, own: dict[str, Any]) -> Any:
    module, _, name = path.partition(":")
    try:
        kind: Any = getattr(import_module(f"{PACKAGE}.{module}"), name)
    except (ImportError, AttributeError):
        raise PackingError(f"there is no class {path} in this version") from None
    is_data = isinstance(kind, type) and kind.__module__ == f"{PACKAGE}.{module}"
    if not is_data or not (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
        raise PackingError(f"{path} is no class of results")
    if not dataclasses.is_dataclass(kind):
        return kind(**own)
    given = {f.name for f in dataclasses.fields(kind) if f.init}
    make: Any = kind
    made = make(**{n: value for n, value in own.items() if n in given})
    for name in own.keys() - given:
        object.__setattr__(made, name, own[name])
    return made


def _formula(text: str) -> Any:
    """A formula of sympy; its own words only, since text is read as calls."""
    import re

    import sympy

    words = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"'[^']*'", "", text)))
    unknown = {
        w
        for w in words - {"positive", "real", "True", "integer", "precision", "prec"}
        if not isinstance(getattr(sympy, w, None), type | sympy.Basic | sympy.FunctionClass)
    }
    if unknown or "__" in text:
        raise PackingError(f"{sorted(unknown)} are not words of a formula")
    return sympy.sympify(text)
