"""A store's folder: files written so that they are whole, its place, its lock, its leftovers."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

from ..results.errors import InputError

#: The description of a group, names of folders on their way in and out, and of files.
ROOT, REPLACED, NEW, PARTIAL = "zarr.json", ".replaced", ".new-", ".partial"


def is_store(path: Path) -> bool:
    """Whether a folder looks like a store: nothing else is ever replaced by one."""
    return (path / ROOT).is_file() and (path / "status").is_dir()


def swap(folder: Path, path: Path) -> None:
    """Put a finished store in the place of another; `recover` mends what a kill leaves."""
    old = path.with_name(path.name + REPLACED)
    shutil.rmtree(old, ignore_errors=True)
    path.rename(old)
    folder.rename(path)
    shutil.rmtree(old)


def recover(path: Path) -> None:
    """Undo a replacement that was cut off between its two renames."""
    old = path.with_name(path.name + REPLACED)
    if old.is_dir() and not path.exists():
        old.rename(path)


def tidy(path: Path) -> None:
    """Remove what killed writers left: call it with the store locked."""
    for left in path.parent.glob(f"{path.name}{NEW}*"):
        shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(path.with_name(path.name + REPLACED), ignore_errors=True)
    for left in path.rglob(f"*{PARTIAL}"):
        left.unlink(missing_ok=True)


def lock(path: Path) -> int:
    """Claim a store for writing; the kernel ends the claim with the process.

    Returns
    -------
    int
        A file descriptor, to be closed when the work is done.

    Raises
    ------
    ValueError
        If another process has it.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError("store", str(path), " is being written by another process") from None
    except OSError:
        pass  # a file system without locks
    return handle


def write_durably(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + PARTIAL)
    temporary.write_bytes(data)
    temporary.replace(path)
    synchronise(path)


def synchronise(path: Path) -> None:
    """Have a file and its name on disk, whatever happens to the machine next."""
    for one in (path, path.parent):
        with suppress(FileNotFoundError):  # a piece without messages is not written
            handle = os.open(one, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
