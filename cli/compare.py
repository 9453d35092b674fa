"""``bntheory compare``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .kinds import Names, renamed
from .options import (
    check_simulation,
    force_option,
    output_options,
    problem_options,
    report_option,
    simulation_options,
    take_problem,
    time_options,
)
from .ranges import parse_range
from .report import Reporter, table

if TYPE_CHECKING:
    from ..experiments.verdict.committee_comparison import CommitteeComparison
    from ..experiments.verdict.comparison import Comparison

DISAGREE = 1


@click.command(
    "compare",
    epilog=examples(
        "bntheory compare --activation erf --scheme wn --eta 1.0 --output compare.png",
        "bntheory compare --scheme wn --plan 0.01 --time 10",
        "bntheory compare --approximation pn --batch-sizes 8,32,128 --output distance.png",
    ),
)
@problem_options
@time_options
@simulation_options
@force_option
@renamed(
    "--level", "--alpha", dest="alpha", default=0.01, show_default=True,
    help="Rate at which a true theory is rejected.",
)  # fmt: skip
@click.option(
    "--approximation",
    type=Names(["pn"]),
    help="Compare the exact flow with PN + gamma decay instead, over --batch-sizes.",
)
@click.option(
    "--batch-sizes", default="4,8,16,32,64,128", show_default=True, help="List of M, or a range."
)
@click.option(
    "--plan",
    "error",
    type=float,
    metavar="ERROR",
    help="Simulate nothing; say how many runs at which N detect this relative error of a drift.",
)
@click.option(
    "--power", default=0.9, show_default=True, help="How probably --plan is to detect it."
)
@click.option(
    "--picture",
    type=Names(["time", "scatter", "permutations"]),
    default="time",
    show_default=True,
    help="What --output draws: curves; the runs against their predicted scatter; or of several "
    "units their overlaps before and after renaming.",
)
@output_options
@report_option
def command(**options: Any) -> None:
    """Theory against simulation, with a verdict.

    The mean of the runs and their scatter are tested against what theory predicts at finite N.
    Exit status 0 if they agree, 1 if they disagree.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    batch_sizes = options.pop("batch_sizes")
    approximation, error, power = (options.pop(n) for n in ("approximation", "error", "power"))
    picture = options.pop("picture")
    if approximation is not None:
        _approximation(reporter, problem, approximation, batch_sizes, options)
        return
    if error is not None:
        _plan(reporter, problem, error, power, options)
        return
    from ..experiments.verdict.committee_comparison import CommitteeComparison
    from ..experiments.verdict.compare import compare

    with bad_input():
        check_simulation(problem, options)
        comparison = compare(problem, **options, progress=reporter.progress).showing(picture)
        if reporter.shows_all and not isinstance(comparison, CommitteeComparison):
            comparison.approximation  # noqa: B018  (solved here, where what it refuses is said)
    for road in (comparison.flow, comparison.runs):
        (reporter.notice if road.status == "complete" else reporter.warn)(road.message)
    if isinstance(comparison, CommitteeComparison):
        _committee(reporter, comparison)
    else:
        _one_unit(reporter, comparison)
    if comparison.runs.status == "interrupted":
        raise KeyboardInterrupt
    if not comparison.agree:
        sys.exit(DISAGREE)


def _one_unit(reporter: Reporter, comparison: Comparison) -> None:
    """What is printed of a student of one unit."""
    from ..experiments.reports import comparison_report

    columns = {"t": comparison.runs.t}
    for name in ("Q", "R", "L", "error"):
        columns |= {name: comparison.flow.values[name], f"{name} sim": comparison.runs.mean[name]}
    sizes = {name: abs(z[z == z]) for name, z in comparison.z.items()}
    deviations = ", ".join(f"{name} {z.max():.2f}" for name, z in sizes.items() if z.size)
    closing = f"largest deviations beyond the allowance, in standard errors: {deviations}"
    reporter.finish(comparison, [*table(columns), "", closing, comparison.verdict()],
                    lambda: comparison_report(comparison))  # fmt: skip


def _committee(reporter: Reporter, comparison: CommitteeComparison) -> None:
    """What is printed of a committee: error and specialisation, by both roads."""
    from ..experiments.reports import committee_report

    runs, flow = comparison.runs, comparison.flow
    columns = {"t": runs.t}
    for name in ("specialisation", "error"):
        columns |= {name: flow.values[name], f"{name} sim": runs.mean[name],
                    f"{name} sem": runs.sem[name]}  # fmt: skip
    reporter.finish(comparison, [*table(columns), "", comparison.verdict()],
                    lambda: committee_report(comparison))  # fmt: skip


def _approximation(
    reporter: Reporter, problem: Any, approximation: str, batch_sizes: str, options: dict[str, Any]
) -> None:
    from ..experiments.regularization.approximation import approximate
    from ..experiments.reports import simple_report
    from ..odes.flow.trajectory import FlowError

    with bad_input():
        try:
            found = approximate(
                problem,
                approximation=approximation,
                batch_sizes=parse_range(batch_sizes, "batch_sizes").tolist(),
                time=options["time"],
                points=options["points"],
                progress=reporter.progress,
            )
        except FlowError as error:
            raise ValueError(str(error)) from None
    caption = "How far the approximation is from the exact flow, against the batch size."
    reporter.finish(found, [*table(found.columns()), "", found.verdict()], lambda: simple_report(
        "An approximation of BN", found.verdict(), found, {"time": options["time"]}, caption,
    ))  # fmt: skip


def _plan(
    reporter: Reporter, problem: Any, error: float, power: float, options: dict[str, Any]
) -> None:
    from ..experiments.reports import simple_report
    from ..experiments.verdict.plan import plan
    from ..odes.flow.trajectory import FlowError

    chosen = {name: options[name] for name in ("alpha", "time")}
    with bad_input():
        try:
            found = plan(problem, error, power=power, **chosen, progress=reporter.progress)
        except FlowError as failed:
            raise ValueError(str(failed)) from None
        except InputError as failed:
            # What is the error of a drift there is the value of the option --plan here.
            name = "plan" if failed.parameter == "error" else failed.parameter
            raise InputError(name, failed.value, failed.reason) from None
    shown = {n: v for n, v in found.columns().items() if not n.startswith("remainder")}
    settings = {"relative error of a drift": error, "power": power, **chosen}
    reporter.finish(found, [*table(shown), "", found.advice()], lambda: simple_report(
        "Plan of a comparison", found.advice(), found, settings,
        "Runs that are needed against the input dimension, for each drift.",
    ))  # fmt: skip
