"""Parameters by name: to and from the text of a file, and none that no problem has."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..results.errors import InputError
from .parameters import PARAMETERS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Base = DataclassInstance
else:
    Base = object


def read_parameters(path: str | Path) -> dict[str, Any]:
    """The parameters in a ``.toml`` or ``.json`` file, not yet completed by defaults.

    Raises
    ------
    ValueError
        If the file cannot be read, or is not such a table.
    """
    path = Path(path)
    shown = str(path)
    if path.suffix not in (".toml", ".json"):
        raise InputError("problem", shown, "a file ending in .toml or .json is accepted")
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError("problem", shown, f" cannot be read: {reason}") from None
    try:
        table = as_table(values)
        table = as_table(table["problem"]) if "problem" in table else table
        check_names(table)
    except ValueError as error:
        raise InputError("problem", shown, str(error)) from None
    return table


def as_table(values: object) -> dict[str, Any]:
    """What a document holds, if it is a table."""
    if not isinstance(values, dict):
        kind = type(values).__name__
        raise ValueError(f"a problem is a table of names and values, not a {kind}")
    return values


def check_names(values: Mapping[str, Any]) -> None:
    """Refuse a name that is no parameter."""
    for name in values:
        if name not in PARAMETERS:
            raise ValueError(f"unknown parameter {name!r}; accepted are {', '.join(PARAMETERS)}")


class Described(Base):
    """A dataclass of parameters, as tables and documents describe it."""

    def replace(self, **changes: Any) -> Self:
        """A copy with some parameters changed.

        Raises
        ------
        ValueError
            For a name that is no parameter, or a value that is not accepted.
        """
        check_names(changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The parameters by name, as a problem file has them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A problem from parameters by name; missing ones take their defaults."""
        check_names(values)
        return cls(**values)

    def to_json(self) -> str:
        """The problem as one JSON object."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        return cls.from_dict(as_table(json.loads(text)))

    def to_toml(self) -> str:
        """The problem as a TOML document."""
        import tomli_w

        given = {name: value for name, value in self.to_dict().items() if value is not None}
        return tomli_w.dumps(given)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The inverse of `to_toml`."""
        return cls.from_dict(tomllib.loads(text))

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a problem from a ``.toml`` or ``.json`` file.

        A JSON file may be a result of this package: its ``problem`` is taken.
        """
        return cls.from_dict(read_parameters(path))
