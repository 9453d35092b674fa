"""``bntheory compare``."""

from __future__ import annotations

import sys
from typing import Any

import rich_click as click

from .options import (
    bad_input,
    output_options,
    problem_options,
    simulation_options,
    take_problem,
    time_options,
)
from .report import Reporter, table

DISAGREE = 1


@click.command("compare")
@problem_options
@time_options
@simulation_options
@click.option(
    "--alpha", default=0.01, show_default=True, help="Rate at which a true theory is rejected."
)
@output_options
def command(**options: Any) -> None:
    """Theory against simulation, with a verdict.

    Exit status 0 if they agree, 1 if they disagree.

    \b
    Example:
      bntheory compare --activation erf --scheme wn --eta 1.0 --output compare.png
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    from ..experiments.compare import compare

    with bad_input():
        comparison = compare(problem, **options, progress=reporter.progress)
    for message in (comparison.flow.message, comparison.runs.message):
        reporter.notice(message)
    columns = {"t": comparison.runs.t}
    for name in ("Q", "R", "L", "error"):
        columns |= {name: comparison.flow.values[name], f"{name} sim": comparison.runs.mean[name]}
    largest = {name: abs(z).max() for name, z in comparison.z.items()}
    deviations = ", ".join(f"{name} {z:.2f}" for name, z in largest.items())
    closing = f"largest deviations beyond the allowance, in standard errors: {deviations}"
    reporter.finish(comparison, [*table(columns), "", closing, comparison.verdict()])
    if not comparison.agree:
        sys.exit(DISAGREE)
