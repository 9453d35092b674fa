"""Files of recorded pre-activations, read in pieces: they may be larger than memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

Array = np.ndarray
#: Numbers read at a time.
PIECE = 2**18


def pieces(path: Path) -> Iterator[tuple[Array, int]]:
    """Pieces of at most about `PIECE` numbers, and the number of rows where it is known, else 0.

    Raises
    ------
    ValueError
        If the file is no table of numbers.
    """
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
