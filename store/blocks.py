"""A table that is filled chunk by chunk: its layout, a chunk, and a table held in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..results.files import dataset

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
Notice = Callable[[str], None]
#: Where a chunk lies: one slice an axis.
Block = tuple[slice, ...]
#: What is known of an entry.
MISSING, COMPLETE, FAILED = 0, 1, 2
STATUS_ATTRIBUTES = {"flag_values": [MISSING, COMPLETE, FAILED],
                     "flag_meanings": "missing complete failed"}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """What a table holds.

    Attributes
    ----------
    axes
        Values by name, in the order of the dimensions.
    variables
        Names of the quantities; every one has all dimensions.
    chunk
        Entries of a chunk along every axis.
    identity
        All that the entries depend on besides the axes, as JSON has it.
    attributes
        What else the dataset says about itself.
    """

    axes: Mapping[str, Array]
    variables: tuple[str, ...]
    chunk: tuple[int, ...]
    identity: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Numbers of values along the axes."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape, dtype=np.int64))

    def blocks(self) -> Iterator[Block]:
        """All chunks, one at a time, the last axis fastest."""
        along = [
            [slice(first, min(first + step, length)) for first in range(0, length, step)]
            for length, step in zip(self.shape, self.chunk, strict=True)
        ]
        return itertools.product(*along)

    def values(self, block: Block) -> dict[str, Array]:
        """The axes' values in a chunk."""
        return {n: v[part] for (n, v), part in zip(self.axes.items(), block, strict=True)}


@dataclass(frozen=True)
class Chunk:
    """Values of all variables in a block, every array of the block's shape.

    Attributes
    ----------
    values
        Numbers by variable; NaN where one does not exist.
    status
        ``MISSING``, ``COMPLETE`` or ``FAILED``.
    message
        Why an entry failed; empty where it did not.
    """

    values: dict[str, Array]
    status: Array
    message: Array

    @classmethod
    def empty(cls, shape: tuple[int, ...], variables: tuple[str, ...]) -> Chunk:
        """Nothing known yet."""
        values = {name: np.full(shape, np.nan) for name in variables}
        message = np.zeros(shape, dtype=np.dtypes.StringDType())
        return cls(values, np.zeros(shape, dtype=np.uint8), message)


class Table(Protocol):
    """What is filled: in memory (`Memory`) or on disk (`bntheory.store.store.Store`)."""

    layout: Layout

    def verified(self, block: Block, notice: Notice) -> Array: ...

    def read(self, block: Block) -> Chunk: ...

    def write(self, block: Block, chunk: Chunk) -> None: ...

    def dataset(self) -> xarray.Dataset: ...


class Memory:
    """A table in memory."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.whole = Chunk.empty(layout.shape, layout.variables)

    def verified(self, block: Block, notice: Notice) -> Array:
        """The status of a chunk's entries."""
        return self.whole.status[block]

    def read(self, block: Block) -> Chunk:
        """A chunk."""
        values = {name: array[block].copy() for name, array in self.whole.values.items()}
        status, message = self.whole.status[block].copy(), self.whole.message[block].copy()
        return Chunk(values, status, message)

    def write(self, block: Block, chunk: Chunk) -> None:
        """Keep a chunk."""
        for name, array in self.whole.values.items():
            array[block] = chunk.values[name]
        self.whole.status[block], self.whole.message[block] = chunk.status, chunk.message

    def dataset(self) -> xarray.Dataset:
        """The table, with its axes as dimensions."""
        names = tuple(self.layout.axes)
        variables: dict[str, Any] = {n: (names, v) for n, v in self.whole.values.items()}
        variables["status"] = (names, self.whole.status)
        variables["message"] = (names, self.whole.message)
        made = dataset(variables, dict(self.layout.axes), self.layout.attributes)
        made["status"].attrs.update(STATUS_ATTRIBUTES)
        return made
