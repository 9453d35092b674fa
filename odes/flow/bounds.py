"""Bounds on how a flow is solved."""

from __future__ import annotations

from typing import NamedTuple, TypedDict


class Bounds(NamedTuple):
    """Bounds on the error of a step, and on the number of steps."""

    rtol: float
    atol: float
    max_steps: int


class SolverOptions(TypedDict, total=False):
    """How closely a flow is solved: options of `integrate`, explained there."""

    rtol: float
    atol: float
    max_steps: int
    sampling: tuple[int, int | None, int]
