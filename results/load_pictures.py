"""Pictures of an error against the load: theory as lines, simulation as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .pictures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Colour, line style and marker of each curve: any one of the three tells curves apart. Dashes are
#: kept for theory that is not a prediction.
LOOKS = (
    ("#0072B2", "-", "o"),
    ("#D55E00", "-.", "s"),
    ("#009E73", (0, (1, 1.2)), "^"),
    ("#CC79A7", (0, (5, 1, 1, 1, 1, 1)), "D"),
)
DASHED = (0, (5, 3))
NOT_A_PREDICTION = "no prediction: replica symmetry unstable, or minimum unreached"
SIMULATION = "simulation, ± 2 standard errors"


def load_axes(width: float = 7.0, height: float = 4.6) -> tuple[Figure, Axes]:
    """A figure with one panel: generalisation error against load."""
    figure = new_figure(width=width, height=height)
    axes = figure.axes[0]
    axes.set_xlabel(r"effective load $\alpha = P/N$")
    axes.set_ylabel(r"generalisation error $\epsilon$")
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
        axes.plot(alpha, dashed, color=color, linestyle=DASHED, linewidth=0.9, gid=NOT_A_PREDICTION)


def draw_points(
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
    color, _, marker = LOOKS[look % len(LOOKS)]
    alpha, mean, sem = (np.asarray(values, dtype=float) for values in (alpha, mean, sem))
    settled, shown = np.asarray(settled, dtype=bool), mean <= top
    for chosen, fill in ((settled & shown, color), (~settled & shown, "white")):
        axes.errorbar(
            alpha[chosen], mean[chosen], yerr=2 * np.nan_to_num(sem[chosen]), color=color,
            linestyle="none", marker=marker, markerfacecolor=fill,
        )  # fmt: skip
    for place in alpha[mean > top]:
        arrow = {"arrowstyle": "->", "color": color}
        axes.annotate("", (place, top), (place, 0.92 * top), arrowprops=arrow)


def name_styles(axes: Axes, place: Any = "upper right") -> None:
    """A legend of the curves, and of what dashes and points mean where there are any."""
    dashed = any(line.get_gid() == NOT_A_PREDICTION for line in axes.lines)
    handles, labels = axes.get_legend_handles_labels()
    from matplotlib.lines import Line2D

    if dashed:
        handles.append(Line2D([], [], color="0.3", linestyle=DASHED, linewidth=0.9))
        labels.append(NOT_A_PREDICTION)
    if axes.containers:
        handles.append(Line2D([], [], color="0.3", linestyle="none", marker="o"))
        labels.append(SIMULATION)
    axes.legend(handles, labels, loc=place)
