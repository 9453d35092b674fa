"""Reading stores: whole, with damaged chunks left out, and as a long table in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.errors import InputError
from ..results.files import check_output, replacing
from .blocks import Block, Chunk, Memory
from .engines import LOG
from .store import DamagedError, Store, attach

if TYPE_CHECKING:
    import pandas
    import xarray

EXPORTS = (".csv", ".parquet")


def load(path: str | Path) -> xarray.Dataset:
    """A store's table in memory; what is damaged counts as missing, and that is logged.

    Raises
    ------
    ValueError
        If it is no store.
    """
    store = attach(path)
    table = Memory(store.layout)
    for block in store.layout.blocks():
        table.write(block, _read(store, block))
    return table.dataset()


def export(path: str | Path, file: str | Path) -> int:
    """Write a store as a long table, chunk by chunk; return its number of rows.

    Parameters
    ----------
    path
        The store.
    file
        A name ending in ``.csv`` or ``.parquet``; the file is whole or not there.

    Raises
    ------
    ValueError
        If it is no store, or the file cannot be written, or pyarrow is missing.
    """
    store, count = attach(path), 0
    file = check_output(file, EXPORTS)
    writing = _parquet if file.suffix == ".parquet" else _csv
    with replacing(file) as temporary, writing(temporary) as write:
        for block in store.layout.blocks():
            rows = _rows(store, block)
            write(rows)
            count += len(rows)
    return count


def _read(store: Store, block: Block) -> Chunk:
    try:
        return store.read(block)
    except DamagedError as damage:
        LOG.warning("%s: a chunk is damaged (%s); its sweep computes it again", store.path, damage)
        shape = tuple(part.stop - part.start for part in block)
        return Chunk.empty(shape, store.layout.variables)


def _rows(store: Store, block: Block) -> pandas.DataFrame:
    import pandas

    chunk = _read(store, block)
    axes = store.layout.values(block)
    grid = np.meshgrid(*axes.values(), indexing="ij")
    columns = {name: axis.ravel() for name, axis in zip(axes, grid, strict=True)}
    columns |= {name: chunk.values[name].ravel() for name in store.layout.variables}
    columns |= {"status": chunk.status.ravel(), "message": chunk.message.ravel().astype(object)}
    return pandas.DataFrame(columns)


@contextmanager
def _csv(path: Path) -> Iterator[Callable[[Any], None]]:
    with path.open("w", newline="", encoding="utf-8") as file:
        yield lambda rows: rows.to_csv(file, index=False, header=file.tell() == 0)


@contextmanager
def _parquet(path: Path) -> Iterator[Callable[[Any], None]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            "file", str(path), " needs the extra parquet: pip install 'bntheory[parquet]'"
        ) from None
    writer: Any = None

    def write(rows: Any) -> None:
        nonlocal writer
        table = pyarrow.Table.from_pandas(rows, preserve_index=False)
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()
