"""The store: finished chunks of a table, on disk as they come (Zarr version 3, docs/sweeps.md).

A table has named axes and variables that all have every axis. It is cut into chunks, and a
chunk is written whole: every variable's piece under a temporary name, synchronised, renamed,
and last of all the piece of ``status`` that says that the others are there. Zarr's crc32c
codec puts a checksum behind every piece.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.errors import InputError
from ..results.files import units
from .blocks import MISSING, STATUS_ATTRIBUTES, Block, Chunk, Layout, Notice
from .files import NEW, ROOT, recover, swap, synchronise, write_durably

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: Attributes of the store itself.
OWN = ("identity", "axes", "variables", "chunk")


class DamagedError(Exception):
    """A chunk whose checksum is wrong, or of which a piece is missing."""


class Store:
    """A table on disk, opened to be read or written.

    Attributes
    ----------
    path
        Its folder: a Zarr group that ``xarray.open_zarr`` reads at any time.
    layout
        What it holds.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        import zarr
        from zarr.storage import LocalStore

        self.path, self.layout = path, layout
        group = zarr.open_group(LocalStore(path), mode="r+")
        # Zarr would leave out a piece that holds nothing but fill values: here it is a loss.
        with zarr.config.set({"array.write_empty_chunks": True}):
            self.arrays: dict[str, Any] = {n: group[n] for n in (*layout.variables, "status")}
        self.arrays["message"] = group["message"]

    def status(self, block: Block) -> Array:
        """What is known of every entry of a chunk.

        Raises
        ------
        DamagedError
            If its checksum is wrong.
        """
        return self._read("status", block).astype(np.uint8)

    def read(self, block: Block) -> Chunk:
        """A chunk, its checksums verified.

        Raises
        ------
        DamagedError
            If one of its pieces is missing or wrong.
        """
        status = self.status(block)
        names = self.layout.variables
        if (status == MISSING).all():
            return Chunk.empty(status.shape, names)
        for name in names:
            if not self._piece(name, block).exists():
                raise DamagedError(f"{name} is missing")
        values = {name: self._read(name, block) for name in names}
        return Chunk(values, status, self._read("message", block))

    def write(self, block: Block, chunk: Chunk) -> None:
        """Write a chunk; it counts once its status is on disk."""
        for name in self.layout.variables:
            self.arrays[name][block] = chunk.values[name]
        self.arrays["message"][block] = chunk.message
        for name in (*self.layout.variables, "message"):
            synchronise(self._piece(name, block))
        self.arrays["status"][block] = chunk.status
        synchronise(self._piece("status", block))

    def verified(self, block: Block, notice: Notice) -> Array:
        """The status of a chunk's entries; a damaged chunk is forgotten, and said so."""
        try:
            return self.read(block).status
        except DamagedError as damage:
            where = ", ".join(
                f"{name} {_span(axis[part])}"
                for (name, axis), part in zip(self.layout.axes.items(), block, strict=True)
            )
            notice(f"{self.path}: a damaged chunk is computed again ({where}: {damage})")
            for name in ("status", *self.layout.variables, "message"):
                self._piece(name, block).unlink(missing_ok=True)
            return self.status(block)

    def dataset(self) -> xarray.Dataset:
        """The table as it is on disk; values are read when they are used."""
        import xarray

        return xarray.open_zarr(self.path, chunks=None)

    def _read(self, name: str, block: Block) -> Array:
        try:
            found: Array = np.asarray(self.arrays[name][block])
        except OSError:
            raise
        except Exception as error:  # whatever the codecs make of a torn piece
            raise DamagedError(f"{name}: {error}") from None
        return found

    def _piece(self, name: str, block: Block) -> Path:
        places = [str(part.start // c) for part, c in zip(block, self.layout.chunk, strict=True)]
        return self.path.joinpath(name, "c", *places)


def attach(path: str | Path, axes: Mapping[str, Array] | None = None) -> Store:
    """Open a store as it is, to read it or to add chunks to it.

    Parameters
    ----------
    path
        Its folder.
    axes
        What its axes should be: an axis of that checksum is not read, and may be damaged.

    Raises
    ------
    ValueError
        If there is none, or its description is damaged.
    """
    path = Path(path)
    recover(path)
    try:
        import zarr

        attributes: dict[str, Any] = dict(zarr.open_group(str(path), mode="r").attrs.asdict())
        identity = json.loads(attributes["identity"])
        found = {}
        for name, digest in json.loads(attributes["axes"]).items():
            known = axes is not None and name in axes and _digest(axes[name]) == digest
            found[name] = axes[name] if axes is not None and known else _axis(path, name)
        layout = Layout(
            found, tuple(attributes["variables"]), tuple(attributes["chunk"]), identity,
            {n: v for n, v in attributes.items() if n not in OWN},
        )  # fmt: skip
        return Store(path, layout)
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            raise
        raise InputError("store", str(path), "no store is there") from None
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        if isinstance(error, json.JSONDecodeError):
            reason = f"a {ROOT} in it is damaged: {error}"
        raise InputError("store", str(path), f" cannot be read as a store ({reason})") from None


def create(path: Path, layout: Layout) -> Store | None:
    """Make an empty store, in a folder beside it that is renamed: it is whole or not there.

    None if another process was quicker.
    """
    folder = _made_beside(path, layout)
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
    folder = _made_beside(store.path, layout)
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
    swap(_made_beside(path, layout), path)


def mend(store: Store, notice: Notice) -> None:
    """Write what a store's description and axes should be wherever they are not that."""
    for key, data in _skeleton(store.layout).items():
        path = store.path / key
        if key != ROOT and not (path.exists() and path.read_bytes() == data):
            notice(f"{store.path}: damaged, written again: {key}")
            write_durably(path, data)


def _made_beside(path: Path, layout: Layout) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=path.name + NEW, dir=path.parent))
    mask = os.umask(0)
    os.umask(mask)
    folder.chmod(0o777 & ~mask)
    try:
        for key, data in _skeleton(layout).items():
            write_durably(folder / key, data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _skeleton(layout: Layout) -> dict[str, bytes]:
    """An empty store's files: descriptions and axes."""
    import zarr
    from zarr.codecs import Crc32cCodec
    from zarr.storage import MemoryStore

    files: dict[str, Any] = {}
    group = zarr.open_group(MemoryStore(files), mode="w-", zarr_format=3)
    shared: dict[str, Any] = {"compressors": [Crc32cCodec()]}
    for name, values in layout.axes.items():
        group.create_array(name, data=values, chunks=values.shape, dimension_names=(name,),
                           attributes={"units": units(name)}, **shared)  # fmt: skip
    kinds: dict[str, tuple[Any, Any]] = dict.fromkeys(layout.variables, ("f8", np.nan))
    kinds |= {"status": ("u1", MISSING), "message": (str, "")}
    shared |= {"dimension_names": tuple(layout.axes), "chunks": layout.chunk}
    for name, (kind, fill) in kinds.items():
        about: dict[str, Any] = {"units": units(name)}
        about |= STATUS_ATTRIBUTES if name == "status" else {}
        group.create_array(
            name, shape=layout.shape, dtype=kind, fill_value=fill, attributes=about, **shared
        )
    digests = {name: _digest(values) for name, values in layout.axes.items()}
    own: dict[str, Any] = {"identity": json.dumps(layout.identity), "axes": json.dumps(digests)}
    lists: dict[str, Any] = {"variables": list(layout.variables), "chunk": list(layout.chunk)}
    group.attrs.update(dict(layout.attributes) | own | lists)
    with warnings.catch_warnings():
        # One file that describes all arrays: a store opens quickly, and xarray looks for it.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(MemoryStore(files))
    return {key: buffer.to_bytes() for key, buffer in files.items()}


def _axis(path: Path, name: str) -> Array:
    import zarr

    values: Array = np.asarray(zarr.open_array(str(path / name), mode="r")[:])
    return values


def _digest(values: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:32]


def _span(values: Array) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g}..{values[-1]:g}"
