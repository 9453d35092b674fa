"""Pictures of sweeps: curves over one range, maps over two, and where stability ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..odes.equilibria.stability import learning_rate_bound
from ..results.widths import Width
from .drawing import (
    draw_points,
    draw_theory,
    entitle,
    label,
    log_axis,
    lowest,
    new_figure,
    setting,
    shared_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.sweeps.result import Sweep

Array = np.ndarray
#: Axes that the bound on the learning rate does not depend on.
NOT_OF_THE_FLOW = ("time", "dim", "seed")
#: Cells along an axis up to which a map shows its outermost ones whole.
COARSE = 20
#: Points along the other axis at which the stability boundary is computed, and its label.
BOUNDARY_POINTS, BOUNDARY = 25, "largest stable $\\eta$ at the initial length"


def draw_sweep(sweep: Sweep, width: Width) -> Figure:
    """One panel a quantity."""
    from ..experiments.sweeps.result import check_drawable

    check_drawable(sweep.grid)
    long = [name for name, values in sweep.grid.items() if len(values) > 1]
    names = sweep.quantities
    across = 2 if len(names) > 1 else 1
    figure = new_figure(len(names), across, width=width, height=2.4 if across == 2 else 3.4,
                        names=names)  # fmt: skip
    panels = list(figure.axes)  # without the colour bars to come
    for axes in lowest(figure):
        axes.set_xlabel(label(long[0]))
    boundary = _boundary(sweep, long)
    for name, axes in zip(names, panels, strict=True):
        values = sweep[name].reshape([n for n in sweep.shape if n > 1]).astype(float)
        if len(long) == 1:
            _curve(axes, sweep, long[0], name, values)
        else:
            _map(figure, axes, sweep, long, name, values)
        _draw_boundary(axes, boundary)
    if boundary is not None or len(long) == 1:
        shared_legend(figure)
    at = [f"$t$ = {sweep.time:g}"] if sweep.time else []
    runs = f": {sweep.data.sizes['run']} runs" if sweep.simulated else ""
    entitle(figure, f"{setting(sweep.problem, *at)}{runs}")
    return figure


def _curve(axes: Axes, sweep: Sweep, along: str, name: str, values: Array) -> None:
    x = sweep.grid[along]
    if sweep.simulated:
        draw_points(axes, x, values, sweep[f"{name}_sem"].reshape(values.shape))
    else:
        draw_theory(axes, x, values)
    axes.set_ylabel(label(name))
    if _is_geometric(x):
        log_axis(axes, "x")
    if not sweep.simulated:
        axes.set_xlim(x.min(), x.max())
    if name == "diverged":
        axes.set_ylim(-0.05, 1.05)
    if name in ("final-error", "eta-eff") and _spans_decades(values):
        log_axis(axes, "y")


def _map(
    figure: Figure, axes: Axes, sweep: Sweep, long: list[str], name: str, values: Array
) -> None:
    from matplotlib.colors import LogNorm

    x, y = (sweep.grid[axis] for axis in long)
    norm: Any = LogNorm() if _spans_decades(values) else None
    limits: dict[str, Any] = {"vmin": 0.0, "vmax": 1.0} if name == "diverged" else {}
    mesh = axes.pcolormesh(x, y, values.T, norm=norm, shading="nearest", rasterized=True, **limits)
    figure.colorbar(mesh, ax=axes, label=label(name))
    axes.set_ylabel(label(long[1]))
    axes.grid(False)
    if min(len(x), len(y)) > COARSE:  # else half of a cell at the edge would be much to lose
        axes.set_xlim(x.min(), x.max())
        axes.set_ylim(y.min(), y.max())
    for which, along in (("x", x), ("y", y)):
        if _is_geometric(along):
            log_axis(axes, which)


def _draw_boundary(axes: Axes, boundary: tuple[Any, Any] | float | None) -> None:
    from matplotlib.patheffects import withStroke

    # Black on white, which is seen on every colour of a map.
    style: dict[str, Any] = {"color": "black", "linestyle": "-.", "label": BOUNDARY}
    style["path_effects"] = [withStroke(linewidth=2.6, foreground="white")]
    if isinstance(boundary, float):
        axes.axvline(boundary, **style)
    elif boundary is not None:
        axes.plot(*boundary, **style)


def _boundary(sweep: Sweep, long: list[str]) -> tuple[Array, Array] | float | None:
    """The largest stable learning rate at L = l0: a line in the panels' plane, or one number."""
    if "eta" not in long:
        return None
    rates = sweep.grid["eta"]
    single = {n: float(v[0]) for n, v in sweep.grid.items() if len(v) == 1}
    fixed = {n: v for n, v in single.items() if n not in NOT_OF_THE_FLOW}
    others = [name for name in long if name != "eta"]
    if not others:
        bound = _largest(sweep, fixed)
        return bound if rates.min() <= bound <= rates.max() else None
    values = sweep.grid[others[0]]
    few = values[np.unique(np.linspace(0, len(values) - 1, BOUNDARY_POINTS).astype(int))]
    varied = [{} if others[0] in NOT_OF_THE_FLOW else {others[0]: float(v)} for v in few]
    line = np.array([_largest(sweep, fixed | changes) for changes in varied])
    line[~((line >= rates.min()) & (line <= rates.max()))] = np.nan
    if np.isnan(line).all():
        return None
    return (line, few) if long[0] == "eta" else (few, line)


def _largest(sweep: Sweep, changes: Mapping[str, float]) -> float:
    found = learning_rate_bound(sweep.problem.replace(**changes))
    return np.nan if found is None else found[1]


def _is_geometric(x: Array) -> bool:
    """Whether values grow by a common factor, as those of ``START:STOP:NUM:log``."""
    if len(x) < 3 or x.min() <= 0:
        return False
    steps = np.diff(np.log(x))
    return bool(np.ptp(steps) < 1e-6 * np.abs(steps).max())


def _spans_decades(values: Array) -> bool:
    good = values[np.isfinite(values)]
    return bool(good.size and good.min() > 0 and good.max() > 30 * good.min())
