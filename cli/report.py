"""What a command prints: results to standard output, everything else to standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click
from click.exceptions import Exit

from ..results.text_table import cell, text_table
from .options import check_outputs, take_report, take_width

if TYPE_CHECKING:
    from ..results.report_page import Report

#: Work that takes longer than this many seconds gets a progress bar, on a terminal.
PATIENCE = 1.0


#: Exit status of a sweep that is done, except for grid points that failed.
SOME_FAILED = 3
#: Failed grid points that are listed.
LISTED = 20


class Reporter:
    """Prints results and notices of one command.

    Parameters
    ----------
    options
        The command's options; ``as_json``, ``output``, ``width``, ``report`` and ``quiet`` are
        taken out.
    draws
        Whether the command's result can be drawn.
    """

    def __init__(self, options: dict[str, Any], *, draws: bool = True) -> None:
        self.as_json = options.pop("as_json")
        self.quiet = options.pop("quiet")
        self.outputs = check_outputs(options.pop("output", ()), draws=draws)
        # A command that draws nothing may have a --width of its own: `cnn train`.
        self.width = take_width(options, self.outputs) if draws else "two"
        self.report = take_report(options)
        #: Whether more of a result is asked for than what is printed.
        self.shows_all = bool(self.as_json or self.outputs or self.report)
        self.began = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._first = 0, self.began

    def notice(self, message: str) -> None:
        """Say something on standard error."""
        if message and not self.quiet:
            self._close_bar()
            click.echo(message, err=True)

    def warn(self, message: str) -> None:
        """Say on standard error, even with --quiet, what makes a result another than asked for."""
        if message:
            self._close_bar()
            click.echo(message, err=True)

    def progress(self, done: int, total: int) -> None:
        """Show a bar once the work has taken a while; a callback for long computations."""
        waited = time.monotonic() - self.began > PATIENCE
        if self._bar is None:
            if self.quiet or not waited or not sys.stderr.isatty():
                return
            from rich.console import Console
            from rich.progress import MofNCompleteColumn, Progress, TextColumn

            columns = (*Progress.get_default_columns(), MofNCompleteColumn(),
                       TextColumn("{task.fields[rate]}"))  # fmt: skip
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("running", total=total, completed=done, rate="")
            self._first = done, time.monotonic()
            self._bar.start()
        # What was on disk before the bar began says nothing about the speed.
        rate = (done - self._first[0]) / max(1e-9, time.monotonic() - self._first[1])
        shown = f"{rate:.3g}/s" if rate > 0 else ""
        self._bar.update(self._task, completed=done, total=total, rate=shown)

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Say what a long computation logs: damaged chunks, lost workers and retries."""
        import logging

        handler = logging.Handler()
        handler.emit = lambda record: self.notice(record.getMessage())  # type: ignore[method-assign]
        log = logging.getLogger("bntheory")
        log.addHandler(handler)
        log.propagate = False
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.propagate = True

    def save(self, result: Any, path: Path) -> None:
        """Save the result to one file."""
        self._close_bar()
        from ..results.files import save

        try:
            save(result, path, width=self.width)
        except OSError as error:
            reason = error.strerror or error
            raise click.UsageError(f"--output={str(path)!r}: {reason}") from None
        self.notice(f"wrote {path}")

    def write_report(self, report: Report, path: Path) -> None:
        """Write the page of ``--report``, with the command that made it."""
        from ..results.report_page import write

        seconds = time.monotonic() - self.began
        try:
            write(report, path, ["bntheory", *sys.argv[1:]], seconds)
        except OSError as error:
            raise click.UsageError(f"--report={str(path)!r}: {error.strerror or error}") from None
        self.notice(f"wrote {path}")

    def finish(
        self, result: Any, lines: Iterable[str], report: Callable[[], Report] | None = None
    ) -> None:
        """Save the result, then print it as JSON or as the given lines.

        ``report`` makes what ``--report`` says, if that is asked for.
        """
        if self.as_json or any(path.suffix == ".json" for path in self.outputs):
            self.notice(other_forms(result))
        for path in self.outputs:
            self.save(result, path)
        if self.report is not None and report is not None:
            self.write_report(report(), self.report)
        self._close_bar()
        if self.as_json:
            from ..results.files import pieces_of

            for piece in pieces_of(result):
                click.echo(piece, nl=False)
            click.echo()
        else:
            for line in lines:
                click.echo(line)
        self.notice(f"took {time.monotonic() - self.began:.2f} s")

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def other_forms(result: Any) -> str:
    """What is better than JSON for many rows; empty for few."""
    from ..results.json_pieces import MANY_ROWS

    columns = result.columns() if hasattr(result, "columns") else {}
    rows = len(next(iter(columns.values()), ()))
    if rows <= MANY_ROWS:
        return ""
    return (
        f"{rows} rows as JSON are long to write and to read: --output FILE.nc has them as netCDF, "
        "and `bntheory export` those of a sweep's --store as Parquet"
    )


def some_failed(reporter: Reporter, failed: Sequence[Mapping[str, Any]]) -> None:
    """List the grid points that failed, and end with exit status 3 if there are any."""
    for row in failed[:LISTED]:
        point = ", ".join(
            f"{n} = {cell(v)}" for n, v in row.items() if n not in ("message", "runs")
        )
        reporter.warn(f"failed at {point}: {row['message']}")
    if len(failed) > LISTED:
        reporter.warn(f"... {len(failed)} grid points failed; --json lists all of them")
    if failed:
        raise Exit(SOME_FAILED)


def table(columns: Mapping[str, Iterable[Any]], rows: int = 11) -> list[str]:
    """Aligned columns of numbers; of a long table evenly spaced rows, the last included."""
    data = {name: list(values) for name, values in columns.items()}
    count = len(next(iter(data.values())))
    if count > rows:
        places = [round(i * (count - 1) / (rows - 1)) for i in range(rows)]
        data = {name: [values[i] for i in places] for name, values in data.items()}
    return text_table(data)
