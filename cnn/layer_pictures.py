"""Pictures of layers: measured loss gaps against prediction, gamma and zeta by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.pictures import APPROXIMATION, SIMULATION, THEORY, log_axis, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]


def draw_gaps(rows: Rows) -> Figure:
    """One panel a layer: gap against batch size, with two standard errors, and the prediction."""
    names = list(dict.fromkeys(row["layer"] for row in rows))
    across = min(4, len(names))
    down = -(-len(names) // across)
    figure = new_figure(down, across, width=2.6 * across, height=2.2 * down + 0.4)
    for axes, name in zip(figure.axes, names, strict=False):
        own = [row for row in rows if row["layer"] == name]
        size = np.array([row["batch_size"] for row in own])
        gap = 1e3 * np.array([row["gap"] for row in own])
        sem = 1e3 * np.array([row["gap_sem"] for row in own])
        predicted = 1e3 * np.array([row["predicted_gap"] for row in own])
        axes.plot(size, predicted, color=THEORY, linestyle="-", label="predicted (second order)")
        axes.errorbar(size, gap, yerr=2 * sem, color=SIMULATION, linestyle="none", marker="o",
                      label="measured ± 2 standard errors")  # fmt: skip
        axes.axhline(0.0, color="0.6", linewidth=0.6)
        axes.set_title("all layers" if name == "all" else name, fontsize="small")
        axes.set_xscale("log", base=2)
        axes.set_xticks(size, [f"{value:g}" for value in size])
        axes.minorticks_off()
    for spare in figure.axes[len(names) :]:
        spare.remove()
    figure.supxlabel("batch size $M$", fontsize="medium")
    figure.supylabel(r"loss gap $\times 10^3$", fontsize="medium")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def draw_layers(rows: Rows) -> Figure:
    """Gamma squared, and the predicted zeta by three counts, along the layers."""
    figure = new_figure(2, 1, width=7.0, height=5.4)
    place = np.arange(len(rows))
    top, bottom = figure.axes
    top.plot(place, [row["gamma_squared"] for row in rows], color=SIMULATION, marker="o")
    top.set(ylabel=r"$\gamma^2$", ylim=(0, None))
    top.set_xticks(place, [])
    looks = (
        ("samples", THEORY, "o"),
        ("effective", SIMULATION, "s"),
        ("positions", APPROXIMATION, "^"),
    )
    for count, color, marker in looks:
        values = [row[f"zeta_{count}"] for row in rows]
        bottom.plot(place, values, color=color, marker=marker, label=f"counting {count}")
    log_axis(bottom, "y")
    bottom.set_ylabel(r"predicted $\zeta$")
    bottom.set_xticks(place, [row["layer"] for row in rows], rotation=30, ha="right")
    bottom.legend()
    return figure
