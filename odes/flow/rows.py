"""Flows that share their formulas, a row of numbers each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...teacher_student.parameters import KERNEL_PARAMETERS, RUNNING_PARAMETERS
from ...teacher_student.problem import Problem
from ..tables.moment_tables import Table
from .flow_kernels import check_batch, flow_kernels, own_numbers
from .shared_kernels import constants, shared_kernels
from .spectral import reduced, rows_of_blocks
from .table_rows import joined

Array = np.ndarray
#: Where a problem's number stands in a row of parameters (see `parameters`).
COLUMNS = {name: k for k, name in enumerate(KERNEL_PARAMETERS)}
#: Further ways to end, beside the kernels' own: the flow left the range in which its moments are
#: known; the stiff solver failed.
OUTSIDE, FAILED = 3, 4


@dataclass
class Flows:
    """Flows on their way, or where they ended; each array has a row a flow.

    Attributes
    ----------
    problem, kernels
        Their formulas, as they are and compiled.
    states
        Order parameters, shape (flows, order parameters); at the end, or where times are stored
        after the last step, which may lead past it.
    numbers
        What the kernels take beside a table, shape (flows, numbers): parameters, and what a
        system has after the table.
    times
        Times reached, where the record keeps them.
    status
        One of the kernels' ``COMPLETE``, ``DIVERGED``, ``TOO_MANY_STEPS``, or `OUTSIDE` or
        `FAILED`.
    beside
        How many of a row's numbers stand after the table.
    carried
        How many named numbers stand behind the order parameters of a state.
    moments_error
        The largest estimated error of the tables of moments that they went through.
    tables, table_of
        Tables of moments and their batch sizes, each once; and which of them a flow has, -1 for
        none.
    """

    problem: Problem
    kernels: Any
    states: Array
    numbers: Array
    times: Array
    status: Array
    beside: int = 0
    carried: int = 0
    moments_error: float = 0.0
    tables: list[tuple[Table, int]] = field(default_factory=list)
    table_of: Array = field(init=False)

    def __post_init__(self) -> None:
        self.table_of = np.full(len(self.states), -1)

    def row(self, k: int) -> Array:
        """All numbers that a kernel takes of a flow; good until this thread asks for another."""
        numbers: Array = self.numbers[k]
        if self.table_of[k] < 0:
            return numbers
        return joined(numbers, self.tables[self.table_of[k]][0].pieces, self.beside)

    def table_for_all(self, k: int, *, lanes: bool) -> Array:
        """The table of a flow, as kernels of many flows take it; empty if it has none."""
        if self.table_of[k] < 0:
            return np.empty(0)
        made, M = self.tables[self.table_of[k]]
        return made.combined(self.kernels.COMBINATIONS, M) if lanes else made.pieces

    def by_table(self, which: Array) -> list[Array]:
        """Flows, of some, that have the same table, together and in order."""
        if len(self.tables) < 2:
            return [which]
        own = self.table_of[which]
        return [which[own == table] for table in np.unique(own)]

    @property
    def inertial(self) -> bool:
        """Whether velocities follow the order parameters in a state."""
        if self.problem.spectrum_ is not None:
            return hasattr(self.kernels, "PUSH")  # what follows may be blocks alone
        return self.problem.state_space.size + self.carried < self.kernels.SIZE

    @property
    def order_parameters(self) -> dict[str, Array]:
        """The order parameters of the states, by name, each of shape (flows,)."""
        if self.problem.spectrum_ is not None:
            return reduced(self.problem, self.states)
        return self.problem.state_space.unpack(self.states)

    def __len__(self) -> int:
        return len(self.states)

    def observed(self) -> tuple[Array, Array]:
        """Scale Q and generalisation error of the states."""
        Q, error = np.empty((2, len(self)))
        self.kernels.observe(self.states, Q, error)
        return Q, error


def at_start(problem: Problem, columns: Mapping[str, Array]) -> Flows:
    """Flows at time 0, whose numbers differ from a problem's in some columns.

    Parameters
    ----------
    problem
        Everything that no column gives.
    columns
        Values by the problem's parameter name, each of shape (flows,); with none there is one
        flow, the problem's own. Other names are passed over.

    Raises
    ------
    ValueError
        For sizes of batch and statistics at which there is no flow
        (`odes.flow.flow_kernels.check_batch`), or of which one does not divide the other.

    Examples
    --------
    >>> at_start(Problem(scheme="wn"), {"r0": np.array([0.1, 0.2])}).states[:, 1].tolist()
    [0.1, 0.2]
    """
    count = max(map(len, columns.values()), default=1)
    shared = shared_kernels(problem, columns)
    if shared is None:
        check_batch(problem)
    # Columns are the user's numbers: momentum comes in when all of them are there.
    plain = problem
    if problem.momentum or problem.nesterov or problem.decoupled_decay:
        plain = problem.replace(momentum=0.0, nesterov=False, decoupled_decay=False)
    numbers = np.tile(own_numbers(plain), (count, 1))
    lawful = RUNNING_PARAMETERS if problem.scheme_.remembers else ()
    names = ("batch_size", "statistics_size", *lawful)
    sized = {name: columns[name] for name in names if name in columns}
    rows = np.array(list(sized.values())).T
    for sizes in np.unique(rows, axis=0) if sized else ():  # each has its own implied decay
        own = plain.replace(**dict(zip(sized, sizes, strict=True)))
        if shared is None:
            check_batch(own)
        numbers[(rows == sizes).all(axis=1)] = own_numbers(own)
    for name in COLUMNS.keys() & columns.keys():
        numbers[:, COLUMNS[name]] = columns[name]
    rest = 1.0 - np.asarray(columns.get("momentum", problem.momentum))
    numbers[:, COLUMNS["eta"]] /= rest
    if problem.decoupled_decay:
        numbers[:, COLUMNS["weight_decay"]] *= rest
    states = np.tile(np.array(problem.initial_state), (count, 1))
    for label, name in problem.start_parameters.items():
        if name in columns:
            states[:, problem.state_space.place(label)] = columns[name]
    status, times = np.zeros(count, dtype=np.int64), np.zeros(count)
    if problem.spectrum_ is not None:
        states, blocks = rows_of_blocks(problem, columns)
        numbers = np.hstack([numbers, blocks])
        return Flows(problem, flow_kernels(problem), states, numbers, times, status,
                     beside=blocks.shape[1])  # fmt: skip
    if shared is None:
        return Flows(problem, flow_kernels(problem), states, numbers, times, status)
    behind = constants(problem, shared)
    states = np.hstack([states, np.tile(behind, (count, 1))])
    return Flows(problem, flow_kernels(shared), states, numbers, times, status,
                 carried=len(behind))  # fmt: skip
