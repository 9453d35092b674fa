"""Where the moments in a flow are known, and which table a flow goes on with."""

from __future__ import annotations

import numpy as np

from ...codegen.system import FlowSystem
from ...teacher_student.problem import Problem
from ..tables.moment_tables import WORST, Progress
from ..tables.regions import EDGE, Region, middle, region_of
from .flow_kernels import flow_table

Array = np.ndarray


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
        inside = kernels.field(y)[0] <= kernels.LARGEST_SCALE * (1.0 - EDGE)
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
        return bool(scale >= kernels.LARGEST_SCALE * (1.0 - EDGE))
    return not region.holds(scale, shift, margin=EDGE)


def beyond_tables(kernels: FlowSystem, y: Array) -> str:
    """Why a flow cannot go on from a state."""
    scale, shift = kernels.field(y)
    at = f"scale {scale:.4g}" + f" and shift {shift:.4g}" * (shift != 0.0)
    return f"the flow left the range in which its moments are known, with a field of {at}"
