"""``bntheory cnn inspect``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .kinds import FILE, Place
from .need_torch import need_torch
from .options import output_options
from .report import Reporter


@click.command(
    "inspect",
    epilog=examples(
        "bntheory cnn inspect network.py:make_model --batch-size 32",
        "bntheory cnn inspect network.py:make_model --what-if-batch-size 8 --output layers.png",
    ),
)
@click.argument("source", metavar="FILE.py:FUNCTION", type=FILE)
@click.option("--data", default="synthetic", show_default=True,
              type=Place("dir", ("synthetic", "fashion-mnist")),
              help="Images: synthetic, fashion-mnist, or a folder.")  # fmt: skip
@click.option(
    "--side", default=0, help="Average images down to this height and width.  [default: keep]"
)
@click.option(
    "--batch-size",
    default=32,
    show_default=True,
    help="Batch size M: images that share statistics.",
)
@click.option("--batches", default=16, show_default=True, help="How many are looked at.")
@click.option(
    "--weights",
    metavar="FILE",
    type=FILE,
    help="Weights to load, a state_dict saved by torch.save.",
)
@click.option("--measure", metavar="SIZES", help="Measure the loss gap too: 16,64.")
@click.option("--each", is_flag=True, help="Measure that of each layer, too.")
@click.option("--what-if-batch-size", type=int, help="Gaps at another batch size.")
@click.option("--what-if-ghost", type=int, help="Gaps with groups of so many images.")
@click.option("--what-if-frozen", is_flag=True, help="The gamma decay in place of batches.")
@click.option("--seed", default=0, show_default=True, help="Seed of all random numbers.")
@click.option("--device", default="auto", show_default=True, help="auto cpu cuda cuda:N.")
@output_options
def inspect_command(
    source: str, measure: str | None, what_if_batch_size: int | None, what_if_ghost: int | None,
    what_if_frozen: bool, **options: Any,
) -> None:  # fmt: skip
    """Look at any network with batch normalisation: layers, zeta, loss gaps, rotation.

    FILE.py is run, and its FUNCTION called: it returns the network, or network and optimiser.
    """
    reporter = Reporter(options)
    need_torch()
    from ..cnn.inspection.from_file import inspect_file

    asked: dict[str, Any] = {
        "batch_size": what_if_batch_size,
        "ghost": what_if_ghost,
        "frozen": what_if_frozen,
    }
    with bad_input():
        found = inspect_file(source, measure=_sizes(measure), **options)
        given = {name: value for name, value in asked.items() if value}
        answers = tuple(found.what_if(**{name: value}) for name, value in given.items())
    found = replace(found, answers=answers)
    reporter.finish(found, str(found).splitlines())


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(size) for size in text.split(",")] if text else []
    except ValueError:
        raise InputError("measure", text, "whole numbers, as in 16,64, are accepted") from None
