"""The page's empty plots, by Bokeh; JavaScript fills their sources."""

from __future__ import annotations

import json
from typing import Any

#: Okabe and Ito's colours, as in ``pictures/bntheory.mplstyle``; line style doubles colour.
FLOW, END, BOUND = "#0072B2", "#D55E00", "#009E73"
#: Panels: the column of the flow's source, and the name of its axis.
PANELS = {
    "Q": "scale Q",
    "R": "overlap R",
    "L": "length L",
    "error": "generalisation error",
    "error01": "0-1 error",
    "expected_loss": "expected loss",
    "eta_eff": "effective rate η Q / L²",
}
#: Panels with a logarithmic axis.
LOGARITHMIC = ("error", "error01", "expected_loss", "eta_eff")


def library() -> str:
    """Bokeh's own JavaScript, whole."""
    from bokeh.resources import Resources

    return "\n".join(Resources(mode="inline", components=["bokeh"], log_level="error").js_raw)


def panels() -> str:
    """The plots as JSON, by panel, for ``Bokeh.embed.embed_item``."""
    from bokeh.embed import json_item

    items = {name: json_item(_panel(name, label), f"plot-{name}") for name, label in PANELS.items()}
    # Inside a script element a closing tag would end it.
    return json.dumps(items).replace("</", "<\\/")


def _panel(name: str, label: str) -> Any:
    from bokeh.models import ColumnDataSource, HoverTool
    from bokeh.plotting import figure

    # Something to look at, lest Bokeh warns that a range has no data.
    blank = {"t": [0.0, 1.0], name: [1.0, 1.0]}
    flow, end = (ColumnDataSource(blank, name=source) for source in ("flow", "end"))
    axis = "log" if name in LOGARITHMIC else "linear"
    plot = figure(height=210, sizing_mode="stretch_width", toolbar_location=None, tools="",
                  y_axis_type=axis, min_border_left=58, min_border_right=12)  # fmt: skip
    line = plot.line("t", name, source=flow, line_color=FLOW, line_width=2.2)
    line.glyph.name = "flow-line"
    drawn = plot.line("t", name, source=end, line_color=END, line_width=2, line_dash=[7, 4])
    drawn.glyph.name = "end-line"
    if name == "eta_eff":
        bound = ColumnDataSource(blank, name="bound")
        drawn = plot.line("t", name, source=bound, line_color=BOUND, line_width=2, line_dash=[2, 3])
        drawn.glyph.name = "bound-line"
    tips = [("t", "@t{0.000}"), (name, f"@{name}{{0.000000}}")]
    plot.add_tools(HoverTool(renderers=[line], tooltips=tips, mode="vline"))
    if axis == "log":
        plot.yaxis.ticker.mantissas = [1, 2, 5]  # more of them overlap
    _style(plot, label)
    return plot


def _style(plot: Any, label: str) -> None:
    """Looks by day; the names are those by which plots.js paints the plot in the page's colours."""
    plot.title.text = label
    plot.title.name = "title"
    for which in ("x", "y"):
        getattr(plot, f"{which}axis").name = f"{which}-axis"
        getattr(plot, f"{which}grid").name = f"{which}-grid"
    plot.title.text_font_size, plot.title.text_font_style = "14px", "bold"
    plot.xaxis.axis_label = "time t (steps / N)"
    for axis in (plot.xaxis, plot.yaxis):
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = axis.major_label_text_font_size = "12px"
        axis.minor_tick_line_color = None
        axis.axis_line_color = axis.major_tick_line_color = "#888888"
        axis.axis_label_text_color = axis.major_label_text_color = plot.title.text_color = "#333333"
    plot.xgrid.grid_line_color = plot.ygrid.grid_line_color = "#e4e4e4"
    plot.outline_line_color = None
    plot.background_fill_color = plot.border_fill_color = None
