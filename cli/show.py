"""``bntheory show``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .kinds import FOLDER
from .options import output_options
from .report import Reporter, some_failed, table
from .sweep import shown


@click.command(
    "show",
    epilog=examples(
        "bntheory show runs.zarr --output runs.png",
    ),
)
@click.argument("store", metavar="STORE", type=FOLDER)
@output_options
def command(store: str, **options: Any) -> None:
    """What a sweep's store holds, finished or still growing.

    Prints a table of the grid: quantities, or their means over the runs with standard errors.
    Nothing in the store is changed. Exit status 3: some grid points failed.
    """
    reporter = Reporter(options)
    from ..experiments.sweeps.result import Sweep, check_drawable
    from ..results.files import PICTURE_SUFFIXES
    from ..store.reading import load

    with bad_input(), reporter.logged():
        made = Sweep(load(store), store)
        if any(path.suffix in PICTURE_SUFFIXES for path in reporter.outputs):
            check_drawable(made.grid)
    reporter.finish(made, [*_summary(made), "", *table(shown(made), rows=25)])
    some_failed(reporter, made.failed)


def _summary(made: Any) -> list[str]:
    problem, status = made.problem, made.status.values
    kind = f"simulation, {made.data.sizes['run']} runs" if made.simulated else "flows"
    until = f", t = {made.time:g}" if made.time else ""
    axes = [f"{name} {_span(values)}" for name, values in made.grid.items()]
    done = int((status == 1).sum())
    lines = [
        f"{problem.scheme}, {problem.activation}{until}: {kind}",
        f"grid: {'; '.join(axes) or 'one point'}",
        f"made by bntheory {made.data.attrs['bntheory_version']}",
        f"{done} of {status.size} entries are complete, {int((status == 2).sum())} failed",
    ]
    return lines


def _span(values: Any) -> str:
    if len(values) <= 4:
        return ", ".join(f"{v:g}" for v in values)
    return f"{values[0]:g} to {values[-1]:g} ({len(values)} values)"
