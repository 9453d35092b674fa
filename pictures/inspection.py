"""The picture of an inspected network: gamma, loss gaps and rotation along the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.widths import Width
from .drawing import LOOKS, apart, draw_points, entitle, log_axis, new_figure, shared_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..cnn.inspection.report import Inspection

#: Layers up to which each is named along the axis.
NAMED = 40


def draw_inspection(found: Inspection, width: Width) -> Figure:
    """Gamma squared, the predicted (and measured) gap, and rotation where it is known."""
    turns = any(row["rotation"] for row in found.rows)
    figure = new_figure(3 if turns else 2, 1, width=width, height=1.9)
    place = np.arange(len(found.rows))
    top, middle, *bottom = figure.axes
    top.plot(place, _column(found, "gamma_squared"), **apart(LOOKS[0]))
    top.set(ylabel=r"$\gamma^2$", ylim=(0, None))
    _draw_gaps(middle, found, place)
    for axes in bottom:
        axes.plot(place, _column(found, "rotation"), label="next step", **apart(LOOKS[0]))
        axes.plot(place, _column(found, "rotation_equilibrium"), label="in equilibrium",
                  **apart(LOOKS[1]))  # fmt: skip
        axes.set_ylabel("rotation a step")
        log_axis(axes, "y")
    for axes in figure.axes:
        axes.set_xticks(place[:: -(-len(place) // NAMED)], [])
    last = figure.axes[-1]
    names = [row["layer"] for row in found.rows][:: -(-len(place) // NAMED)]
    last.set_xticks(last.get_xticks(), names, rotation=90, fontsize=6)
    shared_legend(figure)
    entitle(figure, f"batches of {found.batch_size} images")
    return figure


def _draw_gaps(axes: Axes, found: Inspection, place: Any) -> None:
    """The predicted gaps at the batch size in use, and the nearest that was measured."""
    first = found.rows[0]["layer"]
    sizes = [size for size, by_layer in found.measured.items() if first in by_layer]
    size = min(sizes, key=lambda s: abs(np.log(s / found.batch_size)), default=found.batch_size)
    scale = 1e3 * found.batch_size / size
    predicted = scale * np.array(_column(found, "predicted_gap"))
    sem = scale * np.array(_column(found, "predicted_gap_sem"))
    name = f"predicted at M = {size} ± 2 standard errors"
    draw_points(axes, place, predicted, sem, name, LOOKS[0])
    if sizes:
        gaps = [found.measured[size][row["layer"]] for row in found.rows]
        mean, error = 1e3 * np.array(gaps).T
        draw_points(axes, place + 0.3, mean, error, f"measured at M = {size}", LOOKS[1])
    axes.axhline(0.0, color="0.6", linestyle="-", linewidth=0.5)
    axes.set_ylabel(r"loss gap $\times 10^3$")


def _column(found: Inspection, name: str) -> list[float]:
    """Numbers along the layers; NaN, which is not drawn, where there is none."""
    return [np.nan if row[name] is None else row[name] for row in found.rows]
