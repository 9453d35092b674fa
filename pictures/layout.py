"""Where things stand in a picture: panels at two widths, and title, legend and notes around them.

A title, a legend or notes make the figure taller and leave the panels their size; nothing is laid
over data.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.widths import Width, inches
from .guests import Guest, given_axes
from .style import in_house_style
from .visible import is_shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.text import Text

#: Panels up to which a picture of one column has them below each other.
STACKED = 5
PAD = 0.05  # inches around title, legend and notes


def new_figure(
    panels: int = 1,
    across: int = 1,
    *,
    width: Width = "two",
    height: float = 2.3,
    names: Sequence[str] = (),
    last: float = 1.0,
    extra: int = 0,
) -> Figure:
    """A figure drawn off screen; call it within `bntheory.pictures.style.house_style`.

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
    names
        Of the panels, where a user can ask for one of them.
    last
        Height of the lowest row, in that of the others. Its panels share the width of the
        picture, however few they are: no cell is empty.
    extra
        How many of the last panels a user who hands over axes may leave out; at least a lowest row
        that has its own height.

    Raises
    ------
    ValueError
        For another width.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    wide, given = inches(width), given_axes()
    if given is not None:
        # Stands in for a figure. A lower row of its own height belongs to the others.
        extra = max(extra, int(last != 1.0))
        return given.figure(panels, names, extra)  # type: ignore[return-value]
    if width == "one":
        across = 1 if panels <= STACKED else 2
        height = min(height, 2.4 if panels == 1 else 1.9 if across == 1 else 1.6)
    rows = -(-panels // across)
    figure = Figure(figsize=(wide, height * (rows - 1 + last)), layout="constrained")
    FigureCanvasAgg(figure)
    _place(figure, panels, across, [1.0] * (rows - 1) + [last])
    _engine(figure).set(w_pad=PAD, h_pad=PAD)
    figure.align_ylabels()
    # Ticks are made, and text is turned into paths or not, only when a file is written.
    figure.savefig = in_house_style(figure.savefig)  # type: ignore[method-assign]
    return figure


def _place(figure: Figure, panels: int, across: int, heights: Sequence[float]) -> None:
    """Rows of panels; those of the last row fill it."""
    rest = panels - across * (len(heights) - 1)
    columns = lcm(across, rest)
    grid = figure.add_gridspec(len(heights), columns, height_ratios=list(heights))
    for panel in range(panels):
        row, column = divmod(panel, across)
        wide = columns // (rest if row == len(heights) - 1 else across)
        figure.add_subplot(grid[row, column * wide : (column + 1) * wide])


def lowest(figure: Figure) -> list[Axes]:
    """The panels below which there is none."""
    if isinstance(figure, Guest):
        return figure.axes
    return [axes for axes in figure.axes if _rows(axes).stop == _rows(figure.axes[-1]).stop]


def across(figure: Figure) -> int:
    """How many panels are side by side."""
    if isinstance(figure, Guest):
        return len(figure.axes)
    return sum(_rows(axes).start == 0 for axes in figure.axes)


def _rows(axes: Axes) -> range:
    """Which rows of the picture's grid a panel is in."""
    place = axes.get_subplotspec()
    assert place is not None
    return place.rowspan


def entitle(figure: Figure, text: str) -> None:
    """A title over all panels, broken where it is wider than the figure, which it makes taller."""
    if isinstance(figure, Guest):
        return
    if text:
        title = figure.suptitle(text.replace(" = ", "\u00a0=\u00a0"))  # no line ends there
        _wrap(figure, title)
        _make_taller(figure, title.get_window_extent().height / figure.dpi)


def add_notes(figure: Figure, notes: Sequence[str]) -> None:
    """Notes below all panels, a bullet each; to be called before a legend is added."""
    if isinstance(figure, Guest):
        return
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
    """One legend for all panels, below them; each label once, of what is seen in a panel."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, named in zip(*axes.get_legend_handles_labels(), strict=True):
            if is_shown(handle, axes):
                entries.setdefault(named, handle)
    if not entries:
        return
    add_legend(figure, entries)


def add_legend(figure: Figure, entries: Mapping[str, Any]) -> None:
    """A legend below all panels, in as many columns as there is room for."""
    if isinstance(figure, Guest):
        return figure.legend()
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

    if isinstance(figure, Guest):
        return figure.legend()
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
