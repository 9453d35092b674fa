"""The look of every picture: colours, lines, points and axes.

What lays a picture out (`bntheory.pictures.layout`) and names its quantities
(`bntheory.results.labels`) is offered here as well, so that drawing needs one import.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..results.labels import LABELS, label
from ..results.widths import Width
from .guests import given_axes
from .layout import (
    across,
    add_legend,
    add_notes,
    entitle,
    lowest,
    new_figure,
    panel_legends,
    shared_legend,
)
from .setting import setting
from .visible import KEY, draw_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Look(NamedTuple):
    """Colour, line style and marker of a curve: any one of the three tells curves apart."""

    color: str
    linestyle: Any
    marker: str


def apart(look: Look) -> dict[str, Any]:
    """The look of points that no line joins."""
    return {**look._asdict(), "linestyle": "none"}


#: The cycle of the style sheet, with markers.
LOOKS = (
    Look("#0072B2", "-", "o"),
    Look("#D55E00", "-.", "s"),
    Look("#009E73", (0, (1, 1.2)), "^"),
    Look("#CC79A7", (0, (5, 1, 1, 1, 1, 1)), "D"),
    Look("#000000", (0, (3, 1, 1, 1)), "v"),
    Look("#E69F00", (0, (8, 1, 1, 1, 1, 1, 1, 1)), "P"),
    Look("#56B4E9", (0, (1, 3)), "X"),
)
THEORY, SIMULATION, APPROXIMATION = (look.color for look in LOOKS[:3])
#: Theory shown where it is not valid; nothing else is dashed.
DASHED = (0, (5, 3))
SIMULATED = "simulation, mean ± 2 standard errors"


def time_panels(
    quantities: Sequence[str], width: Width, last: float = 1.0, extra: int = 0
) -> tuple[Figure, dict[str, Axes]]:
    """A figure with one labelled panel a quantity, time along all.

    ``last`` and ``extra`` are those of `new_figure`.
    """
    figure = new_figure(len(quantities), 2, width=width, names=quantities, last=last, extra=extra)
    panels = dict(zip(quantities, figure.axes, strict=True))
    for name, axes in panels.items():
        axes.set_ylabel(LABELS.get(name, name))
    for axes in lowest(figure):
        axes.set_xlabel(LABELS["t"])
    return figure, panels


def shown_quantities(values: Collection[str]) -> tuple[str, ...]:
    """The quantities of the panels: of classes the share of errors, in place of their square."""
    own = "error01" if "error01" in values else "error"
    return ("Q", "R", "L", own)


def moving(values: Mapping[str, Any], names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The quantities that change, and in words those that are one number throughout.

    All of them on a user's axes, and where none changes.
    """
    arrays = {name: np.asarray(values[name]) for name in names}
    level = {n: v.flat[0] for n, v in arrays.items() if np.ptp(v) <= 1e-12 * np.abs(v).max()}
    if given_axes() is not None or len(level) == len(names):
        return tuple(names), []
    told = [f"{LABELS.get(name, name)}: {value:g} throughout" for name, value in level.items()]
    return tuple(n for n in names if n not in level), told


def draw_theory(axes: Axes, t: Any, y: Any, label: str = "theory", **style: Any) -> None:
    """A theory curve: a solid line unless told otherwise; points that stand alone are dots."""
    draw_line(axes, t, y, **{"color": THEORY, "linestyle": "-", "label": label, **style})


def draw_points(axes: Axes, x: Any, mean: Any, sem: Any, label: str = SIMULATED,
                look: Look = LOOKS[1], **style: Any) -> None:  # fmt: skip
    """Measured means with two standard errors."""
    looks = {"color": look.color, "marker": look.marker, "linestyle": "none", "label": label}
    axes.errorbar(x, mean, yerr=2 * np.nan_to_num(sem), elinewidth=0.9, **{**looks, **style})


