"""``bntheory sweep``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from ..results.errors import InputError
from ..teacher_student.parameters import RANGED_PARAMETERS as RANGED
from .bad_input import bad_input, option_name
from .examples import examples
from .keeping import KEEPING, take_mode
from .kinds import Names
from .learning_rates import optimum
from .options import (
    PROBLEM_OPTIONS,
    check_used,
    force_option,
    output_options,
    problem_options,
    report_option,
    simulation_options,
    split_named,
    take_problem,
)
from .ranges import parse_range
from .report import Reporter, some_failed, table

#: Of the simulation's options, those that take a range of whole numbers.
WHOLE = ("dim", "seed")
#: What is of no use without --simulate, with its default.
SIMULATED = {"dim": "1000", "runs": 64, "points": 101, "engine": "chain", "inputs": "gaussian",
             "seed": "0"}  # fmt: skip


def store_options(command: Any) -> Any:
    """Add the store, and where a sweep is computed."""
    for option in (
        click.option("--dask", metavar="ADDRESS|local", help="Compute on Dask; needs --store."),
        click.option(
            "--engine-workers", type=int, help="Threads (or --dask local: processes); one a core."
        ),
        *KEEPING,
    ):
        command = option(command)
    return command


@click.command(
    "sweep",
    epilog=examples(
        "bntheory sweep --eta 0.01:4:400:log --quantity final-error,time-to:0.01",
        "bntheory sweep --eta 0.1:20:40:log --zeta 0:1:20 --output map.png",
        "bntheory sweep --scheme wn --best eta --time 2:40:5:log --output best.png",
        "bntheory sweep --scheme wn --noise 0.25 --schedule --output schedule.png",
        "bntheory sweep --scheme wn --eta 0.5,1,2 --simulate --runs 16 --store runs.zarr",
    ),
)
@problem_options
@click.option(
    "--time", default="20", show_default=True, help="End of the run, in steps / N; may be a range."
)
@click.option(
    "--quantity",
    default="final-error,final-Q,final-R,final-L,diverged",
    show_default=True,
    help="Of final-Q final-R final-L final-error eta-eff time-to:X plateau eta-max largest-eta "
    "diverged; committees: final-specialisation escape-rate specialisation-time too, no Q R L eta.",
)
@click.option("--best", type=Names(["eta"]), help="Only the best learning rate for the horizon.")
@click.option("--schedule", is_flag=True, help="The locally optimal schedule eta(t) and its gain.")
@click.option("--simulate", is_flag=True, help="Simulate: every grid point; dim, seed take ranges.")
@simulation_options
@click.option(
    "--points", default=101, show_default=True, help="Number of stored times, of a simulation."
)
@force_option
@store_options
@output_options
@report_option
def command(**options: Any) -> None:
    """A grid over learning rates and any other number of the problem.

    Numeric options take START:STOP:NUM, START:STOP:NUM:log, or a list.

    With --store an interrupted sweep goes on where it was; `bntheory show PATH` looks at it at any
    time. Exit status 3: done, but some grid points failed; they are listed with their reasons.
    """
    best, schedule = options.pop("best"), options.pop("schedule")
    if best and schedule:
        raise click.UsageError("--best, --schedule: one of them at a time is accepted")
    reporter = Reporter(options)
    from ..experiments.sweeps.quantities import parse_quantities

    if reporter.report and (best or schedule):
        raise click.UsageError("--report: accepted without --best, --schedule")
    with bad_input():
        parse_quantities(options["quantity"], options["simulate"])
        if not (best or schedule):
            _check_range(options)
        grid = _take_grid(options)
        problem = take_problem(options)
        check_used(problem, grid)
        chosen = _take_choices(options, grid)
        if not options["force"]:
            _check_size(problem, grid, options)
        if best or schedule:
            optimum(problem, grid, reporter, schedule)
            return
        from ..experiments.sweeps.result import Sweep, check_drawable
        from ..experiments.sweeps.sweep import sweep
        from ..results.files import PICTURE_SUFFIXES

        if any(path.suffix in PICTURE_SUFFIXES for path in reporter.outputs):
            check_drawable(grid)
        try:
            with reporter.logged():
                data = sweep(problem, **chosen, progress=reporter.progress, **grid)
        except KeyboardInterrupt:
            if chosen["store"]:
                reporter.notice(f"{chosen['store']} has what is done; the same command goes on")
            raise
        made = Sweep(data, chosen["store"])
    from ..experiments.reports import sweep_report

    reporter.finish(made, [*table(shown(made), rows=25), "", made.verdict()],
                    lambda: sweep_report(made))  # fmt: skip
    some_failed(reporter, made.failed)


def shown(made: Any) -> dict[str, Any]:
    """The columns that are printed: all but the counts."""
    return {n: v for n, v in made.columns().items() if not n.endswith("_runs")}


def _check_size(problem: Any, grid: dict[str, Any], options: dict[str, Any]) -> None:
    """Refuse a grid that takes too long, or too much memory."""
    import math

    import numpy as np

    from ..experiments.cost import Values, check_cost, flows_cost, simulation_cost

    lengths = {name: np.size(values) for name, values in grid.items() if np.size(values) > 1}
    points = math.prod(lengths.values())
    ranges: dict[str, object] = {name: Values(length) for name, length in lengths.items()} or {
        "sweep": 1
    }
    if not options["simulate"]:
        check_cost(flows_cost(points, len(options["quantity"].split(","))), ranges)
        return
    sizes = {name: float(np.mean(grid[name])) for name in ("dim", "time")}
    M = float(np.mean(grid.get("batch_size", problem.M)))
    cost = simulation_cost(
        problem.replace(batch_size=max(2, round(M))), **sizes, runs=points * grid["runs"],
        points=len(options["quantity"].split(",")), engine=options["engine"],
    )  # fmt: skip
    check_cost(cost, {**ranges, "runs": grid["runs"]})


def _check_range(options: dict[str, Any]) -> None:
    """Refuse a sweep over nothing; a best rate, a schedule or a store may do without a range."""
    swept = [options[name] is not None for name in RANGED]
    swept += [":" in text or "," in text for text in (options["time"], *options["named"])]
    swept += [options[name] != SIMULATED[name] for name in WHOLE if options["simulate"]]
    if any(swept) or options["store"]:
        return
    names = ", ".join(option_name(name) for name in (*RANGED, "time"))
    raise click.UsageError(
        f"sweep: no range to sweep over; START:STOP:NUM, START:STOP:NUM:log or a list is accepted "
        f"for {names}, and with --simulate for --dim, --seed"
    )


def _take_choices(options: dict[str, Any], grid: dict[str, Any]) -> dict[str, Any]:
    """What is no range; ranges of simulations go to the grid."""
    if not options["simulate"]:
        for name, default in SIMULATED.items():
            if options[name] != default:
                raise InputError(name, options[name], "accepted with --simulate")
    else:
        grid |= {name: options[name] for name in ("runs", "points")}
        for name in WHOLE:
            grid[name] = _whole(options[name], name)
    mode = take_mode(options)
    names = ("quantity", "simulate", "engine", "inputs", "store", "dask")
    workers = options["engine_workers"]
    if workers is not None and workers < 1:
        raise InputError("engine_workers", workers, "a whole number of at least 1 is accepted")
    return {**{n: options[n] for n in names}, "mode": mode, "workers": workers}


def _whole(text: str, name: str) -> Any:
    """A range of whole numbers; a long list of digits loses none of them."""
    try:
        return int(text)
    except ValueError:
        values = parse_range(text, name)
    listed = text.split(",") if ":" not in text else []
    try:
        return [int(item) for item in listed] or values
    except ValueError:
        return values


def _take_grid(options: dict[str, Any]) -> dict[str, Any]:
    """Take the ranges out of the options; what is one number stays for the problem."""
    grid: dict[str, Any] = {}
    for name, kind in ((row.name, row.kind) for row in PROBLEM_OPTIONS):
        text = options[name]
        if name not in RANGED or text is None:
            continue
        if "(" not in text and (":" in text or "," in text):  # else a schedule's formula
            grid[name] = parse_range(text, name)
            # Flags ask for a momentum: that of the problem is the first of its range.
            options[name] = float(grid[name][0]) if name == "momentum" else None
        elif kind is not str:
            values = parse_range(text, name)
            options[name] = float(values[0])
    texts, options["named"] = split_named(options["named"]), []
    for name, text in texts.items():
        values = parse_range(text, "set")
        if len(values) > 1:
            grid[name] = values
        options["named"].append(f"{name}={float(values[0])!r}")
    time = parse_range(options.pop("time"), "time")
    grid["time"] = time if len(time) > 1 else float(time[0])
    return grid


for _parameter in command.params:
    if _parameter.name in (*RANGED, *WHOLE):
        _parameter.type = click.STRING
    if isinstance(_parameter, click.Option) and _parameter.name in WHOLE:
        _parameter.default = SIMULATED[_parameter.name]
