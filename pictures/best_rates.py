"""Best constant learning rates, and the errors that they reach, over a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.errors import InputError
from ..results.widths import Width
from .drawing import LOOKS, entitle, label, log_axis, new_figure, setting, shared_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..experiments.sweeps.best_learning_rate import BestRates

#: Most values of the second axis: a line each.
MOST_LINES = len(LOOKS)


def check_drawable(lengths: dict[str, int]) -> None:
    """Refuse a grid that has no picture: more than two ranges, or too many lines.

    Raises
    ------
    InputError
        Naming what was asked to be drawn.
    """
    long = [length for length in lengths.values() if length > 1]
    if len(long) > 2 or (len(long) == 2 and min(long) > MOST_LINES):
        shown = f"one range, or two of which one has at most {MOST_LINES} values"
        reason = f"it shows {shown}; .csv, .json and .nc have them all"
        raise InputError("output", "a picture", reason)


def draw_best_rates(best: BestRates, width: Width) -> Figure:
    """The rate and its error against the longest range; a line for each value of another."""
    check_drawable({name: len(values) for name, values in best.grid.items()})
    names = sorted(best.grid, key=lambda name: -len(best.grid[name]))
    along, others = names[0], [n for n in names[1:] if len(best.grid[n]) > 1]
    shape = tuple(len(values) for values in best.grid.values())
    figure = new_figure(2, 2, width=width, height=2.5)
    x, columns = np.asarray(best.grid[along], dtype=float), best.columns()
    edge = _lines(columns["at_edge"], shape, best, names).astype(bool)
    for axes, name in zip(figure.axes, ("eta", "error"), strict=True):
        lines = _lines(columns[name], shape, best, names)
        for number, (look, y) in enumerate(zip(LOOKS, lines, strict=False)):
            value = "best constant"
            if others:
                value = f"{label(others[0])} = {best.grid[others[0]][number]:g}"
            axes.plot(x, y, color=look.color, linestyle=look.linestyle, marker="o", markersize=3,
                      label=value)  # fmt: skip
        if edge.any():
            axes.plot(np.broadcast_to(x, edge.shape)[edge], lines[edge], color="black",
                      linestyle="none", marker="s", clip_on=False, fillstyle="none",
                      label="end of the range looked at")  # fmt: skip
        axes.set(xlabel=label(along), ylabel=label(name))
        log_axis(axes, "y")
        if x.min() > 0 and x.max() >= 10 * x.min():
            log_axis(axes, "x")
    shared_legend(figure)
    at_time = (
        [f"$t$ = {best.grid['time'][0]:g}"] if along != "time" and "time" not in others else []
    )
    entitle(figure, setting(best.problem, *at_time))
    return figure


def _lines(
    values: np.ndarray, shape: tuple[int, ...], best: BestRates, names: list[str]
) -> np.ndarray:
    """A column as lines along the longest axis, shape (lines, values)."""
    order = [list(best.grid).index(name) for name in names]
    turned = np.asarray(values).reshape(shape).transpose(order)
    return turned.reshape(turned.shape[0], -1).T
