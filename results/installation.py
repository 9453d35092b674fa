"""What is installed here: versions against what the package asks for, extras, threads."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any, NamedTuple

#: How a requirement of the metadata reads: name, lower bound, and the extra it belongs to.
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)\s*>=\s*([0-9.]+)(?:.*extra == ['\"]([\w-]+)['\"])?")


class Library(NamedTuple):
    """One library that the package can use.

    Examples
    --------
    >>> Library("numpy", "2.0", "", "2.1.3").ok, Library("torch", "2.6", "cnn", None).ok
    (True, False)
    """

    name: str
    least: str  #: lowest version accepted
    extra: str  #: the extra that asks for it; empty for what is always needed
    found: str | None  #: installed version; None where there is none

    @property
    def ok(self) -> bool:
        """Whether it is installed, and new enough."""
        return self.found is not None and _numbers(self.found) >= _numbers(self.least)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("+")[0]))[:3]


def libraries(package: str = "bntheory") -> list[Library]:
    """Every library that the package's metadata names, needed ones first.

    Examples
    --------
    >>> next(library.ok for library in libraries() if library.name == "numpy")
    True
    """
    return sorted(set(_libraries(package)), key=lambda library: (library.extra, library.name))


def _libraries(package: str) -> Iterator[Library]:
    for requirement in requires(package) or ():
        match = _REQUIREMENT.match(requirement)
        if match is not None:
            name, least, extra = match.groups()
            try:
                found = version(name)
            except PackageNotFoundError:
                found = None
            yield Library(name, least, extra or "", found)


def machine() -> dict[str, Any]:
    """Python, operating system, and the cores that this process may use.

    Examples
    --------
    >>> machine()["cores"] >= 1
    True
    """
    allowed = getattr(os, "sched_getaffinity", None)
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": cores,
    }
