"""The flow under a simulated sweep along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..results.errors import InputError
from ..teacher_student.parameters import PARAMETERS

if TYPE_CHECKING:
    from ..experiments.sweeps.result import Sweep

Array = np.ndarray
#: Axes that no flow depends on, but for its end.
NOT_OF_THE_FLOW = ("time", "dim", "seed")
#: Points of a curve.
POINTS = 41


class Theory(NamedTuple):
    """Positions along the axis, and there the quantities of the flow that vary along it."""

    x: Array
    values: dict[str, Array]


def theory_along(sweep: Sweep, along: str) -> Theory | None:
    """The flow's final quantities along the axis of a simulated sweep.

    None of flows, where the problem has no flow, and for committees, whose flow may be sampled
    and take longer than their runs. Along N and seeds the flow is one number.
    """
    from ..experiments.sweeps.sweep import sweep as solve

    if not sweep.simulated or sweep.problem.several_units:
        return None
    places = _places(sweep.grid[along])
    grid: dict[str, Any] = {n: v for n, v in sweep.grid.items() if n not in ("dim", "seed")}
    if along in grid:
        grid[along] = _typed(along, places)
    grid = grid or {"noise": [sweep.problem.noise]}  # one flow, which a sweep needs an axis for
    names = [n for n in sweep.quantities if n.startswith("final-")]
    options: dict[str, Any] = {} if "time" in grid or sweep.time is None else {"time": sweep.time}
    try:
        made = type(sweep)(solve(sweep.problem, quantity=names, **options, **grid))
    except InputError:
        return None
    shape = places.shape if along in grid else (1,)
    values = {n: np.broadcast_to(made[n].reshape(shape), places.shape) for n in names}
    return Theory(places, {n: v for n, v in values.items() if np.isfinite(v).any()})


def _places(x: Array) -> Array:
    """The values that were simulated, and more between them; whole numbers stay as they are."""
    if np.issubdtype(x.dtype, np.integer) or len(x) < 2:
        return np.sort(x)
    spread = np.geomspace if x.min() > 0 else np.linspace
    return np.union1d(x, spread(x.min(), x.max(), POINTS))


def _typed(name: str, places: Array) -> Array:
    whole = name in PARAMETERS and PARAMETERS[name].kind is int
    return places.astype(int) if whole else places
