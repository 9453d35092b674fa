"""``bntheory integrate``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .options import output_options, problem_options, take_problem, time_options
from .report import Reporter, table


@click.command(
    "integrate",
    epilog=examples(
        "bntheory integrate --scheme wn --eta 0.5 --time 50 --fluctuations --output flow.png",
        "bntheory integrate --units 2 --teacher-units 2 --activation erf --scheme wn --time 200",
    ),
)
@problem_options
@time_options
@click.option("--rtol", default=1e-8, show_default=True, help="Relative error of a step.")
@click.option("--atol", default=1e-10, show_default=True, help="Absolute error of a step.")
@click.option(
    "--inertia",
    type=float,
    metavar="KAPPA",
    help="With --momentum: the flow at kappa = N (1 - momentum) held fixed as N grows.",
)
@click.option(
    "--scramblings",
    default=8,
    show_default=True,
    help="Of committees whose averages are sampled: independent sets of points.",
)
@click.option("--samples", type=int, help="Steps averaged at one state.  [default: by batch size]")
@click.option("--fluctuations", is_flag=True, help="Also the predicted spread of a run at --dim.")
@click.option(
    "--dim",
    default=1000,
    show_default=True,
    help="Input dimension N, for --fluctuations, and for a start that is drawn.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Seed of all random numbers, of a start that is drawn and of sampled flows.",
)
@click.option(
    "--runs", default=1, show_default=True, help="Independent runs, of whose mean it is the spread."
)
@output_options
def command(fluctuations: bool, dim: int, runs: int, **options: Any) -> None:
    """The flow of the order parameters over time.

    With --fluctuations also the standard deviation of one run and the shift of the runs' mean
    at N = dim, predicted without a simulation. Of several units (--units, --teacher-units) the
    overlap matrices, with standard errors where averages are sampled.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    from ..odes.flow.integrate import solve_any
    from ..odes.flow.trajectory import Flow
    from ..odes.fluctuations.spread import with_fluctuations
    from ..results.checks import integer
    from ..teacher_student.committee.checks import refuse_committees

    sampling = options.pop("scramblings"), options.pop("samples"), options.pop("seed")
    with bad_input():
        if fluctuations:
            refuse_committees(problem, "the predicted spread")
        if problem.several_units:
            integer("seed", sampling[2], 0, 2**31)
            options["dim"] = dim
        flow = solve_any(problem, sampling, **options, progress=reporter.progress)
        if fluctuations and isinstance(flow, Flow):
            flow = with_fluctuations(flow, dim, runs, reporter.progress)
    say = reporter.notice if flow.status == "complete" else reporter.warn
    say(flow.message)
    reporter.finish(flow, table(flow.columns()))
