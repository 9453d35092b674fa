"""Where the moments in a flow are known, and which table a flow goes on with."""

from __future__ import annotations

import numpy as np

from ...codegen.system import FlowSystem
from ...teacher_student.problem import Problem
from ..tables.moment_tables import WORST, Progress
from ..tables.regions import EDGE, Region, middle, region_of
from .flow_kernels import flow_table
from .rows import COLUMNS, OUTSIDE, Flows
from .shared_kernels import largest_scale

Array = np.ndarray


class Tables:
    """Which table of moments each of many flows goes on with.

    Parameters
    ----------
    flows
        Their numbers get the tables.
    progress
        Called with (work done, work in all) while a table is built.

    Attributes
    ----------
    error
        The largest of the tables that were entered.
    """

    def __init__(self, flows: Flows, progress: Progress | None = None) -> None:
        self.flows, self.progress = flows, progress
        kernels = flows.kernels
        scale = largest_scale(kernels, flows.states[0])  # flows share their named numbers
        self._everywhere = not kernels.HAS_RANGE and np.inf == scale
        self._regions: dict[int, Region] = {}
        self._problems = {(flows.problem.m, flows.problem.noise): flows.problem}
        self._places: dict[tuple[int, float, Region], int] = {}
        self._next: dict[tuple[int, float, bytes, Region | None], Region | None] = {}
        self.error = 0.0

    def enter(self, which: Array) -> Array:
        """Give flows the tables of the regions where they are; those that have one, by number.

        The others' status becomes `OUTSIDE`.
        """
        if self._everywhere and not self.flows.kernels.TABLE:
            return which
        found = [self._enter(int(k)) for k in which]
        going = np.array(found, dtype=bool)
        self.flows.status[which[~going]] = OUTSIDE
        return which[going]

    def at_edge(self, which: Array) -> Array:
        """The flows, of some, that ended because they left the regions of their tables."""
        flows = self.flows
        if self._everywhere:
            return which[:0]
        left = which[flows.status[which] == flows.kernels.DIVERGED]
        kept = [at_edge(flows.kernels, flows.states[k], self._regions[int(k)]) for k in left]
        return left[np.array(kept, dtype=bool)]

    def _enter(self, k: int) -> bool:
        flows, before = self.flows, self._regions.get(k)
        problem = self._problem(k)
        y = flows.states[k]
        key = problem.m, problem.noise, b"" if self._everywhere else y.tobytes(), before
        if key not in self._next:  # most flows start alike
            self._next[key] = next_region(problem, flows.kernels, y, before, self.progress)
        region = self._next[key]
        if region is None:
            return False
        self._regions[k] = region
        if flows.kernels.TABLE and region != before:
            flows.table_of[k] = self._place(problem, region)
        return True

    def _problem(self, k: int) -> Problem:
        """What the moments of a flow are those of: they know of no other examples of a step."""
        flows, own = self.flows, self.flows.problem
        m, noise = int(flows.numbers[k, COLUMNS["statistics_size"]]), own.noise
        if not own.squares:  # else the noise is no part of what is tabulated
            noise = float(flows.numbers[k, COLUMNS["noise"]])
        if (m, noise) not in self._problems:
            other = own.replace(batch_size=m, statistics_size=None, noise=noise)
            self._problems[m, noise] = other
        return self._problems[m, noise]

    def _place(self, problem: Problem, region: Region) -> int:
        """Where a table stands among those of the flows."""
        key = problem.m, problem.noise, region
        if key not in self._places:
            made = flow_table(problem, region, self.progress)
            assert made is not None
            self.error = max(self.error, made.error)
            self._places[key] = len(self.flows.tables)
            self.flows.tables.append((made, problem.m))
        return self._places[key]


def next_region(
    problem: Problem,
    kernels: FlowSystem,
    y: Array,
    left: Region | None,
    progress: Progress | None = None,
) -> Region | None:
    """The region of tables in which a flow goes on from a state; None where there is no table.

    Parameters
    ----------
    problem, kernels
        Of the flow.
    y
        The state.
    left
        The region that the flow has just left, if it left one.
    progress
        Called with (work done, work in all) while a table is built.
    """
    whole = middle(kernels.SINGULAR)
    if not kernels.HAS_RANGE:
        inside = kernels.field(y)[0] <= largest_scale(kernels, y) * (1.0 - EDGE)
        return whole if inside and left is None else None
    region = region_of(kernels.SINGULAR, *kernels.field(y))
    if region is None or region == left:
        return None
    if region != whole and not known(problem, region, progress):
        return None
    return region


def known(problem: Problem, region: Region, progress: Progress | None = None) -> bool:
    """Whether the moments of a region are finite, and their table good enough."""
    try:
        made = flow_table(problem, region, progress)
    except ValueError:
        return False
    return made is None or made.error < WORST


def at_edge(kernels: FlowSystem, y: Array, region: Region) -> bool:
    """Whether a flow ended because it left a region, not because it diverged."""
    scale, shift = kernels.field(y)
    if not kernels.HAS_RANGE:
        return bool(scale >= largest_scale(kernels, y) * (1.0 - EDGE))
    return not region.holds(scale, shift, margin=EDGE)


def beyond_tables(kernels: FlowSystem, y: Array) -> str:
    """Why a flow cannot go on from a state."""
    scale, shift = kernels.field(y)
    at = f"scale {scale:.4g}" + f" and shift {shift:.4g}" * (shift != 0.0)
    said = f"the flow left the range in which its moments are known, with a field of {at}"
    if not kernels.HAS_RANGE:
        said += f": quadratures resolve this activation up to scale {largest_scale(kernels, y):.4g}"
    return said
