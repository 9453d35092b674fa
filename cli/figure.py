"""``bntheory figure``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .options import bad_input, output_options
from .report import Reporter


@click.command("figure")
@click.argument("panel", metavar="FIGURE")
@click.option("--preset", default="quick", show_default=True, help="quick (a minute) or full.")
@click.option("--dim", type=int, help="Input dimension N.  [default: the preset's]")
@click.option("--runs", type=int, help="Training sets a point.  [default: the preset's]")
@click.option("--store", metavar="FILE", help="Keep finished points here, and resume.")
@output_options
def command(**options: Any) -> None:
    """Redraw a figure of the paper: 1a (linear student) or 1b (ReLU student).

    \b
    Example:
      bntheory figure 1a --output fig1a.pdf --output fig1a.json
    """
    reporter = Reporter(options)
    from ..figures.figure1 import figure1

    with bad_input():
        result = figure1(options.pop("panel"), **options, progress=reporter.progress)
    for one in result.studies:
        if one.theory.message:
            reporter.notice(f"{one.theory.label}: {one.theory.message}")
    reporter.finish(result, [f"* {note}" for note in result.notes])
