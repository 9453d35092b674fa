"""Independent runs in threads; Ctrl-C keeps those that are finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from .options import Progress

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
#: Runs that wait for a thread, for each thread: a million of them at once would fill the memory.
AHEAD = 4


def in_threads(
    one: Callable[[Item, Callable[[], bool]], Outcome | None],
    items: Sequence[Item],
    workers: int,
    progress: Progress | None = None,
) -> tuple[list[Outcome], bool]:
    """Do something for every item, in threads.

    Parameters
    ----------
    one
        Called with an item and with a function that says whether to stop; None if it did.
    items
        What to do it for.
    workers
        Threads.
    progress
        Called with (items done, items in all) after each of them.

    Returns
    -------
    list
        What came of the items, in their order; after Ctrl-C of those that were finished.
    bool
        Whether all of them were done.

    Examples
    --------
    >>> in_threads(lambda number, stopped: number**2, [1, 2, 3], workers=2)
    ([1, 4, 9], True)
    """
    stop, counted = False, 0
    tell = progress or (lambda done, total: None)
    futures: list[Future[Outcome | None]] = []
    with ThreadPoolExecutor(workers) as pool:
        try:
            pending: set[Future[Any]] = set()
            for item in items:
                futures.append(pool.submit(one, item, lambda: stop))
                pending.add(futures[-1])
                while pending and (len(pending) >= AHEAD * workers or len(futures) == len(items)):
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for _ in done:
                        counted += 1
                        tell(counted, len(items))
        except KeyboardInterrupt:
            stop = True
            for future in futures:
                future.cancel()
    results = [f.result() for f in futures if f.done() and not f.cancelled()]
    return [outcome for outcome in results if outcome is not None], not stop
