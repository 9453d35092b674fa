"""Who may write to a store: the computation that made it, or one that says what is to change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..results.errors import InputError
from .blocks import Array, Layout
from .engines import LOG
from .files import is_store, lock, recover, tidy
from .making import create, extend, mend, replace_by
from .store import Store, attach

MODES = ("resume", "extend", "new")


@contextmanager
def writing(store: str | Path, layout: Layout, mode: str = "resume") -> Iterator[Store]:
    """A store for a layout, made if it is not there, and locked while it is written.

    Parameters
    ----------
    store
        Its folder.
    layout
        What is asked for. A store that exists keeps its own chunks and order of axes.
    mode
        ``resume``, ``extend`` or ``new``, as for `bntheory.sweep`.

    Raises
    ------
    ValueError
        If the store is another computation's, with the differences; or is none, or in use.
    """
    path = Path(store)
    if mode not in MODES:
        raise InputError("mode", mode, f"{', '.join(MODES)} is accepted", MODES)
    recover(path)
    _check(path, layout)
    made = None if is_store(path) else create(path, layout)
    handle = lock(path)
    try:
        tidy(path)
        found = made or _opened(path, layout, mode)
        if os.fstat(handle).st_ino != path.stat().st_ino:  # another folder has taken its place
            os.close(handle)
            handle = lock(path)
        yield found
    finally:
        os.close(handle)


def _opened(path: Path, layout: Layout, mode: str) -> Store:
    if mode == "new":
        replace_by(path, layout)
        return Store(path, layout)
    found = attach(path, layout.axes)
    differences = _differences(found.layout, layout)
    grid = _axis_differences(found.layout, layout)
    if differences or (grid and mode != "extend"):
        listed = "\n  ".join(differences + grid)
        hint = "" if differences else "--extend adds values and runs to it; "
        raise InputError(
            "store",
            str(path),
            f" was made by another computation:\n  {listed}\n{hint}--force-new discards it",
        )
    mend(found, LOG.warning)
    if not grid:
        return found
    axes = {name: _joined(found.layout.axes[name], layout.axes[name]) for name in found.layout.axes}
    if all(np.array_equal(values, found.layout.axes[name]) for name, values in axes.items()):
        return found
    chunk = dict(zip(layout.axes, layout.chunk, strict=True))
    larger = replace(layout, axes=axes, chunk=tuple(chunk[name] for name in axes))
    return extend(found, larger, LOG.warning)


def _check(path: Path, layout: Layout) -> None:
    """Refuse what cannot be a store, before anything is touched."""
    there = path.exists() and not is_store(path) and not (path.is_dir() and not any(path.iterdir()))
    if there or not path.parent.is_dir():
        raise InputError(
            "store", str(path), "a store, or a new name in a folder that exists, is accepted"
        )
    for name, values in layout.axes.items():
        if len(np.unique(values)) < len(values):
            raise ValueError(f"{name} has a value twice; distinct values are accepted with a store")


def _joined(old: Array, new: Array) -> Array:
    """The values of both, in the old order where nothing is new, else increasing."""
    return old if np.isin(new, old).all() else np.union1d(old, new)


def _differences(old: Layout, new: Layout) -> list[str]:
    """What makes two computations different, besides the values of their axes."""
    listed = _unequal(old.identity, new.identity, "")
    if set(old.axes) != set(new.axes):
        listed.append(f"grid: over {', '.join(old.axes)} in the store, {', '.join(new.axes)} asked")
    return listed


def _unequal(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> list[str]:
    listed = []
    for name in [*old, *(n for n in new if n not in old)]:
        one, other = old.get(name, "nothing"), new.get(name, "nothing")
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            listed += _unequal(one, other, f"{prefix}{name}.")
        elif one != other:
            listed.append(f"{prefix}{name}: {one!r} in the store, {other!r} asked")
    return listed


def _axis_differences(old: Layout, new: Layout) -> list[str]:
    return [
        f"{name}: {_described(values)} in the store, {_described(new.axes[name])} asked"
        for name, values in old.axes.items()
        if name in new.axes and not np.array_equal(values, new.axes[name])
    ]


def _described(values: Array) -> str:
    if len(values) <= 4:
        return ", ".join(f"{v:g}" for v in values)
    return f"{values[0]:g} ... {values[-1]:g} ({len(values)} values)"
