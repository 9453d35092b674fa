"""Generated packages without a disk: what stays when the cache folder takes nothing."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping
from types import ModuleType


def package_in_memory(name: str, texts: Mapping[str, str]) -> ModuleType:
    """A package whose modules have no file, and so no compiled code that outlives the process.

    Parameters
    ----------
    name
        The package's name, under which it becomes importable.
    texts
        Its modules by their name, each importing only those before it.
    """
    package = sys.modules[name] = ModuleType(name)
    package.__path__ = []
    try:
        for module, text in texts.items():
            vars(package).update(_public(_module(f"{name}.{module}", name, text)))
    except BaseException:
        for loaded in (name, *(f"{name}.{module}" for module in texts)):
            sys.modules.pop(loaded, None)
        raise
    return package


def _module(name: str, package: str, text: str) -> ModuleType:
    module = sys.modules[name] = ModuleType(name)
    module.__package__ = package
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    exec(compile(text, name, "exec"), module.__dict__)
    return module


def _public(module: ModuleType) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}
