"""``bntheory simulate``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .options import (
    check_simulation,
    force_option,
    output_options,
    problem_options,
    simulation_options,
    take_problem,
    time_options,
)
from .report import Reporter, table


@click.command(
    "simulate",
    epilog=examples(
        "bntheory simulate --scheme bn --batch-size 8 --dim 10000 --runs 16 --output runs.nc",
    ),
)
@problem_options
@time_options
@simulation_options
@click.option("--running", is_flag=True, help="Also running statistics, and the deployed error.")
@force_option
@output_options
def command(**options: Any) -> None:
    """Monte Carlo runs of teacher and student.

    Prints means and their standard errors (sem); files and JSON hold all quantities.

    After Ctrl-C the runs that were finished are saved and printed, and the exit status is 130.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    from ..teacher_student.online.simulate import simulated

    with bad_input():
        check_simulation(problem, options)
        runs = simulated(problem, **options, progress=reporter.progress)
    (reporter.warn if runs.status == "diverged" else reporter.notice)(runs.message)
    columns = {"t": runs.t}
    for name in ("Q", "R", "L", "error"):
        columns |= {name: runs.mean[name], f"{name} sem": runs.sem[name]}
    if "error_running" in runs.values:
        columns |= {"error_running": runs.mean["error_running"]}
    reporter.finish(runs, table(columns))
    if runs.status == "interrupted":
        raise KeyboardInterrupt
