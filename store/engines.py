"""Engines: what fills the missing chunks of a table, in threads or on Dask workers."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from .blocks import COMPLETE, Array, Block, Chunk, Table

#: Where a sweep says what happened on the way.
LOG = logging.getLogger("bntheory")
#: Tasks in flight, for every worker: no more exist at a time.
AHEAD = 2
Progress = Callable[[int, int], None]


class Work(Protocol):
    """What computes entries of a chunk: plain data, which pickles."""

    def compute(
        self,
        chunk: Chunk,
        axes: Mapping[str, Array],
        todo: Array,
        stopped: Callable[[], bool],
        progress: Progress | None = None,
    ) -> None: ...

    def warm(self) -> None: ...

    def __hash__(self) -> int: ...


def never() -> bool:
    """What is never stopped."""
    return False


def fill(
    table: Table,
    block: Block,
    work: Work,
    stopped: Callable[[], bool] = never,
    progress: Progress | None = None,
) -> None:
    """Compute what a chunk lacks, and keep it."""
    status = table.verified(block, LOG.warning)
    todo = status != COMPLETE
    chunk = Chunk.empty(status.shape, table.layout.variables) if todo.all() else table.read(block)
    work.compute(chunk, table.layout.values(block), todo, stopped, progress)
    table.write(block, chunk)


@dataclass
class Count:
    """Entries that are done, for a progress bar."""

    table: Table
    progress: Progress | None
    done: int = 0

    def add(self, block: Block) -> None:
        """A chunk is done."""
        self.show(size(block))
        self.done += size(block)

    def show(self, more: int) -> None:
        """Some entries of the chunk at hand are done."""
        if self.progress:
            self.progress(self.done + more, self.table.layout.size)

    def missing(self) -> Iterator[Block]:
        """The chunks that lack something, found one by one; the others count as done."""
        for block in self.table.layout.blocks():
            if (self.table.verified(block, LOG.warning) == COMPLETE).all():
                self.add(block)
            else:
                yield block


def size(block: Block) -> int:
    """Entries of a chunk."""
    entries = 1
    for part in block:
        entries *= part.stop - part.start
    return entries


def fill_in_order(table: Table, work: Work, progress: Progress | None = None) -> None:
    """Fill a table in this thread; the work may have threads of its own."""
    count = Count(table, progress)
    for block in count.missing():
        fill(table, block, work, progress=lambda done, _: count.show(done))
        count.add(block)


def fill_in_threads(
    table: Table, work: Work, workers: int | None = None, progress: Progress | None = None
) -> None:
    """Fill a table, a chunk a thread: for work that is compiled and releases the lock."""
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        fill_in_order(table, work, progress)
        return
    work.warm()
    stop = threading.Event()
    count = Count(table, progress)
    pending: dict[Future[None], Block] = {}

    def collect() -> None:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            block = pending.pop(future)
            future.result()
            count.add(block)

    with ThreadPoolExecutor(workers) as pool:
        try:
            for block in count.missing():
                pending[pool.submit(fill, table, block, work, stop.is_set)] = block
                if len(pending) >= AHEAD * workers:
                    collect()
            while pending:
                collect()
        except BaseException:
            stop.set()
            for future in pending:
                future.cancel()
            raise
