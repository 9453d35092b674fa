"""Parameters by name: to and from the text of a file, and none that no problem has."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..results.errors import InputError
from ..results.html_table import Table, html_table
from .parameters import PARAMETERS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Base = DataclassInstance
else:
    Base = object

#: The table of named numbers.
NAMED = ("parameters",)


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
        check_names(table, NAMED)
    except ValueError as error:
        raise InputError("problem", shown, str(error)) from None
    return table


def as_table(values: object) -> dict[str, Any]:
    """What a document holds, if it is a table."""
    if not isinstance(values, dict):
        kinds = {list: "a list", str: "a text", type(None): "nothing", bool: "true or false"}
        kind = kinds.get(type(values), "a number")
        raise ValueError(f"a problem is a table of names and values, not {kind}")
    return values


def check_names(values: Mapping[str, Any], also: Iterable[str] = ()) -> None:
    """Refuse a name that is no parameter, nor one of some more."""
    known = [*PARAMETERS, *also]
    for name in values:
        if name not in known:
            raise ValueError(f"unknown parameter {name!r}; accepted are {', '.join(known)}")


class Described(Base):
    """A dataclass of parameters, as tables and documents describe it."""

    parameters: Mapping[str, float]

    def replace(self, **changes: Any) -> Self:
        """A copy with some parameters changed.

        Raises
        ------
        ValueError
            For a name that is no parameter, or a value that is not accepted.

        Examples
        --------
        >>> from bntheory import Problem
        >>> steep = Problem("tanh(c*h)", parameters={"c": 1.0}).replace(c=2.0, noise=0.1)
        >>> steep.parameters, steep.noise
        ({'c': 2.0}, 0.1)
        """
        numbers = self.parameters
        check_names(changes, (*NAMED, *numbers))
        own = {name: changes.pop(name) for name in numbers if name in changes}
        given = changes.pop("parameters", numbers)
        return dataclasses.replace(self, **changes, parameters={**(given or {}), **own})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._said())})"

    def _said(self) -> list[str]:
        """Name and value of what is told of a problem: formulas, and what is no default."""
        usual = {f.name: f.default for f in dataclasses.fields(self)}
        usual |= self._usual()  # what a default becomes is no news either
        always = ("activation", "scheme", "eta")
        return [
            f"{name}={getattr(self, name)!r}"
            for name, default in usual.items()
            if name in always or getattr(self, name) != default
        ]

    def _usual(self) -> dict[str, Any]:
        """What defaults that depend on others become."""
        return {}

    def short(self) -> str:
        """The problem in a few words, as tables are headed.

        Examples
        --------
        >>> from bntheory import Problem
        >>> Problem("relu", "pn", noise=0.1).short()
        'relu, pn, eta=0.5, noise=0.1, M=32'
        """
        values = self.to_dict()
        taken = ("activation", "scheme", "batch_size", "parameters")
        rest = [said for said in self._said() if said.partition("=")[0] not in taken]
        rest += [f"{name}={value:g}" for name, value in self.parameters.items()]
        return ", ".join([values["activation"], values["scheme"], *rest,
                          f"M={values['batch_size']}"])  # fmt: skip

    def _repr_html_(self) -> str:
        """In a notebook: every parameter, its symbol, its value and what it means."""
        rows = [row for row in PARAMETERS.values() if hasattr(self, row.name)]
        values = [getattr(self, row.name) for row in rows]
        table = {"parameter": [row.name for row in rows], "symbol": [row.symbol for row in rows],
                 "value": ["" if v is None else str(v) for v in values],
                 "meaning": [row.help for row in rows]}  # fmt: skip
        return html_table(Table(f"{type(self).__name__}. {self.short()}.", table, len(rows)))

    def to_dict(self) -> dict[str, Any]:
        """The parameters by name, as a problem file has them."""
        own = dataclasses.asdict(self)
        numbers = own.pop("parameters")
        return {**own, "parameters": dict(numbers)} if numbers else own

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A problem from parameters by name; missing ones take their defaults."""
        check_names(values, NAMED)
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
