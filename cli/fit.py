"""``bntheory fit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .kinds import FILE
from .options import output_options, problem_options, take_problem
from .report import Reporter, table

if TYPE_CHECKING:
    from ..experiments.fitting.fit import Fit

#: The exit status of a sweep of which some points failed, too.
NOT_CONVERGED = 3


@click.command(
    "fit",
    epilog=examples(
        "bntheory fit runs.nc --over zeta --scheme wn --activation identity --output fit.png",
        'bntheory fit curve.csv --over c --fit-to R --scheme wn --activation "tanh(c*h)" --set c=1',
    ),
)
@click.argument("data", metavar="DATA", type=FILE)
@click.option(
    "--over",
    required=True,
    metavar="NAME,...",
    help="What is fitted: zeta, eta and other numbers of the problem, or your own (--set).",
)
@click.option(
    "--fit-to",
    "quantity",
    metavar="NAME,...",
    help="Of Q, R, L, error, what is fitted to.  [default: all that DATA have]",
)
@problem_options
@output_options
def command(data: str, **options: Any) -> None:
    """Numbers of a problem from a measured curve, by least squares.

    DATA is a result that was saved (.nc .json .csv of simulate or integrate), or a .csv with
    columns t (steps / N), some of Q R L error, and Q_sem R_sem ... where they are known. The
    problem's own values of what is fitted are where the search begins.

    Exit status 3: the search did not converge.
    """
    reporter = Reporter(options)
    over, quantity = options.pop("over"), options.pop("quantity")
    problem = take_problem(options)
    from ..experiments.fitting.fit import fit

    with bad_input():
        found = fit(problem, data, over=over, quantity=quantity)
    reporter.finish(found, [*table(_rows(found)), "", *_said(found)])
    if found.status != "complete":
        raise SystemExit(NOT_CONVERGED)


def _rows(found: Fit) -> dict[str, Any]:
    columns = dict(found.columns())
    return {name.replace("_", " "): values for name, values in columns.items()}


def _said(found: Fit) -> list[str]:
    """What the standard errors rest on, and how well the curve fits."""
    if found.from_runs:
        basis = "standard errors: from the scatter of the runs"
    elif found.weighted:
        basis = "standard errors: of independent points with the given ones"
    else:
        basis = "standard errors: of independent points that scatter alike"
    said = [found.verdict(), basis]
    if found.message:
        said.append(found.message)
    return said
