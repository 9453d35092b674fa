"""Kurtosis of recorded pre-activations, read in pieces: the file may be larger than memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

Array = np.ndarray
#: Row i belongs to block i modulo this; the bootstrap resamples blocks.
BLOCKS = 128
REPLICATES = 400
#: Numbers read at a time.
PIECE = 2**20

Progress = Callable[[int, int], None]


class Kurtosis(NamedTuple):
    """Excess kurtosis of every neuron, its bootstrap standard error, and the rows read.

    A neuron that never changes has no kurtosis: both are NaN there, null in JSON.
    """

    value: Array
    sem: Array
    rows: int


def kurtosis(path: str | Path, seed: int = 0, progress: Progress | None = None) -> Kurtosis:
    """The excess kurtosis of each column of a file.

    Parameters
    ----------
    path
        ``.npy`` of shape (rows, neurons) or (rows,), or ``.csv`` with one column a neuron and
        perhaps a line of names. At least `BLOCKS` rows.
    seed
        Seed of the bootstrap.
    progress
        Called with (rows read, rows in all, or 0 when that is not known).

    Raises
    ------
    ValueError
        Naming the file, and what is accepted.
    """
    path = Path(path)
    sums, centre, rows = None, None, 0
    try:
        for piece, total in _pieces(path):
            if not np.isfinite(piece).all():
                raise ValueError("holds a number that is not finite")
            if sums is None:
                sums = np.zeros((5, BLOCKS, piece.shape[1]))
                centre = piece.mean(axis=0)  # close to the mean: fourth powers do not cancel
            _add(sums, piece - centre, rows)
            rows += len(piece)
            if progress:
                progress(rows, total)
        if sums is None or rows < BLOCKS:
            raise ValueError(f"has {rows} rows; at least {BLOCKS} are accepted")
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(
            f"data={str(path)!r}: {error}; accepted is a .npy or .csv file of numbers, one "
            "column a neuron"
        ) from None
    rng = np.random.default_rng(seed)
    resampled = np.array(
        [_excess(sums[:, rng.integers(0, BLOCKS, BLOCKS)].sum(axis=1)) for _ in range(REPLICATES)]
    )
    return Kurtosis(_excess(sums.sum(axis=1)), resampled.std(axis=0, ddof=1), rows)


def _add(sums: Array, x: Array, first: int) -> None:
    """Add powers 0 to 4 of the rows to their blocks."""
    blocks = (first + np.arange(len(x))) % BLOCKS
    power = np.ones_like(x)
    for k in range(5):
        np.add.at(sums[k], blocks, power)
        power = power * x


def _excess(sums: Array) -> Array:
    """Excess kurtosis from sums of powers, shape (5, neurons)."""
    m1, m2, m3, m4 = sums[1:] / sums[0]
    variance = m2 - m1**2
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    with np.errstate(divide="ignore", invalid="ignore"):
        excess: Array = fourth / variance**2 - 3
    return np.where(variance > 1e-14 * (m2 + 1e-300), excess, np.nan)


def _pieces(path: Path) -> Iterator[tuple[Array, int]]:
    """Pieces of at most about `PIECE` numbers, and the number of rows where it is known."""
    if path.suffix == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if array.ndim not in (1, 2) or array.size == 0 or array.dtype.kind not in "fiu":
            raise ValueError(f"holds an array of shape {array.shape} and type {array.dtype}")
        table = array.reshape(len(array), -1)
        length = max(1, PIECE // table.shape[1])
        for start in range(0, len(table), length):
            yield np.asarray(table[start : start + length], dtype=float), len(table)
    elif path.suffix == ".csv":
        with path.open(newline="") as file:
            lines = csv.reader(file)
            for piece in _csv_pieces(lines):
                yield piece, 0
    else:
        raise ValueError("has another suffix")


def _csv_pieces(lines: Iterator[list[str]]) -> Iterator[Array]:
    first = next(lines, [])
    length = max(1, PIECE // max(1, len(first)))
    head = [first] if first and all(map(_is_number, first)) else []
    while rows := [*head, *islice(lines, length)]:
        head = []
        filled = [row for row in rows if row]
        if any(len(row) != len(first) for row in filled):
            raise ValueError(f"has rows that do not hold {len(first)} numbers")
        if filled:
            yield np.array(filled, dtype=float)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
