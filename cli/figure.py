"""``bntheory figure``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .options import bad_input, output_options
from .report import Reporter, table


@click.command("figure")
@click.argument("name", metavar="FIGURE")
@click.option(
    "--preset", default="quick", show_default=True, help="quick (a minute) or full; 1a and 1b."
)
@click.option("--dim", type=int, help="Input dimension N.  [default: the preset's]")
@click.option("--runs", type=int, help="Training sets a point.  [default: the preset's]")
@click.option("--store", metavar="PATH", help="Keep finished points there, and resume.")
@output_options
def command(name: str, **options: Any) -> None:
    """Redraw a figure of the paper: 1a (linear student) or 1b (ReLU student).

    Beyond the paper: universality (inputs that are not Gaussian), which has its own sizes.

    \b
    Example:
      bntheory figure 1a --output fig1a.pdf --output fig1a.json
    """
    reporter = Reporter(options)
    if name == "universality":
        _universality(reporter, options)
        return
    from ..figures.figure1 import figure1

    with bad_input():
        result = figure1(name, **options, progress=reporter.progress)
    for one in result.studies:
        if one.theory.message:
            reporter.notice(f"{one.theory.label}: {one.theory.message}")
    reporter.finish(result, [f"* {note}" for note in result.notes])


def _universality(reporter: Reporter, options: dict[str, Any]) -> None:
    from ..figures.universality import universality

    given = [f"--{name}" for name in ("dim", "runs", "store") if options[name] is not None]
    if given:
        raise click.UsageError(f"{given[0]}: the figure universality has no such option")
    with bad_input():
        result = universality(progress=reporter.progress)
    reporter.finish(result, table(result.columns()))
