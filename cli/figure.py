"""``bntheory figure``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .options import bad_input, output_options
from .report import Reporter, table


@click.command("figure")
@click.argument("name", metavar="FIGURE")
@click.option(
    "--preset",
    help="1a, 1b: quick (a minute) or full; 2, 3, 4: smoke cpu full imagenet.  "
    "[default: quick; cpu; imagenet for 3]",
)
@click.option("--dim", type=int, help="Input dimension N.  [default: the preset's]")
@click.option("--runs", type=int, help="Training sets a point.  [default: the preset's]")
@click.option("--store", metavar="PATH", help="Keep finished points there, and resume.")
@output_options
def command(name: str, **options: Any) -> None:
    """Redraw a figure of the paper: 1a (linear student), 1b (ReLU student), 2, 3, 4 (networks).

    Figures 2 to 4 are drawn from the records that come with the package; with --store FOLDER their
    runs are trained there. Beyond the paper: universality (inputs that are not Gaussian).

    \b
    Example:
      bntheory figure 1a --output fig1a.pdf --output fig1a.json
      bntheory figure 2 --output fig2.pdf
    """
    reporter = Reporter(options)
    if name == "universality":
        _universality(reporter, options)
        return
    if name in ("2", "3", "4"):
        _networks(name, reporter, options)
        return
    options["preset"] = options["preset"] or "quick"
    from ..figures.figure1 import figure1

    with bad_input():
        result = figure1(name, **options, progress=reporter.progress)
    for one in result.studies:
        if one.theory.message:
            reporter.notice(f"{one.theory.label}: {one.theory.message}")
    reporter.finish(result, [f"* {note}" for note in result.notes])


def _networks(name: str, reporter: Reporter, options: dict[str, Any]) -> None:
    from importlib import import_module

    from .cnn import records_of

    given = [f"--{option}" for option in ("dim", "runs") if options[option] is not None]
    if given:
        raise click.UsageError(f"{given[0]}: the figure {name} has no such option")
    preset = options["preset"] or ("imagenet" if name == "3" else "cpu")
    records = records_of(preset, options["store"], reporter.progress)
    draw = getattr(import_module(f"bntheory.figures.figure{name}"), f"figure{name}")
    with bad_input():
        result = draw(records)
    reporter.finish(result, [f"* {note}" for note in result.notes])


def _universality(reporter: Reporter, options: dict[str, Any]) -> None:
    from ..figures.universality import universality

    given = [
        f"--{name}" for name in ("dim", "runs", "store", "preset") if options[name] is not None
    ]
    if given:
        raise click.UsageError(f"{given[0]}: the figure universality has no such option")
    with bad_input():
        result = universality(progress=reporter.progress)
    reporter.finish(result, table(result.columns()))
