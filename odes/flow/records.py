"""What is kept of flows while they are solved: states at given times, or the end alone.

A record advances flows with the kernel that keeps just what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from . import alignment, stiff
from .bounds import Bounds
from .rows import Flows

Array = np.ndarray
RTOL, ATOL = 1e-8, 1e-10
#: Explicit steps tried before the stiff solver takes over; its own cost is some hundred of them.
EXPLICIT_STEPS = 20_000
#: Steps after which a flow of which only the end is kept is given up as stiff.
MAX_STEPS = 200_000


class Record(Protocol):
    """What is kept of flows.

    Attributes
    ----------
    call
        How many flows one call of `advance` takes.
    max_steps
        Explicit steps tried, unless told otherwise.
    """

    call: int
    max_steps: int

    def begin(self, flows: Flows) -> None:
        """Make room."""

    def advance(self, flows: Flows, part: Array, bounds: Bounds) -> None:
        """Advance some flows to their ends, or to where they leave their tables; in place.

        Threads advance other parts at the same time.
        """

    def finish(self, flows: Flows, bounds: Bounds) -> None:
        """Do what is left when no flow gets further by explicit steps."""


@dataclass
class AtTimes:
    """The states at given times; where explicit steps take too long a stiff solver goes on.

    Attributes
    ----------
    times
        Increasing.
    states
        Shape (flows, times, order parameters).
    stored, steps
        How many of the times each flow reached, and how many explicit steps were tried.
    stiff
        By flow, what became of it after the stiff solver took over.
    """

    times: Array
    states: Array = field(init=False)
    stored: Array = field(init=False)
    steps: Array = field(init=False)
    stiff: dict[int, str] = field(init=False, default_factory=dict)
    _returning: Array = field(init=False, repr=False)
    call: int = 1
    max_steps: int = EXPLICIT_STEPS

    def begin(self, flows: Flows) -> None:
        """Make room."""
        self.states = np.empty((len(flows), len(self.times), flows.states.shape[1]))
        self.stored, self.steps = np.zeros((2, len(flows)), dtype=np.int64)
        self._returning = alignment.may_return(flows, np.full(len(flows), self.times[-1]))

    def advance(self, flows: Flows, part: Array, bounds: Bounds) -> None:
        """Advance some flows; a time that is stored twice, at the start, is not meant to be."""
        for k in map(int, part):
            if self._returning[k]:
                done = self.stored[k]
                stored, steps = alignment.advance(
                    flows, k, self.times[done:], self.states[k, done:], bounds
                )
                self.stored[k] += stored
                self.steps[k] += steps
                continue
            reached = flows.times[k : k + 1]
            flows.status[k], stored, steps = flows.kernels.integrate(
                flows.states[k], self.times[self.stored[k] :], flows.row(k), *bounds,
                self.states[k, self.stored[k] :], reached, reached[0],
            )  # fmt: skip
            self.stored[k] += stored
            self.steps[k] += steps

    def finish(self, flows: Flows, bounds: Bounds) -> None:
        """Hand the flows that took too many steps to the stiff solver."""
        for k in map(int, np.flatnonzero(flows.status == flows.kernels.TOO_MANY_STEPS)):
            done = self.stored[k]
            begun = f"stiff from t = {flows.times[k]:g} on: after {self.steps[k]} explicit steps "
            flows.status[k], message, stored = stiff.go_on(
                flows, k, self.times[done:], self.states[k, done:], bounds.rtol, bounds.atol
            )
            self.stored[k] += stored
            self.stiff[k] = f"{begun}SciPy's Radau took over{message}"


@dataclass
class AtEnd:
    """Where flows end, and when the error passed levels on the way.

    Memory does not grow with the length of a flow. What takes too many steps is given up.

    Attributes
    ----------
    ends
        End times, shape (flows,).
    levels
        Levels of the error whose first passage is wanted.
    plateau
        Whether plateaus are wanted; like levels they cost an error a step.
    """

    ends: Array
    levels: Sequence[float] = ()
    plateau: bool = False
    call: int = 512
    max_steps: int = MAX_STEPS
    _watches: Array = field(init=False, repr=False)
    _returning: Array = field(init=False, repr=False)
    _starts: Array = field(init=False, repr=False)

    def begin(self, flows: Flows) -> None:
        """Make room for what is watched (`odes.kernels.ensemble`)."""
        watched = 4 + 2 * len(self.levels) if self.levels or self.plateau else 0
        self._watches = np.zeros((len(flows), watched))
        self._watches[:, 4::2] = list(self.levels)
        self._watches[:, 1:2] = 0.0 if self.plateau else -1.0
        self._returning = alignment.may_return(flows, self.ends)
        self._starts = flows.states[self._returning]

    def advance(self, flows: Flows, part: Array, bounds: Bounds) -> None:
        """Advance some flows, in lanes if there are any and no plateaus are wanted."""
        for alike in flows.by_table(part):
            self._advance(flows, alike, bounds)

    def _advance(self, flows: Flows, part: Array, bounds: Bounds) -> None:
        """Advance flows that have one table."""
        y, t, ends, p = flows.states[part], flows.times[part], self.ends[part], flows.numbers[part]
        seen, status = self._watches[part], flows.status[part]
        watched = seen.shape[1] > 0
        # Plateaus are interpolated between steps: they would move by a percent with the steps.
        lanes = not self.plateau and hasattr(flows.kernels, "flows_in_lanes")
        if flows.beside and flows.table_of[part[0]] >= 0:  # what is beside stands after the table
            p = np.array([flows.row(int(k)).copy() for k in part])
            table = np.empty(0)
        else:
            table = flows.table_for_all(int(part[0]), lanes=lanes)
        if lanes and watched:
            flows.kernels.watched_in_lanes(y, t, ends, p, table, *bounds, seen, status)
        elif lanes:
            flows.kernels.flows_in_lanes(y, t, ends, p, table, *bounds, status)
        else:
            flows.kernels.flows(y, t, ends, p, table, *bounds, seen, status)
        flows.states[part], flows.times[part] = y, t
        self._watches[part], flows.status[part] = seen, status

    def finish(self, flows: Flows, bounds: Bounds) -> None:
        """Solve those again that may have lost an alignment that was below rounding."""
        returning = np.flatnonzero(self._returning)
        for k, start in zip(map(int, returning), self._starts, strict=True):
            if flows.status[k] == flows.kernels.COMPLETE:
                flows.states[k], flows.times[k] = start, 0.0
                row = np.empty((1, start.size))
                stored, _ = alignment.advance(flows, k, self.ends[k : k + 1], row, bounds)
                if stored:
                    flows.states[k] = row[0]

    @property
    def passages(self) -> Array:
        """When the error first fell to each level, shape (flows, levels); else infinite."""
        return self._watches[:, 5::2]

    @property
    def plateaus(self) -> Array:
        """The longest time the error took to fall by a tenth; 0 if not watched."""
        return self._watches[:, 3] if self._watches.shape[1] else np.zeros(len(self._watches))
