"""Bounds on how a flow is solved."""

from __future__ import annotations

from typing import NamedTuple


class Bounds(NamedTuple):
    """Bounds on the error of a step, and on the number of steps."""

    rtol: float
    atol: float
    max_steps: int
