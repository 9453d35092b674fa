"""Options of computations that keep what is finished in a store."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .kinds import FOLDER

#: The store of a long computation, and what may be done to one that exists.
KEEPING = (
    click.option("--force-new", is_flag=True, help="Discard what the store has."),
    click.option(
        "--extend", is_flag=True, help="Add this grid's values (and runs) to the store's."
    ),
    click.option(
        "--store",
        metavar="FOLDER",
        type=FOLDER,
        help="Keep finished work there; the same command resumes.",
    ),
)


def take_mode(options: dict[str, Any]) -> str:
    """Remove ``--extend --force-new`` from a command's options; how its store is opened."""
    extend, new = options.pop("extend"), options.pop("force_new")
    if (extend or new) and (options["store"] is None or (extend and new)):
        raise click.UsageError("--extend, --force-new: one of them is accepted, with --store")
    return "extend" if extend else "new" if new else "resume"
