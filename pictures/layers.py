"""Pictures of layers: measured loss gaps against prediction, gamma and zeta by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.widths import Width
from .drawing import (
    LABELS,
    LOOKS,
    apart,
    draw_points,
    draw_theory,
    log_axis,
    lowest,
    new_figure,
    shared_legend,
    size_axis,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..cnn.evaluation.inspect_run import LayerTable

Rows = Sequence[Mapping[str, Any]]


def draw_table(table: LayerTable, width: Width) -> Figure:
    """The gaps against prediction, or gamma squared and zeta by layer."""
    return (draw_gaps if table.gaps else draw_layers)(table.rows, width)


def draw_gaps(rows: Rows, width: Width) -> Figure:
    """One panel a layer: gap against batch size, with two standard errors, and the predictions.

    Solid is the sampled one, or the joint one of all layers together; dashed is the closed form,
    which lacks the kinks.
    """
    names = list(dict.fromkeys(row["layer"] for row in rows))
    figure = new_figure(len(names), min(4, len(names)), width=width, height=1.7)
    for axes, name in zip(figure.axes, names, strict=True):
        own = [row for row in rows if row["layer"] == name]
        best = "joint_gap" if name == "all" else "sampled_gap"
        size = np.array([row["batch_size"] for row in own])
        gap, sem, predicted, smooth = (
            1e3 * np.array([row[key] for row in own], dtype=float)
            for key in ("gap", "gap_sem", best, "predicted_gap")
        )
        draw_theory(axes, size, predicted, "predicted")
        draw_theory(axes, size, smooth, "closed form, no kinks", linestyle="--")
        draw_points(axes, size, gap, sem, "measured ± 2 standard errors")
        axes.axhline(0.0, color="0.6", linestyle="-", linewidth=0.5)
        axes.set_title("all layers" if name == "all" else name)
        size_axis(axes, size)
        axes.set_xlabel("")
    for axes in lowest(figure):
        axes.set_xlabel(LABELS["batch_size"])
    figure.supylabel(r"loss gap $\times 10^3$")
    shared_legend(figure)
    return figure


def draw_layers(rows: Rows, width: Width) -> Figure:
    """Gamma squared, and the predicted zeta by three counts, along the layers."""
    figure = new_figure(2, 1, width=width, height=2.2)
    place = np.arange(len(rows))
    top, bottom = figure.axes
    # Layers are not values of a number: nothing lies between them.
    top.plot(place, [row["gamma_squared"] for row in rows], **apart(LOOKS[0]))
    top.set(ylabel=r"$\gamma^2$", ylim=(0, None))
    top.set_xticks(place, [])
    for count, look in zip(("samples", "effective", "positions"), LOOKS, strict=False):
        values = [row[f"zeta_{count}"] for row in rows]
        bottom.plot(place, values, label=f"counting {count}", **apart(look))
    log_axis(bottom, "y")
    bottom.set_ylabel(r"predicted $\zeta$")
    bottom.set_xticks(place, [row["layer"] for row in rows], rotation=30, ha="right")
    shared_legend(figure)
    return figure
