"""The Dask engine: workers fill chunks of a store and write them themselves (docs/sweeps.md).

A task is a block, the problem and the store's path; what comes back is nothing. Tasks are made
as others end, so that neither this process nor the scheduler holds more than a few a worker.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..codegen.modules import cache_folder
from ..results.errors import InputError
from ..results.files import package_version
from .blocks import Block
from .engines import AHEAD, LOG, Count, Progress, Work, fill
from .files import ROOT
from .store import Store, attach

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
LOOPBACK = "127.0.0.1"
#: How often a chunk is given out again after its worker was lost while at it.
RETRIES = 5


def fill_on_dask(
    store: Store,
    work: Work,
    address: str,
    workers: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Fill a store on Dask workers.

    Parameters
    ----------
    store
        On a file system that all workers reach under the same path.
    work
        What computes a chunk.
    address
        A scheduler's, ``tcp://HOST:PORT``; or ``local``: processes of this machine, which
        listen on the loopback interface alone.
    workers
        Processes, with ``local``; one a core by default.

    Raises
    ------
    ValueError
        If Dask is not installed, or no scheduler answers at that address.
    """
    with _client(address, workers, work) as client:
        _fill(client, store, work, progress)


def _fill(client: Client, store: Store, work: Work, progress: Progress | None) -> None:
    count = Count(store, progress)
    tasks, blocks = Tasks(client, store, work), count.missing()
    tasks.top_up(blocks)
    while tasks.running:
        block = tasks.next_done()
        if block is not None:
            count.add(block)
            tasks.say_who_was_lost()
            tasks.top_up(blocks)


class Tasks:
    """Chunks that workers are at, a few for each; one whose worker was lost is given out again."""

    def __init__(self, client: Client, store: Store, work: Work) -> None:
        from distributed import as_completed

        self.client, self.work, self.place = client, work, str(store.path.resolve())
        self.running: dict[Any, tuple[Block, int]] = {}
        self.finished = as_completed([], loop=client.loop)
        self.known: set[str] = set()
        self.retries = 0

    def submit(self, block: Block, attempt: int) -> None:
        """Give out a chunk."""
        future = self.client.submit(
            fill_remotely, self.place, block, self.work, package_version(), pure=False
        )
        self.running[future] = (block, attempt)
        self.finished.add(future)

    def top_up(self, blocks: Iterator[Block]) -> None:
        """Give out chunks as long as some worker has few."""
        most = AHEAD * max(1, sum(self.client.nthreads().values()))
        while len(self.running) < most and (block := next(blocks, None)) is not None:
            self.submit(block, 0)

    def next_done(self) -> Block | None:
        """The next chunk that is done; None if it is given out again.

        Raises
        ------
        Exception
            What its worker raised, or the loss of the last worker that it was given to.
        """
        from distributed.scheduler import KilledWorker

        future = next(self.finished)
        block, attempt = self.running.pop(future)
        error = future.exception()
        future.release()
        if isinstance(error, KilledWorker) and attempt < RETRIES:
            self.retries += 1
            LOG.warning("a chunk was lost with its worker and is computed again (%d)", self.retries)
            self.submit(block, attempt + 1)
            return None
        if error is not None:
            raise error
        return block

    def say_who_was_lost(self) -> None:
        """Log the workers that have gone since the last chunk."""
        lost = self.known - (known := set(self.client.nthreads()))
        self.known = known
        if lost:
            self.retries += len(lost)
            LOG.warning("%d workers were lost; their chunks are computed again", len(lost))


def fill_remotely(path: str, block: Block, work: Work, version: str) -> None:
    """What a worker does: compute one chunk and write it to the store.

    Raises
    ------
    ValueError
        If the worker has another version of this package, or cannot see the store.
    """
    if package_version() != version:
        raise ValueError(
            f"dask: a worker has bntheory {package_version()}, the sweep {version}; the same "
            "version is accepted"
        )
    warm_once(work)
    try:
        stamp = os.stat(Path(path) / ROOT)
    except OSError:
        raise InputError(
            "store", path, "a worker does not see it; a path that all workers share is accepted"
        ) from None
    fill(_attached(path, stamp.st_ino, stamp.st_mtime_ns), block, work)


@lru_cache(maxsize=2)
def _attached(path: str, *_: int) -> Store:
    return attach(path)


@lru_cache(maxsize=16)
def warm_once(work: Work) -> None:
    """Compile in one process of a machine at a time; the others find the code on disk.

    Numba's cache is no place for several processes to write to at once (numba issue 4807).
    """
    with (cache_folder() / "warming.lock").open("a") as file:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        work.warm()


@contextmanager
def _client(address: str, workers: int | None, work: Work) -> Iterator[Client]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError(
            "dask", address, " needs the extra dask: pip install 'bntheory[dask]'"
        ) from None
    if address != LOCAL:
        with _connected(address) as client:
            yield client
        return
    warm_once(work)
    # The small web servers of scheduler, workers and nannies listen where they are told to.
    http: dict[str, list[str]] = {
        f"distributed.{part}.http.routes": [] for part in ("scheduler", "worker", "nanny")
    }
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(http))
        with _deaf_children():
            cluster = LocalCluster(
                n_workers=workers or os.cpu_count() or 1, threads_per_worker=1, processes=True,
                host=LOOPBACK, dashboard_address=None, worker_dashboard_address=None,
                silence_logs="CRITICAL",
            )  # fmt: skip
        stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster))


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that are started here, or by threads started here, do not hear Ctrl-C.

    A terminal sends it to all; this process alone decides what it means.
    """
    resource_tracker.ensure_running()  # starting it later would unblock the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of a scheduler: the current one if it is that scheduler's, with its credentials."""
    from distributed import Client

    try:
        current = Client.current()
    except ValueError:  # there is none
        current = None
    if current and current.scheduler and current.scheduler.address == address:
        yield current
        return
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = "that is no address" if isinstance(error, ValueError) else str(error)
        reason = reason.splitlines()[0]
        raise InputError(
            "dask",
            address,
            f"no scheduler answers there ({reason}); tcp://HOST:PORT or local is accepted",
        ) from None
    with client:
        yield client
