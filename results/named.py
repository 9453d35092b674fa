"""The numbers of a result by their names: as attributes, as entries, and in completion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any


def identifier(name: str) -> str:
    """A name as Python takes it for an attribute.

    Examples
    --------
    >>> identifier("final-Q"), identifier("time-to:0.1")
    ('final_Q', 'time_to_0_1')
    """
    return re.sub(r"\W", "_", name)


def what_there_is(kind: str, name: object, names: list[str]) -> str:
    """A message that says what exists, and what comes nearest."""
    near = get_close_matches(str(name), names, 1, 0.6)
    meant = f", did you mean {near[0]!r}?" if near else "."
    return f"{kind} has no {name!r}{meant} It has {', '.join(names)}"


class Named:
    """What has numbers by name: columns, and more that a class may have in ``values``."""

    def columns(self) -> Mapping[str, Any]:
        """Columns of one length, by name."""
        raise NotImplementedError

    def _named(self) -> Mapping[str, Any]:
        """All numbers that have a name; the class's own ``values`` come before columns."""
        return {**self.columns(), **(vars(self).get("values") or {})}

    def _by_name(self, name: object) -> Any:
        own = vars(self).get("values") or {}
        if name in own:  # columns may be statistics, which take time
            return own[name]
        named = self._named()
        if name in named:
            return named[name]  # type: ignore[index]
        spelt = {identifier(known): value for known, value in named.items()}
        return spelt[name]  # type: ignore[index]

    def __getitem__(self, name: str) -> Any:
        """A column or quantity by its name."""
        try:
            return self._by_name(name)
        except (KeyError, TypeError):
            message = what_there_is(type(self).__name__, name, list(self._named()))
        raise KeyError(Message(message))

    def __getattr__(self, name: str) -> Any:
        """Reached where there is no attribute of the name: a column or a quantity."""
        # Copies and unpickled results have no fields yet when they are asked for a method.
        if name.startswith("_") or not vars(self):
            raise AttributeError(name, name=name, obj=self)
        try:
            return self._by_name(name)
        except KeyError:
            names = [known for known in dir(self) if not known.startswith("_")]
        raise AttributeError(what_there_is(type(self).__name__, name, names))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *map(identifier, self._named())})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._named())


class Message(str):
    """Text that a `KeyError` shows as it is, not as Python's source of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
