"""Regions of scale and shift that one table covers; a flow goes on from one to the next.

Regions of the scale overlap and follow each other by factors: ``[0, 3]``, or ``[0.1, 3]`` where
moments may be infinite at scale 0, is where most flows stay. A region that begins at 0 has the
scale itself as its axis, any other its logarithm. Those of the shift are strips.
"""

from __future__ import annotations

import math
from typing import NamedTuple

#: The scales and the shifts of the region in the middle.
SCALE_RANGE, SHIFT_RANGE, SMALLEST_SCALE = 3.0, 2.0, 0.1
#: Regions of larger and of smaller scales: how much further each reaches, and how many.
LARGER, LARGER_COUNT, SMALLER, SMALLER_COUNT = 4.0, 5, 30.0, 2
#: Neighbours share the last tenth of a scale, and a fifth of a strip.
OVERLAP, STRIP = 0.8, 1.6
STRIPS = 10
#: A state is at the edge of a region within this, relative to it.
EDGE = 1e-6


class Region(NamedTuple):
    """Scales from ``low`` to ``high`` and shifts within ``width`` of ``centre``."""

    low: float
    high: float
    centre: float = 0.0
    width: float = SHIFT_RANGE

    @property
    def axis(self) -> tuple[float, float]:
        """The ends of the axis of the scale: of its logarithm, unless it begins at 0."""
        return (0.0, self.high) if self.low == 0.0 else (math.log(self.low), math.log(self.high))

    def holds(self, scale: float, shift: float, margin: float = 0.0) -> bool:
        """Whether a scale and a shift lie inside, by a relative margin."""
        above = self.low == 0.0 or scale >= self.low * (1.0 + margin)
        return above and scale <= self.high * (1.0 - margin) and self._in_strip(shift, margin)

    def _in_strip(self, shift: float, margin: float) -> bool:
        return abs(shift - self.centre) <= self.width * (1.0 - margin)


def middle(singular: bool) -> Region:
    """The region that most flows never leave.

    Parameters
    ----------
    singular
        Whether moments may be infinite at scale 0.
    """
    return Region(SMALLEST_SCALE if singular else 0.0, SCALE_RANGE)


def widened(singular: bool, extent: float) -> Region:
    """The region in the middle with its reach multiplied, for what goes through one table only."""
    low, high, _, width = middle(singular)
    return Region(low / extent, high * extent, 0.0, width * extent)


def region_of(singular: bool, scale: float, shift: float) -> Region | None:
    """The region in which a flow goes on from a scale and a shift; None if there is none.

    Examples
    --------
    >>> region_of(False, 4.0, 0.0).holds(4.0, 0.0, margin=0.02)
    True
    """
    strip = round(shift / (STRIP * SHIFT_RANGE))
    if not abs(strip) <= STRIPS:
        return None
    centre = strip * STRIP * SHIFT_RANGE
    scales = [middle(singular)]
    if singular:
        scales += [_smaller(k) for k in range(1, SMALLER_COUNT + 1)]
        scales += [Region(0.0, _smaller(SMALLER_COUNT).low / OVERLAP)]
    scales += [_larger(k) for k in range(1, LARGER_COUNT + 1)]
    inside = (region for region in scales if region.holds(scale, 0.0, margin=0.02))
    found = next(inside, None)
    return found and found._replace(centre=centre)


def _smaller(k: int) -> Region:
    return Region(SMALLEST_SCALE / SMALLER**k, SMALLEST_SCALE / SMALLER ** (k - 1) / OVERLAP)


def _larger(k: int) -> Region:
    return Region(OVERLAP * SCALE_RANGE * LARGER ** (k - 1), SCALE_RANGE * LARGER**k)
