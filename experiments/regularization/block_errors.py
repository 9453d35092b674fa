"""Standard errors of means of rows that may depend on their neighbours.

Rows of a file are rarely independent: positions of one image, steps of one sequence, inputs
that repeat. Sums over contiguous blocks know what is left of that: blocks are merged until
neighbours no longer correlate (Flyvbjerg and Petersen, J. Chem. Phys. 91, 461, 1989). What
dependence across the borders still hides falls like one over the block's length m, and is
taken out by ``2 V(2m) - V(m)``.
"""

from __future__ import annotations

import math

import numpy as np

Array = np.ndarray
#: Blocks kept: between half as many and as many, whatever the number of rows.
MOST_BLOCKS = 2048
#: Blocks that an error is taken from at least.
FEWEST_BLOCKS = 32


class BlockSums:
    """Sums over contiguous blocks of a stream of rows of unknown length.

    Attributes
    ----------
    length
        Rows of a block; doubled whenever there are `MOST_BLOCKS`.
    rows
        Rows seen.
    """

    def __init__(self, width: int) -> None:
        self.length, self.rows = 1, 0
        self._sums = np.zeros((MOST_BLOCKS, width))
        self._total = np.zeros(width)

    def add(self, values: Array) -> None:
        """Add rows, shape (rows, width)."""
        self._total += values.sum(axis=0)
        while len(values):
            block, inside = divmod(self.rows, self.length)
            if block == MOST_BLOCKS:
                self._merge()
                continue
            room = (MOST_BLOCKS - block) * self.length - inside
            part, values = values[:room], values[room:]
            place = block + (inside + np.arange(len(part))) // self.length
            starts = np.flatnonzero(np.diff(place, prepend=-1))
            self._sums[place[starts]] += np.add.reduceat(part, starts, axis=0)
            self.rows += len(part)

    def _merge(self) -> None:
        half = self._sums[0::2] + self._sums[1::2]
        self._sums[: len(half)], self._sums[len(half) :] = half, 0.0
        self.length *= 2

    @property
    def mean(self) -> Array:
        """Over all rows, shape (width,)."""
        return self._total / self.rows

    @property
    def blocks(self) -> Array:
        """Means of the whole blocks, shape (blocks, width)."""
        return self._sums[: self.rows // self.length] / self.length


def standard_errors(blocks: Array) -> tuple[Array, Array, Array]:
    """Standard errors of the mean of columns of block means.

    Parameters
    ----------
    blocks
        Shape (blocks, columns), in the order of the rows.

    Returns
    -------
    errors, merged, resolved
        Shape (columns,) each: how many blocks were merged to one, and whether neighbours were
        independent then.
    """
    columns = blocks.shape[1]
    errors, merged = np.full(columns, math.nan), np.ones(columns, dtype=int)
    open_, resolved = np.ones(columns, dtype=bool), np.zeros(columns, dtype=bool)
    level = 1
    while open_.any():
        wider = _pairs(blocks)
        done = _uncorrelated(blocks)
        last = len(wider) < 2 * FEWEST_BLOCKS
        now = open_ & (done | last)
        one, two = _variance(blocks), _variance(wider)
        errors[now] = np.sqrt(np.where(2 * two > one, 2 * two - one, two))[now]
        merged[now], resolved[now] = level, done[now]
        open_ &= ~now
        blocks, level = wider, 2 * level
    return errors, merged, resolved


def _pairs(blocks: Array) -> Array:
    whole = blocks[: len(blocks) // 2 * 2]
    return (whole[0::2] + whole[1::2]) / 2


def _variance(blocks: Array) -> Array:
    """Of the mean of blocks, if they are independent."""
    found: Array = blocks.var(axis=0, ddof=1) / len(blocks)
    return found


def _uncorrelated(blocks: Array) -> Array:
    """Whether neighbours correlate no more than independent ones do by chance."""
    off = blocks - blocks.mean(axis=0)
    square = (off**2).sum(axis=0)
    product = (off[1:] * off[:-1]).sum(axis=0)
    found: Array = product <= 1.5 * square / math.sqrt(len(blocks))
    return found
