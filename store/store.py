"""The store: finished chunks of a table, on disk as they come (Zarr version 3, docs/sweeps.md).

A table has named axes and variables that all have every axis. It is cut into chunks, and a
chunk is written whole: every variable's piece under a temporary name, synchronised, renamed,
and last of all the piece of ``status`` that says that the others are there. Zarr's crc32c
codec puts a checksum behind every piece.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.errors import InputError
from .blocks import MISSING, Block, Chunk, Layout, Notice
from .files import ROOT, recover, synchronise
from .skeleton import OWN, axis_digest

if TYPE_CHECKING:
    import xarray

Array = np.ndarray


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
            known = axes is not None and name in axes and axis_digest(axes[name]) == digest
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
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        reason = (reason.splitlines() or ["damaged"])[0]
        if isinstance(error, json.JSONDecodeError):
            reason = f"a {ROOT} in it is damaged: {error}"
        raise InputError("store", str(path), f" cannot be read as a store ({reason})") from None


def _axis(path: Path, name: str) -> Array:
    import zarr

    values: Array = np.asarray(zarr.open_array(str(path / name), mode="r")[:])
    return values


def _span(values: Array) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g}..{values[-1]:g}"
