"""A run belongs to one process at a time. Needs no torch."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ...results.errors import InputError

LOCK = "lock"


def several() -> bool:
    """Whether torchrun started several processes, which train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def leads() -> bool:
    """Whether this is the first of the processes that train together, which writes for all."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Have the folder of a run to oneself, made if need be; False if another process has it.

    The kernel ends a claim with its process, however that ends: no claim is ever stale. Of
    processes that train together (torchrun) the first one claims for all.
    """
    if not leads():
        yield True
        return
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _lock(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(folder: Path, parameter: str) -> Iterator[None]:
    """As `claimed`, for who has no other run to take instead.

    Raises
    ------
    ValueError
        If another process has it, or the folder cannot be made.
    """
    with ExitStack() as held:
        try:
            mine = held.enter_context(claimed(folder))
        except OSError as error:
            raise InputError(parameter, str(folder), f"{error.strerror}") from None
        if not mine:
            raise InputError(parameter, str(folder), " is being trained by another process")
        yield


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks
    os.ftruncate(handle, 0)
    os.write(handle, f"{os.getpid()} on {platform.node()}\n".encode())  # for people
    return True
