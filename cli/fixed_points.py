"""``bntheory fixed-points``."""

from __future__ import annotations

import sys
from typing import Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .options import force_option, output_options, problem_options, take_problem
from .ranges import parse_range
from .report import Reporter, table

DISAGREE = 1
COLUMNS = ("Q", "R", "L", "kind", "stable", "eta_eff", "eta_max", "slow_rate", "fast_rate",
           "residual")  # fmt: skip
COMMITTEE_COLUMNS = ("name", "kind", "stable", "R_11", "R_12", "rho", "error", "eta_eff",
                     "escape_rate", "relative_rate", "residual")  # fmt: skip


@click.command(
    "fixed-points",
    epilog=examples(
        "bntheory fixed-points --scheme wn --eta 1.0",
        "bntheory fixed-points --units 2 --teacher-units 2 --activation erf --scheme wn",
        "bntheory fixed-points --table --activation identity",
        "bntheory fixed-points --scheme pn --follow zeta:0:1 --output branches.png",
    ),
)
@problem_options
@click.option("--table", "as_table", is_flag=True, help="The paper's Table 1: BN, WN, SGD.")
@click.option("--check", is_flag=True, help="Find eta_max (and a decay's equilibrium) by chain.")
@click.option("--follow", metavar="NAME:RANGE", help="Follow all points, e.g. zeta:0:1:21.")
@click.option("--dim", type=int, help="Input dimension N, of --check.  [default: 20000]")
@click.option("--runs", type=int, help="Independent runs, of --check.  [default: 256]")
@click.option(
    "--seed", default=0, show_default=True, help="Seed of all random numbers, of --check."
)
@force_option
@output_options
def command(**options: Any) -> None:
    """Where training ends: fixed points and attractors, stability, eta_eff and eta_max.

    Of several units (--units, --teacher-units) the plateau, with the rate at which it is left, and
    the specialised point.

    Exit status 0; with --check 1 if theory and simulation disagree.
    """
    follow = options.pop("follow")
    as_table, check = options.pop("as_table"), options.pop("check")
    force = options.pop("force")
    if as_table + check + (follow is not None) > 1:
        raise click.UsageError("--table, --check, --follow: one of them at a time is accepted")
    reporter = Reporter(options, draws=not as_table)
    problem = take_problem(options)
    with bad_input():
        if as_table:
            from ..odes.equilibria.table_one import table_one

            made = table_one(problem)
            reporter.finish(made, made.lines())
        elif follow is not None:
            _follow(problem, follow, reporter)
        else:
            if check and not force:
                _check_size(problem, options)
            _points(problem, reporter, options if check else None)


def _check_size(problem: Any, options: dict[str, Any]) -> None:
    """Refuse a check that takes too long: some fifty simulations of a short time."""
    from ..experiments.cost import check_cost, simulation_cost

    dim, runs = options["dim"] or 20_000, options["runs"] or 256
    cost = simulation_cost(problem, dim=dim, runs=50 * runs, time=0.1, points=2, engine="chain")
    check_cost(cost, {"dim": dim, "runs": runs})


def _points(problem: Any, reporter: Reporter, check: dict[str, Any] | None) -> None:
    if problem.several_units:
        _committee(problem, reporter, check)
        return
    from ..odes.equilibria.fixed_points import fixed_points

    found = fixed_points(problem)
    rows = [point.to_dict() for point in found.points]
    lines = table({name: [row[name] for row in rows] for name in COLUMNS}) if rows else []
    lines += ["", found.summary()]
    if check is None:
        reporter.finish(found, lines)
        return
    from ..experiments.checks.fixed_points import check_fixed_points

    numbers = {name: value for name, value in check.items() if value is not None}
    checked = check_fixed_points(found, progress=reporter.progress, **numbers)
    reporter.finish(checked, [*lines, *checked.lines()])
    if not checked.agree:
        sys.exit(DISAGREE)


def _committee(problem: Any, reporter: Reporter, check: dict[str, Any] | None) -> None:
    """The plateau and the specialised point of several units."""
    from ..odes.committee.fixed_points import committee_fixed_points
    from ..teacher_student.committee.checks import refuse_committees

    if check is not None:
        refuse_committees(problem, "the check by simulation")
    found = committee_fixed_points(problem, progress=reporter.progress)
    columns = {name: found.columns()[name] for name in COMMITTEE_COLUMNS}
    reporter.finish(found, [*table(columns), "", found.summary()])


def _follow(problem: Any, text: str, reporter: Reporter) -> None:
    from ..odes.equilibria.continuation import follow

    name, _, values = text.partition(":")
    name = name.replace("-", "_")
    if values.count(":") == 1:
        values += ":41"
    try:
        numbers = parse_range(values, name)
    except InputError:
        accepted = "NAME:START:STOP, NAME:START:STOP:NUM or NAME:START:STOP:NUM:log is accepted"
        raise InputError("follow", text, accepted) from None
    path = follow(problem, name, numbers)
    lines = table(path.columns(), rows=41)
    marks = [f"{path.parameter} = {m.value:.6g}: branch {m.branch} {m.change}"
             for m in path.bifurcations]  # fmt: skip
    reporter.finish(path, [*lines, "", *(marks or ["no bifurcations"])])
