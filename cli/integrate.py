"""``bntheory integrate``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .options import bad_input, output_options, problem_options, take_problem, time_options
from .report import Reporter, table


@click.command("integrate")
@problem_options
@time_options
@click.option("--rtol", default=1e-8, show_default=True, help="Relative error of a step.")
@click.option("--atol", default=1e-10, show_default=True, help="Absolute error of a step.")
@output_options
def command(**options: Any) -> None:
    """The flow of the order parameters over time.

    \b
    Example:
      bntheory integrate --scheme wn --eta 0.5 --time 50 --output flow.png
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    from ..odes.flow import integrate

    with bad_input():
        flow = integrate(problem, **options, progress=reporter.progress)
    reporter.notice(flow.message)
    reporter.finish(flow, table(flow.columns()))
