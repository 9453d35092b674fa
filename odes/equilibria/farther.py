"""Newton's iteration from many starts, and the tables of moments in which roots are looked for."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from ..flow.flow_kernels import parameters
from ..flow.known_moments import known
from ..tables.regions import LARGER_COUNT, SCALE_RANGE, Region, region_of

if TYPE_CHECKING:
    from .dynamics import Dynamics

Array = np.ndarray
TOLERANCE, ITERATIONS = 1e-11, 40


def farther_tables(flow: Dynamics) -> list[tuple[Region, Array]]:
    """Tables beyond the middle, as far as an aligned student at their edge goes on growing.

    A squared loss of the teacher's outputs ends at a scale near the teacher's.
    """
    found: list[tuple[Region, Array]] = []
    space, p = flow.problem.state_space, flow.p
    if flow.problem.squares or not (flow.kernels.HAS_RANGE and "gamma" in space.labels):
        return found
    y, top = np.array(flow.problem.initial_state), 0.99 * SCALE_RANGE
    y[flow.R], gamma = 1.0, space.place("gamma")
    while len(found) < LARGER_COUNT:
        y[gamma] *= top / flow.scale(y)
        dy = np.empty(flow.size)
        flow.kernels.drift(y, p, flow.kernels.FIRST_ORDER, dy)
        region = region_of(flow.kernels.SINGULAR, 1.03 * top, 0.0)
        if not dy[gamma] > 0.0 or region is None or not known(flow.problem, region):
            break
        p, top = parameters(flow.problem, region), 0.99 * region.high
        found.append((region, p))
    return found


def arrivals(kernels: Any, starts: Array, p: Array, order: int, free: Array) -> list[Array]:
    """Where Newton's iteration says that it has arrived, with one table."""
    roots, found = np.empty_like(starts), np.zeros(len(starts), dtype=bool)
    if not len(starts):
        return []

    def part(rows: Array) -> None:
        own, flags = np.empty((len(rows), starts.shape[1])), np.zeros(len(rows), dtype=bool)
        kernels.search(starts[rows], p, order, free, TOLERANCE, ITERATIONS, own, flags)
        roots[rows], found[rows] = own, flags

    workers = min(os.cpu_count() or 1, len(starts))
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(part, np.array_split(np.arange(len(starts)), workers)))
    return list(roots[found])


def largest_searched(flow: Dynamics) -> float | None:
    """Up to which scale of the field points are looked for; None where averages are known at any.

    Beyond it the quadratures of an activation do not resolve it (`odes.source.resolution`).
    """
    scale = float(flow.kernels.LARGEST_SCALE)
    return scale if math.isfinite(scale) else None
