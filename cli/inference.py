"""``bntheory inference``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .options import output_options, problem_options, take_problem
from .report import Reporter, table


@click.command(
    "inference",
    epilog=examples(
        "bntheory inference --activation identity --batch-size 8",
        "bntheory inference --at-q 0.9 --at-r 0.95 --running-momentum 0.3 --output errors.png",
    ),
)
@problem_options
@click.option("--at-q", type=float, help="The student's gamma.  [default: at the flow's end]")
@click.option("--at-r", type=float, help="Its overlap.  [default: at the flow's end]")
@click.option("--time", default=20.0, show_default=True, help="End of the flow, in steps / N.")
@output_options
def command(**options: Any) -> None:
    """The deployed error: own batch, population, running statistics.

    Of bn and mean-only-bn, at the end of the flow or at --at-q and --at-r.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    from ..experiments.inference.inference import inference

    with bad_input():
        found = inference(problem, **options, progress=reporter.progress)
    lines = [f"Q = {found.Q:.6g}, R = {found.R:.6g}, m = {found.statistics_size}, "
             f"rho = {found.running_momentum:g}", "", *table(found.columns()), ""]  # fmt: skip
    lines += table({name: [value] for name, value in found.moments.items()})
    reporter.finish(found, lines)
