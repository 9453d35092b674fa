"""Stores made, enlarged, replaced and mended."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from .blocks import Block, Chunk, Layout, Notice
from .files import ROOT, swap, write_durably
from .skeleton import made_beside, skeleton
from .store import Store


def create(path: Path, layout: Layout) -> Store | None:
    """Make an empty store, in a folder beside it that is renamed: it is whole or not there.

    None if another process was quicker.
    """
    folder = made_beside(path, layout)
    try:
        folder.rename(path)
    except OSError:
        shutil.rmtree(folder)
        return None
    return Store(path, layout)


def extend(store: Store, layout: Layout, notice: Notice) -> Store:
    """Give a store more values or runs; what it holds is carried over, entry by entry."""
    for block in store.layout.blocks():
        store.verified(block, notice)
    folder = made_beside(store.path, layout)
    larger = Store(folder, layout)
    for block in layout.blocks():
        kept = _carried(store, layout, block)
        if kept is not None:
            larger.write(block, kept)
    swap(folder, store.path)
    return Store(store.path, layout)


def _carried(store: Store, layout: Layout, block: Block) -> Chunk | None:
    """What a store knows of a block of a larger table."""
    new, old = [], []
    for name, values in layout.values(block).items():
        known = {value: place for place, value in enumerate(store.layout.axes[name].tolist())}
        found = [(i, known[v]) for i, v in enumerate(values.tolist()) if v in known]
        new.append([i for i, _ in found])
        old.append([place for _, place in found])
    if not all(new):
        return None
    status = np.asarray(store.arrays["status"].oindex[tuple(old)])
    if not status.any():
        return None
    there = np.ix_(*new)
    shape = tuple(part.stop - part.start for part in block)
    chunk = Chunk.empty(shape, layout.variables)
    chunk.status[there] = status
    chunk.message[there] = store.arrays["message"].oindex[tuple(old)]
    for name in layout.variables:
        chunk.values[name][there] = store.arrays[name].oindex[tuple(old)]
    return chunk


def replace_by(path: Path, layout: Layout) -> None:
    """Put an empty store in the place of another."""
    swap(made_beside(path, layout), path)


def mend(store: Store, notice: Notice) -> None:
    """Write what a store's description and axes should be wherever they are not that."""
    for key, data in skeleton(store.layout).items():
        path = store.path / key
        if key != ROOT and not (path.exists() and path.read_bytes() == data):
            notice(f"{store.path}: damaged, written again: {key}")
            write_durably(path, data)
