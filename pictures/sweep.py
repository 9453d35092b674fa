"""Pictures of sweeps: curves over one range, maps over two, and where stability ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from .guests import given_axes
from .sweep_theory import NOT_OF_THE_FLOW, Theory, theory_along

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.sweeps.result import Sweep

Array = np.ndarray
#: Cells along an axis up to which a map shows its outermost ones whole.
COARSE = 20
#: Points of a curve up to which each is marked.
MARKED = 25
#: Points along the other axis at which the stability boundary is computed, and its label.
BOUNDARY_POINTS, BOUNDARY = 25, "largest stable $\\eta$ at the initial length"


def draw_sweep(sweep: Sweep, width: Width) -> Figure:
    """One panel a quantity that varies; under simulated curves the flow's, where there is one."""
    from ..experiments.sweeps.result import check_drawable

    check_drawable(sweep.grid)
    sweep = _with_an_axis(sweep)
    long = [name for name, values in sweep.grid.items() if len(values) > 1]
    long = long or list(sweep.grid)[:1]  # a single point is drawn along the first
    names, level = _varied(sweep)
    across = 2 if len(names) > 1 else 1
    figure = new_figure(len(names), across, width=width, height=2.4 if across == 2 else 3.4,
                        names=names)  # fmt: skip
    panels = list(figure.axes)  # without the colour bars to come
    for axes in lowest(figure) if len(long) == 1 else panels:
        axes.set_xlabel(label(long[0]))
    boundary = _boundary(sweep, long)
    theory = theory_along(sweep, long[0]) if len(long) == 1 else None
    for name, axes in zip(names, panels, strict=True):
        values = sweep[name].reshape([len(sweep.grid[n]) for n in long]).astype(float)
        if len(long) == 1:
            _curve(axes, sweep, long[0], name, values, theory)
        else:
            _map(figure, axes, sweep, long, name, values)
        _draw_boundary(axes, boundary)
    shared_legend(figure)
    entitle(figure, "\n".join([_told(sweep, long), *level]))
    return figure


def _with_an_axis(sweep: Sweep) -> Sweep:
    """The sweep; of a problem without a range a single point along its rate, or its noise."""
    if sweep.axes:
        return sweep
    name = "noise" if isinstance(sweep.problem.eta, str) else "eta"
    place = {name: [float(getattr(sweep.problem, name))]}
    return replace(sweep, data=sweep.data.expand_dims(place))


def _varied(sweep: Sweep) -> tuple[list[str], list[str]]:
    """The quantities that have a panel, and in words those that are one number throughout."""
    names, level = list(sweep.quantities), list[str]()
    if given_axes() is not None:
        return names, level  # a user asks for the panels that he knows
    for name in sweep.quantities if np.prod(sweep.shape) > 1 else {"diverged"} & set(names):
        values = np.asarray(sweep[name], dtype=float)
        known = values[np.isfinite(values)]
        if len(names) > 1 and (not known.size or (known.size == values.size and not np.ptp(known))):
            names.remove(name)
            number = f"{known[0]:g} throughout" if known.size else "not known anywhere"
            level.append(f"{label(name)}: {number}")
    return names, level


def _told(sweep: Sweep, long: list[str]) -> str:
    """The setting: what is fixed of problem and simulation."""
    single = {n: v[0].item() for n, v in sweep.grid.items() if len(v) == 1 and n not in long}
    fixed = {n: v for n, v in single.items() if n not in NOT_OF_THE_FLOW}
    said = []
    if "time" not in long:
        said.append(f"$t$ = {single.get('time', sweep.time):g}")
    if not sweep.simulated:
        said.append(r"$N \to \infty$")
    elif "dim" not in long:
        said.append(f"$N$ = {single.get('dim', sweep.data.attrs.get('dim'))}")
    runs = f": {sweep.data.sizes['run']} runs" if sweep.simulated else ""
    return f"{setting(sweep.problem.replace(**fixed), *said, without=long)}{runs}"


def _curve(
    axes: Axes, sweep: Sweep, along: str, name: str, values: Array, theory: Theory | None
) -> None:
    x = sweep.grid[along]
    if theory is not None and name in theory.values:
        draw_theory(axes, theory.x, theory.values[name])
    if sweep.simulated:
        draw_points(axes, x, values, sweep[f"{name}_sem"].reshape(values.shape))
    else:
        # A few points are shown as such: what lies between them was not computed.
        dots: dict[str, Any] = {"marker": "o", "markersize": 2.2} if len(x) <= MARKED else {}
        draw_theory(axes, x, values, **dots)
    axes.set_ylabel(label(name))
    if _is_geometric(x):
        log_axis(axes, "x")
    if not sweep.simulated and len(x) > 1:
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
    if "eta" not in long or np.prod(sweep.shape) < 2:
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
