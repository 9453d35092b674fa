"""``bntheory simulate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .kinds import Names
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

if TYPE_CHECKING:
    from ..teacher_student.online.runs import Runs

#: Most cosines of a committee that a table has room for.
FEW_COSINES = 4


@click.command(
    "simulate",
    epilog=examples(
        "bntheory simulate --scheme bn --batch-size 8 --dim 10000 --runs 16 --output runs.nc",
        "bntheory simulate --units 2 --teacher-units 2 --activation erf --scheme wn --runs 8",
    ),
)
@problem_options
@time_options
@simulation_options
@click.option(
    "--matched",
    is_flag=True,
    help="Of several units: rename them in every run to the teachers that they learn. A start that "
    "is drawn does so by itself.",
)
@click.option(
    "--picture",
    type=Names(["time", "permutations"]),
    default="time",
    show_default=True,
    help="What --output draws: curves, or of several units overlaps before and after renaming.",
)
@click.option("--running", is_flag=True, help="Also running statistics, and the deployed error.")
@force_option
@output_options
def command(**options: Any) -> None:
    """Monte Carlo runs of teacher and student.

    Prints means and their standard errors (sem); files and JSON hold all quantities. Of several
    units it prints cosines with the teachers where they are few, specialisation and error.

    After Ctrl-C the runs that were finished are saved and printed, and the exit status is 130.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    matched, picture = options.pop("matched"), options.pop("picture")
    from ..teacher_student.online.committee.runs import CommitteeRuns
    from ..teacher_student.online.simulate import simulated

    with bad_input():
        check_simulation(problem, options)
        if not problem.several_units and (matched or picture != "time"):
            reason = "names of units are there for several; units or teacher_units above 1"
            raise InputError("units", problem.units, f"{reason} is accepted")
        runs = simulated(problem, **options, progress=reporter.progress)
    if isinstance(runs, CommitteeRuns):
        runs = (runs.matched() if matched else runs).showing(picture)
        reporter.notice(runs.names())
    (reporter.warn if runs.status == "diverged" else reporter.notice)(runs.message)
    reporter.finish(runs, table(_columns(runs)))
    if runs.status == "interrupted":
        raise KeyboardInterrupt


def _columns(runs: Runs) -> dict[str, Any]:
    """The printed columns: means, and where there is room their standard errors."""
    columns: dict[str, Any] = {"t": runs.t}
    names: tuple[str, ...] = ("Q", "R", "L", "error")
    if runs.problem.several_units:
        from ..teacher_student.committee.order import entries

        cosines = entries("R", runs.mean["R"])
        columns |= dict(cosines if len(cosines) <= FEW_COSINES else [])
        names = ("specialisation", "error")
    for name in names:
        columns |= {name: runs.mean[name], f"{name} sem": runs.sem[name]}
    if "error_running" in runs.values:
        columns |= {"error_running": runs.mean["error_running"]}
    return columns
