"""The look of every picture: one style sheet, panels of order parameters against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: How the paper writes what a curve shows.
LABELS = {
    "Q": "scale $Q$",
    "R": "overlap $R$",
    "L": "length $L$",
    "error": r"generalisation error $\epsilon$",
    "gamma": r"$\gamma$",
    "beta": r"shift $\beta$",
}
THEORY, SIMULATION, APPROXIMATION = "#0072B2", "#D55E00", "#009E73"


def new_figure(rows: int = 1, columns: int = 1, width: float = 7.0, height: float = 5.0) -> Figure:
    """A figure drawn off screen; call it within `bntheory.results.style.house_style`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.subplots(rows, columns)
    return figure


def time_panels(quantities: Sequence[str]) -> tuple[Figure, Mapping[str, Axes]]:
    """A figure with one labelled panel a quantity, time along all of them."""
    rows = (len(quantities) + 1) // 2
    figure = new_figure(rows, 2, height=2.5 * rows)
    panels = dict(zip(quantities, figure.axes, strict=False))
    for spare in figure.axes[len(quantities) :]:
        spare.remove()
    for name, axes in panels.items():
        axes.set_ylabel(LABELS.get(name, name))
    for axes in figure.axes[-2:]:
        axes.set_xlabel("time $t$ = steps / $N$")
    return figure, panels


def shared_legend(figure: Figure) -> None:
    """One legend for all panels, below them; each label once."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=min(3, len(entries)),
    )


def draw_theory(axes: Axes, t: Any, y: Any, label: str = "theory", **style: Any) -> None:
    """A theory curve: a solid line unless told otherwise."""
    axes.plot(t, y, **{"color": THEORY, "linestyle": "-", "label": label, **style})


def draw_simulation(
    axes: Axes, t: Any, mean: Any, sem: Any, std: Any, label: str = "simulation"
) -> None:
    """Simulated means with two standard errors, over a band of the runs' own spread."""
    mean, sem, std = (np.asarray(values) for values in (mean, sem, std))
    axes.fill_between(
        t, mean - 2 * std, mean + 2 * std, color=SIMULATION, alpha=0.15, linewidth=0,
        label="95% of runs",
    )  # fmt: skip
    few = slice(None, None, max(1, len(mean) // 20))
    axes.errorbar(
        np.asarray(t)[few], mean[few], yerr=2 * sem[few], color=SIMULATION, linestyle="none",
        marker="o", markersize=3, label=f"{label}, mean ± 2 standard errors",
    )  # fmt: skip


def draw_predicted_spread(
    axes: Axes, t: Any, y: Any, std: Any, dim: int | None, averaged: int = 1
) -> None:
    """The band in which 95% of runs, or of means over some runs, are predicted to lie."""
    y, std = np.asarray(y), np.asarray(std)
    what = "runs" if averaged == 1 else f"means of {averaged} runs"
    label = f"95% of {what} at $N$ = {dim}, predicted"
    axes.fill_between(
        t, y - 2 * std, y + 2 * std, color=THEORY, alpha=0.2, linewidth=0, label=label
    )


def log_axis(axes: Axes, which: str) -> None:
    """Make ``"x"`` or ``"y"`` logarithmic, with labels that do not run into each other."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(axes, f"set_{which}scale")("log")
    low, high = getattr(axes, f"get_{which}lim")()
    axis = getattr(axes, f"{which}axis")
    if np.log10(high / low) < 3:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
