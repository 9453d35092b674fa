"""Parameters by name: from the text of a file, and none that no problem has."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..results.errors import InputError
from .parameters import PARAMETERS


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
