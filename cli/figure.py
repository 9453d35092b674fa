"""``bntheory figure``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import rich_click as click

from .options import bad_input, output_options
from .report import Reporter, table

#: Figures by name: the module below ``figures/`` and the function in it that makes the result.
RECIPES = {"universality": ("universality", "universality")}


@click.command("figure")
@click.argument("name", type=click.Choice(list(RECIPES)))
@output_options
def command(name: str, **options: Any) -> None:
    """Draw a figure from its recipe.

    \b
    Example:
      bntheory figure universality --output universality.pdf
    """
    reporter = Reporter(options)
    module, function = RECIPES[name]
    recipe = getattr(import_module(f"bntheory.figures.{module}"), function)
    with bad_input():
        result = recipe(progress=reporter.progress)
    reporter.finish(result, table(result.columns()))
