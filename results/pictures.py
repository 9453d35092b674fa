"""The look of every picture: colours, panels, titles and legends that never cover data."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .labels import LABELS, label
from .style import Width, in_house_style, inches

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.text import Text


class Look(NamedTuple):
    """Colour, line style and marker of a curve: any one of the three tells curves apart."""

    color: str
    linestyle: Any
    marker: str


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
#: Panels up to which a picture of one column has them below each other.
STACKED = 4
PAD = 0.05  # inches around title, legend and notes


def new_figure(
    panels: int = 1, across: int = 1, *, width: Width = "two", height: float = 2.3
) -> Figure:
    """A figure drawn off screen; call it within `bntheory.results.style.house_style`.

    Parameters
    ----------
    panels
        Number of panels.
    across
        How many of them are side by side in a picture of two columns.
    width
        ``"one"`` or ``"two"`` columns of a journal's page.
    height
        Of a panel of a picture of two columns, in inches. Title and legend add to it.

    Raises
    ------
    ValueError
        For another width.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    wide = inches(width)
    if width == "one":
        across = 1 if panels <= STACKED else 2
        height = min(height, 2.4 if panels == 1 else 1.9 if across == 1 else 1.6)
    rows = -(-panels // across)
    figure = Figure(figsize=(wide, height * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.subplots(rows, across)
    _engine(figure).set(w_pad=PAD, h_pad=PAD)
    for spare in figure.axes[panels:]:
        spare.remove()
    figure.align_ylabels()
    # Ticks are made, and text is turned into paths or not, only when a file is written.
    figure.savefig = in_house_style(figure.savefig)  # type: ignore[method-assign]
    return figure


def time_panels(quantities: Sequence[str], width: Width) -> tuple[Figure, Mapping[str, Axes]]:
    """A figure with one labelled panel a quantity, time along all of them."""
    figure = new_figure(len(quantities), 2, width=width)
    panels = dict(zip(quantities, figure.axes, strict=True))
    for name, axes in panels.items():
        axes.set_ylabel(LABELS.get(name, name))
    for axes in lowest(figure):
        axes.set_xlabel(LABELS["t"])
    return figure, panels


def lowest(figure: Figure) -> list[Axes]:
    """The panels below which there is none."""
    return figure.axes[-across(figure) :]


def across(figure: Figure) -> int:
    """How many panels are side by side."""
    grid = figure.axes[0].get_gridspec()
    assert grid is not None
    return int(grid.ncols)


def entitle(figure: Figure, text: str) -> None:
    """A title over all panels, broken where it is wider than the figure, which it makes taller."""
    if text:
        title = figure.suptitle(text)
        _wrap(figure, title)
        _make_taller(figure, title.get_window_extent().height / figure.dpi)


def add_notes(figure: Figure, notes: Sequence[str]) -> None:
    """Notes below all panels, a bullet each; to be called before a legend is added."""
    text = "\n".join(f"• {note}" for note in notes)
    written = figure.text(PAD, PAD, text, fontsize=7, va="bottom", transform=figure.dpi_scale_trans)
    _wrap(figure, written)
    _make_taller(figure, written.get_window_extent().height / figure.dpi + 2 * PAD, below=True)


def _wrap(figure: Figure, written: Text) -> None:
    """Break lines that are wider than the figure."""
    text = written.get_text()
    room, most = figure.bbox.width - 4 * PAD * figure.dpi, max(map(len, text.splitlines()))
    while written.get_window_extent().width > room and most > 20:
        most -= 1
        lines = (textwrap.fill(line, most, break_long_words=False) for line in text.splitlines())
        written.set_text("\n".join(lines))


def shared_legend(figure: Figure) -> None:
    """One legend for all panels, below them; each label once."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    add_legend(figure, entries)


def add_legend(figure: Figure, entries: Mapping[str, Any]) -> None:
    """A legend below all panels, in as many columns as there is room for."""
    longest = int(15 * figure.get_figwidth())
    labels = [textwrap.fill(text, longest) for text in entries]
    for columns in range(len(labels), 0, -1):
        legend = figure.legend(
            list(entries.values()), labels, loc="lower center", ncols=columns, borderaxespad=0,
            bbox_to_anchor=(figure.get_figwidth() / 2, _below(figure) + PAD),
            bbox_transform=figure.dpi_scale_trans,
        )  # fmt: skip
        box = legend.get_window_extent()
        if box.width < figure.bbox.width - 2 * PAD * figure.dpi or columns == 1:
            break
        legend.remove()
    _make_taller(figure, box.height / figure.dpi + PAD, below=True)


def panel_legends(figure: Figure) -> None:
    """Every panel's own legend below its label, where it covers nothing."""
    from matplotlib.transforms import ScaledTranslation

    columns = across(figure)
    heights = np.zeros(-(-len(figure.axes) // columns))
    for k, axes in enumerate(figure.axes):
        if len(axes.get_legend_handles_labels()[1]) < 2:
            continue  # the title says what a single curve is
        below = axes.transAxes + ScaledTranslation(0, -0.38, figure.dpi_scale_trans)
        legend = axes.legend(
            loc="upper right", bbox_to_anchor=(1.0, 0.0), bbox_transform=below, borderpad=0,
            borderaxespad=0, handlelength=1.4, handletextpad=0.5, labelspacing=0.25,
        )  # fmt: skip
        taken = legend.get_window_extent().height / figure.dpi + PAD
        heights[k // columns] = max(heights[k // columns], taken)
    _make_taller(figure, heights.sum())


def _engine(figure: Figure) -> ConstrainedLayoutEngine:
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    return engine


def _below(figure: Figure) -> float:
    """Inches at the bottom that are taken by notes and legend."""
    return float(_engine(figure).get()["rect"][1] * figure.get_figheight())


def _make_taller(figure: Figure, inches: float, below: bool = False) -> None:
    """Add height, at the bottom for good or wherever the panels' own text needs it."""
    taken, height = _below(figure) + inches * below, figure.get_figheight() + inches
    figure.set_figheight(height)
    _engine(figure).set(rect=(0, taken / height, 1, 1 - taken / height))


def draw_theory(axes: Axes, t: Any, y: Any, label: str = "theory", **style: Any) -> None:
    """A theory curve: a solid line unless told otherwise."""
    axes.plot(t, y, **{"color": THEORY, "linestyle": "-", "label": label, **style})


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


def _labelled(axes: Axes, which: str, low: float, high: float) -> tuple[int, ...]:
    """Which multiples of powers of ten have room for their labels."""
    grid, figure = axes.get_gridspec(), axes.get_figure(root=True)
    assert grid is not None
    assert figure is not None
    size = figure.get_size_inches()
    if which == "x":
        digits = max(len(f"{low:.1g}"), len(f"{high:.0f}"))
        length, needed = size[0] / grid.ncols - 0.7, 0.055 * digits + 0.08
    else:
        length, needed = size[1] / grid.nrows - 0.4, 0.16
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


def setting(problem: Any, *more: str) -> str:
    """What a picture's title says of its problem."""
    return ", ".join([str(problem.scheme), str(problem.activation), *more])


__all__ = [
    "APPROXIMATION", "DASHED", "LABELS", "LOOKS", "SIMULATION", "THEORY", "Look", "add_legend",
    "across", "add_notes", "draw_points", "draw_predicted_spread", "draw_simulation", "draw_theory",
    "entitle", "label", "few", "log_axis", "lowest", "new_figure", "panel_legends",
    "setting", "shared_legend", "size_axis", "time_panels",
]  # fmt: skip
