"""``bntheory explore``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .kinds import FILE
from .options import problem_options, quiet_and_json, take_problem
from .report import Reporter

if TYPE_CHECKING:
    from pathlib import Path

#: What the page is made of, and an example of each.
LISTS = {
    "activations": "relu,tanh",
    "schemes": "sgd,bn",
    "batch_sizes": "8,32",
    "losses": "squared,logistic",
}


@click.command(
    "explore",
    epilog=examples(
        "bntheory explore --activations relu,identity --output page.html",
        "bntheory explore --schemes sgd,wn --scheme wn --labels sign --loss logistic "
        "--output a.html",
    ),
)
@problem_options
@click.option("--activations", metavar="LIST", help="What can be chosen, names or formulas.  "
              "[default: relu,identity,leaky-relu,erf,tanh]")  # fmt: skip
@click.option("--schemes", metavar="LIST", help="What can be chosen.  [default: all six]")
@click.option("--batch-sizes", metavar="LIST", help="List of M: what can be chosen.  "
              "[default: 1,2,4 to 256; 8,32 where tables take long]")  # fmt: skip
@click.option("--losses", metavar="LIST", help="What can be chosen, names or formulas in y and o.  "
              "[default: squared,absolute,huber:1,logistic,hinge]")  # fmt: skip
@click.option("--output", metavar="FILE", type=FILE, required=True, help="Save to .html.")
@quiet_and_json
def command(output: str, **options: Any) -> None:
    """One page, offline, on which the flow follows sliders.

    The problem's options say where the page begins, and of which loss and labels it holds a batch
    scheme. Needs the extra `explore`.
    """
    from ..results.files import check_output

    reporter = Reporter(options, draws=False)
    lists = {name: options.pop(name) for name in LISTS}
    problem = take_problem(options)
    with bad_input():
        path = check_output(output, (".html",))
        chosen = {name: split(text, name) for name, text in lists.items() if text is not None}
        made = _write(path, problem, chosen, reporter)
    reporter.notice(f"wrote {output}, {made['bytes'] / 1e6:.1f} MB")
    if reporter.as_json:
        click.echo(json.dumps(made))


def _write(path: Path, problem: Any, chosen: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    from importlib.util import find_spec

    if find_spec("bokeh") is None:
        raise click.UsageError("explore draws with Bokeh: pip install 'bntheory[explore]'")
    from ..explorer.page import write_page

    reporter.notice("deriving the flows; tables that are not on disk take seconds each")
    try:
        return write_page(path, problem, **chosen, progress=reporter.progress)
    except OSError as error:
        raise click.UsageError(f"--output={str(path)!r}: {error.strerror}") from None


def split(text: str, name: str) -> list[Any]:
    """Names or formulas, separated by commas outside of parentheses; numbers for batch sizes.

    Raises
    ------
    ValueError
        Naming the option, its value and what is accepted.
    """
    items = [item.strip() for item in re.split(r",(?![^(]*\))", text)]
    numbers = name != "batch_sizes" or all(item.isdigit() and int(item) for item in items)
    if not (all(items) and numbers):
        raise InputError(name, text, f"a list such as {LISTS[name]} is accepted")
    return [int(item) for item in items] if name == "batch_sizes" else items
