"""A file of finished points: what a long job has done survives it, and is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..results.files import package_version, plain


class PointStore:
    """Results by key, one JSON object a line, appended as they come.

    Parameters
    ----------
    path
        The file; created at the first result. None keeps nothing.

    Raises
    ------
    ValueError
        If the file exists and is no such store, or its folder does not exist.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        self._known: dict[str, Any] = {}
        if self.path is None:
            return
        if not self.path.parent.is_dir() or self.path.is_dir():
            raise ValueError(f"store={str(path)!r}: a file in a folder that exists is accepted")
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        assert self.path is not None
        whole, _, torn = self.path.read_text().rpartition("\n")
        try:
            for line in whole.splitlines():
                entry = json.loads(line)
                self._known[_name(entry["key"])] = entry["value"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"store={str(self.path)!r} is not a store; a new name is accepted"
            ) from None
        if torn:  # a write was cut off: drop it, the point will be computed again
            self.path.write_text(whole + "\n" if whole else "")

    def get_or_make(self, key: Mapping[str, Any], make: Callable[[], dict[str, Any]]) -> Any:
        """Return the stored value of a key, or make and store it.

        The package's version is part of the key: a new version computes anew.
        """
        whole_key = plain({**key, "version": package_version()})
        name = _name(whole_key)
        if name not in self._known:
            value = plain(make())
            self._known[name] = value
            if self.path is not None:
                with self.path.open("a") as file:
                    file.write(json.dumps({"key": whole_key, "value": value}) + "\n")
        return self._known[name]


def _name(key: Mapping[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)
