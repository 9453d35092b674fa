"""The state of a flow: named blocks of numbers, packed into one row."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray
#: What a number may be: any real one, a positive length, or the cosine of an angle.
Chart = Literal["real", "log", "cosine"]


@dataclass(frozen=True)
class Block:
    """Order parameters that belong together.

    Attributes
    ----------
    name
        Their name.
    shape
        ``()`` of a scalar, ``(K, T)`` of a matrix.
    chart
        ``"real"``, ``"log"`` (positive), or ``"cosine"`` (from -1 to 1).
    symmetric
        Whether only the upper triangle of a square matrix is a number of its own.
    """

    name: str
    shape: tuple[int, ...] = ()
    chart: Chart = "real"
    symmetric: bool = False

    @cached_property
    def entries(self) -> tuple[tuple[int, ...], ...]:
        """The indices of the numbers of their own, in the order in which they are packed."""
        every = itertools.product(*map(range, self.shape))
        return tuple(at for at in every if not self.symmetric or at[0] <= at[1])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name a number: ``R``, or ``A_01``."""
        if not self.shape:
            return (self.name,)
        return tuple(f"{self.name}_{''.join(map(str, at))}" for at in self.entries)


@dataclass(frozen=True)
class StateSpace:
    """Ordered blocks; the only place that knows where a number stands in a row.

    Attributes
    ----------
    blocks
        In the order in which they are packed.

    Examples
    --------
    >>> space = StateSpace((Block("gamma"), Block("R", chart="cosine"), Block("L", chart="log")))
    >>> space.place("R"), space.size
    (1, 3)
    >>> matrices = StateSpace((Block("A", (2, 1)), Block("C", (2, 2), symmetric=True)))
    >>> matrices.labels
    ('A_00', 'A_10', 'C_00', 'C_01', 'C_11')
    >>> matrices.unpack(matrices.pack({"A": [[1], [2]], "C": [[3, 4], [4, 5]]}))["C"].tolist()
    [[3.0, 4.0], [4.0, 5.0]]
    """

    blocks: tuple[Block, ...]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The names of all numbers."""
        return tuple(label for block in self.blocks for label in block.labels)

    @property
    def size(self) -> int:
        """How many numbers a state has."""
        return len(self.labels)

    def place(self, label: str) -> int:
        """Where a number stands.

        Raises
        ------
        KeyError
            If the state has no such number.
        """
        if label not in self.labels:
            raise KeyError(label)
        return self.labels.index(label)

    def places(self, chart: Chart) -> tuple[int, ...]:
        """Where the numbers of a chart stand."""
        kinds = [block.chart for block in self.blocks for _ in block.labels]
        return tuple(k for k, kind in enumerate(kinds) if kind == chart)

    def pack(self, values: Mapping[str, Any]) -> Array:
        """One row from a value a block."""
        import numpy as np

        parts = []
        for block in self.blocks:
            value = np.asarray(values[block.name], dtype=float)
            parts += [value[at] for at in block.entries]
        return np.array(parts)

    def pack_rows(self, values: Mapping[str, Any]) -> Array:
        """Many rows, from values of shape (..., *block's shape): shape (..., size)."""
        import numpy as np

        parts = []
        for block in self.blocks:
            value = np.asarray(values[block.name])
            for at in block.entries:
                place: tuple[Any, ...] = (..., *at)
                parts.append(value[place])
        return np.stack(parts, axis=-1)

    def unpack(self, states: Array) -> dict[str, Array]:
        """The blocks' values, of one row or of many: shape (..., *block's shape)."""
        import numpy as np

        states, first, values = np.asarray(states), 0, {}
        for block in self.blocks:
            own = states[..., first : first + len(block.entries)]
            first += len(block.entries)
            made = np.empty((*states.shape[:-1], *block.shape))
            for k, at in enumerate(block.entries):
                here: tuple[Any, ...] = (..., *at)
                made[here] = own[..., k]
                if block.symmetric:
                    made[here[:1] + at[::-1]] = own[..., k]
            values[block.name] = made
        return values


#: One and the sum of squared gradients over N, by which AdaGrad-norm divides.
ACCUMULATED = "b2"


@lru_cache(maxsize=16)
def scalar_student(scalars: tuple[str, ...], accumulates: bool = False) -> StateSpace:
    """The state of one student unit: its trained scalars, its overlap and its length.

    Of an optimiser that accumulates squared gradients their sum comes last.

    Examples
    --------
    >>> scalar_student(("gamma",)).labels
    ('gamma', 'R', 'L')
    """
    student = (*map(Block, scalars), Block("R", chart="cosine"), Block("L", chart="log"))
    return StateSpace((*student, Block(ACCUMULATED)) if accumulates else student)
