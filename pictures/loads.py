"""Pictures of an error against the load: theory as lines, simulation as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.labels import LABELS
from ..results.widths import Width
from .drawing import DASHED, LOOKS, SIMULATED, add_legend, draw_points, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_A_PREDICTION = "no prediction: replica symmetry unstable, or minimum unreached"
UNSETTLED = "the same, not converged"


def load_axes(width: Width) -> tuple[Figure, Axes]:
    """A figure with one panel: generalisation error against load."""
    figure = new_figure(width=width, height=3.4)
    axes = figure.axes[0]
    axes.set_xlabel(LABELS["alpha"])
    axes.set_ylabel(LABELS["error"])
    return figure, axes


def draw_curve(axes: Axes, alpha: Any, error: Any, trusted: Any, label: str, look: int = 0) -> None:
    """A theory curve: in its own style where ``trusted``, dashed and thin elsewhere."""
    color, style, _ = LOOKS[look % len(LOOKS)]
    alpha, error = np.asarray(alpha, dtype=float), np.asarray(error, dtype=float)
    error = np.where(np.isfinite(error), error, np.nan)
    trusted = np.asarray(trusted, dtype=bool)
    # a dashed piece reaches to the neighbouring trusted loads, so that the curve has no gaps
    touching = ~trusted | np.append(~trusted[1:], False) | np.append(False, ~trusted[:-1])
    solid, dashed = np.where(trusted, error, np.nan), np.where(touching, error, np.nan)
    axes.plot(alpha, solid, color=color, linestyle=style, label=label)
    if not trusted.all():
        axes.plot(alpha, dashed, color=color, linestyle=DASHED, linewidth=0.8, gid=NOT_A_PREDICTION)


def draw_simulated(
    axes: Axes,
    alpha: Any,
    mean: Any,
    sem: Any,
    settled: Any,
    look: int = 0,
    top: float = np.inf,
) -> None:
    """Simulated means with two standard errors; hollow where the runs have not converged.

    Points above ``top`` are replaced by an arrow at the edge.
    """
    own = LOOKS[look % len(LOOKS)]
    alpha, mean, sem = (np.asarray(values, dtype=float) for values in (alpha, mean, sem))
    settled, shown = np.asarray(settled, dtype=bool), mean <= top
    for chosen, fill, gid in ((settled & shown, own.color, SIMULATED),
                              (~settled & shown, "white", UNSETTLED)):  # fmt: skip
        if chosen.any():
            draw_points(axes, alpha[chosen], mean[chosen], sem[chosen], "", own,
                        markerfacecolor=fill, gid=gid)  # fmt: skip
    for place in alpha[mean > top]:
        arrow = {"arrowstyle": "->", "color": own.color}
        axes.annotate("", (place, top), (place, 0.92 * top), arrowprops=arrow)


def name_styles(figure: Figure) -> None:
    """A legend of the curves, and of what dashes and points mean where there are any."""
    from matplotlib.lines import Line2D

    (axes,) = figure.axes
    handles, labels = axes.get_legend_handles_labels()
    entries = dict(zip(labels, handles, strict=True))
    drawn = {line.get_gid() for line in axes.lines}
    grey: dict[str, dict[str, Any]] = {
        SIMULATED: {"linestyle": "none", "marker": "o"},
        UNSETTLED: {"linestyle": "none", "marker": "o", "markerfacecolor": "white"},
        NOT_A_PREDICTION: {"linestyle": DASHED, "linewidth": 0.8},
    }
    for name, style in grey.items():
        if name in drawn:
            entries[name] = Line2D([], [], color="0.3", **style)
    add_legend(figure, entries)
