"""``bntheory sweep``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from ..results.files import PICTURE_SUFFIXES
from .options import (
    PROBLEM_OPTIONS,
    bad_input,
    option_name,
    output_options,
    parse_range,
    problem_options,
    take_problem,
)
from .report import Reporter, table

#: Of the problem's options, those that take a range here.
RANGED = ("eta", "gamma_rate", "zeta", "noise", "batch_size", "weight_decay", "q0", "r0", "l0")


@click.command("sweep")
@problem_options
@click.option("--time", default="20", show_default=True, help="End of the flows; may be a range.")
@click.option(
    "--quantity",
    default="final-error,final-Q,final-R,final-L,diverged",
    show_default=True,
    help="Of final-Q final-R final-L final-error eta-eff time-to:X plateau eta-max largest-eta "
    "diverged.",
)
@click.option(
    "--best", type=click.Choice(["eta"]), help="Only the best learning rate for the horizon."
)
@click.option("--schedule", is_flag=True, help="The locally optimal schedule eta(t) and its gain.")
@output_options
def command(**options: Any) -> None:
    """A grid over learning rates and any other number of the problem.

    Numeric options take START:STOP:NUM, START:STOP:NUM:log, or a list.

    \b
    Examples:
      bntheory sweep --eta 0.01:4:400:log --quantity final-error,time-to:0.01
      bntheory sweep --eta 0.01:20:200:log --zeta 0:1:200 --quantity final-error --output map.png
      bntheory sweep --scheme wn --noise 0.25 --schedule --output schedule.png
    """
    best, schedule = options.pop("best"), options.pop("schedule")
    if best and schedule:
        raise click.UsageError("--best, --schedule: one of them at a time is accepted")
    reporter = Reporter(options, draws=not best)
    with bad_input():
        grid = _take_grid(options)
        problem = take_problem(options)
        if best or schedule:
            _optimum(problem, grid, reporter, schedule)
            return
        from ..experiments.sweep import check_drawable, sweep

        if any(path.suffix in PICTURE_SUFFIXES for path in reporter.outputs):
            check_drawable(grid)
        made = sweep(problem, quantity=options["quantity"], progress=reporter.progress, **grid)
    if made.failed:
        reporter.notice(f"{len(made.failed)} flows failed: {made.failed[0]['message']}")
    reporter.finish(made, table(made.columns(), rows=25))


def _take_grid(options: dict[str, Any]) -> dict[str, Any]:
    """Take the ranges out of the options; what is one number stays for the problem."""
    grid: dict[str, Any] = {}
    for name, kind, _ in PROBLEM_OPTIONS:
        text = options[name]
        if name not in RANGED or text is None:
            continue
        if "(" not in text and (":" in text or "," in text):  # else a schedule's formula
            grid[name] = parse_range(text, name)
            options[name] = None
        elif kind is not str:
            values = parse_range(text, name)
            options[name] = float(values[0])
    time = parse_range(options.pop("time"), "time")
    grid["time"] = time if len(time) > 1 else float(time[0])
    return grid


def _optimum(problem: Any, grid: dict[str, Any], reporter: Reporter, schedule: bool) -> None:
    from ..experiments.best_learning_rate import BestRates, best_rates, schedule_with_gain

    horizon = grid.pop("time")
    if not schedule:
        ends = horizon if hasattr(horizon, "__len__") else [horizon]
        made: BestRates = best_rates(problem, ends, grid, progress=reporter.progress)
        reporter.finish(made, table(made.columns(), rows=25))
        return
    if grid or hasattr(horizon, "__len__"):
        names = ", ".join(option_name(name) for name in [*grid, "time"])
        raise ValueError(f"schedule: single numbers are accepted for {names}")
    found = schedule_with_gain(problem, time=horizon)
    closing = (
        f"error at t = {horizon:g}: {found.error[-1]:.6g}; best constant eta = "
        f"{found.best_eta:.6g} reaches {found.best_error:.6g}; gain {found.gain:.4g}"
    )
    reporter.finish(found, [*table(found.columns()), "", closing])


for _parameter in command.params:
    if _parameter.name in RANGED:
        _parameter.type = click.STRING
