"""Timing of two things side by side."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def side_by_side(
    one: Callable[[], object], other: Callable[[], object], repeats: int = 7
) -> tuple[float, float]:
    """The minima of the two, called in alternation after one warm-up each."""
    one(), other()
    times = [(seconds(one), seconds(other)) for _ in range(repeats)]
    return min(t for t, _ in times), min(t for _, t in times)
