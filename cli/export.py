"""``bntheory export``."""

from __future__ import annotations

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .kinds import FILE, FOLDER


@click.command(
    "export",
    epilog=examples(
        "bntheory export runs.zarr runs.csv",
    ),
)
@click.argument("store", metavar="STORE", type=FOLDER)
@click.argument("file", metavar="FILE", type=FILE)
def command(store: str, file: str) -> None:
    """Write all that a sweep's store holds as one table, out.csv or out.parquet.

    One row a grid point and run: its place, quantities, status (0 missing, 1 complete, 2 failed)
    and message. Parquet needs the extra: pip install 'bntheory[parquet]'.
    """
    from ..store.reading import export

    with bad_input():
        rows = export(store, file)
    click.echo(f"wrote {file}: {rows} rows", err=True)