def few(count: int) -> slice:
    """Which of so many times get a marker: about twenty."""
    return slice(None, None, max(1, count // 20))


def draw_simulation(axes: Axes, t: Any, mean: Any, sem: Any, std: Any) -> None:
    """Simulated means with two standard errors, over a band of the runs' own spread."""
    mean, sem, std = (np.asarray(values) for values in (mean, sem, std))
    axes.fill_between(
        t, mean - 2 * std, mean + 2 * std, color=SIMULATION, alpha=0.15, linewidth=0,
        label="95% of runs",
    )  # fmt: skip
    some = few(len(mean))
    draw_points(axes, np.asarray(t)[some], mean[some], sem[some])


def draw_predicted_spread(
    axes: Axes, t: Any, y: Any, std: Any, dim: int | None, averaged: int = 1
) -> None:
    """The band in which 95% of runs, or of means over some runs, are predicted to lie."""
    y, std = np.asarray(y), np.asarray(std)
    what = "runs" if averaged == 1 else f"means of {averaged} runs"
    named = f"95% of {what} at $N$ = {dim}, predicted"
    axes.fill_between(
        t, y - 2 * std, y + 2 * std, color=THEORY, alpha=0.2, linewidth=0, label=named
    )


def log_axis(axes: Axes, which: str) -> None:
    """Make ``"x"`` or ``"y"`` logarithmic, with labels that do not run into each other."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(axes, f"set_{which}scale")("log")
    low, high = getattr(axes, f"get_{which}lim")()
    axis, decades = getattr(axes, f"{which}axis"), np.log10(high / low)
    if decades < 3:
        axis.set_major_locator(LogLocator(subs=_labelled(axes, which, low, high)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def error_axis(axes: Axes, *shown: Any) -> None:
    """A logarithmic axis for errors: all that is shown and above zero is in it, bands are cut.

    An error that is nowhere above zero has no logarithm, and leaves the axis linear.
    """
    values = np.concatenate([np.ravel(np.asarray(one, dtype=float)) for one in shown])
    good = values[np.isfinite(values) & (values > 0)]
    if not good.size:
        return
    # Rounding at an error of zero would stretch the axis over many decades.
    low, top = max(good.min(), 1e-10 * good.max()), axes.get_ylim()[1]
    axes.set_ylim(max(axes.get_ylim()[0], 0.7 * low), top)
    log_axis(axes, "y")


def _labelled(axes: Axes, which: str, low: float, high: float) -> tuple[int, ...]:
    """Which multiples of powers of ten have room for their labels."""
    place, figure = axes.get_subplotspec(), axes.get_figure(root=True)
    assert figure is not None
    size = figure.get_size_inches()
    # Axes that a user has placed himself are in no grid.
    columns = rows = 1.0
    if place is not None:
        grid = place.get_gridspec()
        columns, rows = grid.ncols / len(place.colspan), grid.nrows / len(place.rowspan)
    if which == "x":
        digits = max(len(f"{low:.1g}"), len(f"{high:.0f}"))
        length, needed = size[0] / columns - 0.7, 0.055 * digits + 0.08
    else:
        length, needed = size[1] / rows - 0.4, 0.16
    decade = length / np.log10(high / low)
    choices = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5), (1, 2, 5), (1, 3))
    for some in choices:
        if decade * np.diff(np.log10([*some, 10])).min() >= needed:
            return some
    return (1,)


def size_axis(axes: Axes, sizes: Any) -> None:
    """Batch sizes along a logarithmic axis, each labelled."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel(LABELS["batch_size"])


__all__ = [
    "APPROXIMATION", "DASHED", "KEY", "LABELS", "LOOKS", "SIMULATION", "THEORY", "Look",
    "add_legend", "across", "add_notes", "apart", "draw_line", "draw_points",
    "draw_predicted_spread", "draw_simulation", "draw_theory", "entitle", "error_axis", "label",
    "few", "log_axis", "lowest", "moving", "new_figure", "panel_legends", "setting",
    "shared_legend", "shown_quantities", "size_axis", "time_panels",
]  # fmt: skip
