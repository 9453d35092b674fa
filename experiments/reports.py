"""What the reports of comparisons and sweeps say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..results.html_table import Table, digits_for
from ..results.report_page import Drawing, Report
from ..teacher_student.online.runs import QUANTITIES

if TYPE_CHECKING:
    from ..teacher_student.problem import Problem
    from .sweeps.result import Sweep
    from .verdict.committee_comparison import CommitteeComparison
    from .verdict.comparison import Comparison

#: Rows up to which a report shows all; of a longer table its caption says which are left.
ALL = 1000
#: Digits of numbers without a standard error: those that single precision would have.
DIGITS = 7
#: What symbols in equations stand for.
MEANING = (
    "Q scale, R overlap and L length of the student; time t = steps / N; η learning rate, r with "
    "index γ the rate of gamma, ζ gamma decay, λ weight decay, M batch size, S label noise."
)
AVERAGES = (
    "⟨ ⟩ averages over the fields: f of the student, v of the teacher, g the activation; in a "
    "batch û is the normalised field, ū and s are its mean and spread, and indices 1 and 2 tell "
    "two examples apart."
)


def comparison_report(comparison: Comparison) -> Report:
    """Verdict, picture, deviations, equations."""
    runs, flow = comparison.runs, comparison.flow
    settings = {"time": float(runs.t[-1]), "points": runs.t.size, "dim": runs.dim,
                "runs": runs.runs, "engine": runs.engine, "inputs": runs.inputs,
                "seed": runs.seed, "level of the verdict": comparison.alpha}  # fmt: skip
    pictures = [Drawing(
        "Theory, and simulated means with two standard errors, against time: scale Q, overlap R, "
        "length L and generalisation error.", comparison.showing("time").plot)]  # fmt: skip
    if comparison.predicted is not None:
        pictures.append(Drawing(
            "Single runs in the plane of scale Q and overlap R at some times, and the ellipse that "
            "holds 95% of them in theory.", comparison.showing("scatter").plot))  # fmt: skip
    tables = []
    for name in QUANTITIES:
        columns = {"t": runs.t, "theory": flow.values[name], "mean of runs": runs.mean[name],
                   "sem": runs.sem[name], "z": comparison.z[name]}  # fmt: skip
        tables.append(Table(f"{name}: sem is the standard error of the mean, z the deviation "
                            "beyond the allowance in such errors.", columns, ALL,
                            digits_for(runs.mean[name], runs.sem[name])))  # fmt: skip
    return Report(
        f"Theory against simulation: {runs.problem.scheme}, {runs.problem.activation}",
        comparison.verdict(), runs.problem.to_dict(), settings, *_equations(runs.problem),
        pictures, tables, (flow.message, runs.message),
    )  # fmt: skip


def committee_report(comparison: CommitteeComparison) -> Report:
    """Verdict, picture and deviations of a committee, equations."""
    runs = comparison.runs
    settings = {"time": float(runs.t[-1]), "points": runs.t.size, "dim": runs.dim,
                "runs": runs.runs, "engine": runs.engine, "inputs": runs.inputs,
                "seed": runs.seed, "level of the verdict": comparison.alpha}  # fmt: skip
    caption = (
        "Theory, and simulated means with two standard errors, against time: cosines between "
        "units of student and teacher, scales, specialisation and generalisation error."
    )
    what = (
        "By number: theory, mean, standard error, deviation beyond the allowance in such errors, "
        "and the allowance."
    )
    table = Table(what, comparison.columns(), ALL, DIGITS)
    return Report(
        f"Theory against simulation: {runs.problem.scheme}, {runs.problem.activation}",
        comparison.verdict(), runs.problem.to_dict(), settings, *_equations(runs.problem),
        [Drawing(caption, comparison.plot)], [table], (comparison.flow.message, runs.message),
    )  # fmt: skip


def sweep_report(sweep: Sweep) -> Report:
    """What the grid shows, its picture where it has one, its table and its failures."""
    from .sweeps.result import drawable

    problem, grid = sweep.problem, sweep.grid
    settings: dict[str, Any] = {} if sweep.time is None else {"time": sweep.time}
    made = sweep.to_dict()
    settings |= {n: made[n] for n in ("runs", "points", "engine", "inputs", "seed") if n in made}
    settings |= {name: _span(values) for name, values in grid.items()}
    fixed = {n: v for n, v in problem.to_dict().items() if n not in grid}
    what = "simulations" if sweep.simulated else "flows"
    pictures = []
    long = [name for name, values in grid.items() if len(values) > 1]
    if long and drawable(grid):
        caption = f"{', '.join(sweep.quantities)} against {' and '.join(long)}."
        pictures.append(Drawing(caption, sweep.plot))
    shown = {n: v for n, v in sweep.columns().items() if not n.endswith("_runs")}
    tables = [Table("One row a grid point.", shown, ALL, DIGITS)]
    if sweep.failed:
        columns = {name: [row[name] for row in sweep.failed] for name in sweep.failed[0]}
        tables.append(Table("Grid points that failed.", columns))
    return Report(
        f"Sweep of {what}: {problem.scheme}, {problem.activation}", sweep.verdict(), fixed,
        settings, *_equations(problem), pictures, tables,
    )  # fmt: skip


def simple_report(
    title: str, verdict: str, result: Any, settings: Mapping[str, Any], caption: str
) -> Report:
    """The report of a result with a problem, columns and, if it is drawn, one picture."""
    problem: Problem = result.problem
    pictures = [Drawing(caption, result.plot)] if hasattr(result, "plot") else []
    return Report(
        f"{title}: {problem.scheme}, {problem.activation}", verdict, problem.to_dict(), settings,
        *_equations(problem), pictures, (Table("All its numbers.", result.columns(), ALL, DIGITS),),
    )  # fmt: skip


def _equations(problem: Problem) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The flow's equations, and what their symbols mean; nothing for a scheme without a flow."""
    from ..odes.equations.committees import CommitteeEquations
    from ..odes.equations.formats import derive

    try:
        derived = derive(problem)
    except ValueError:
        return {}, ()
    if isinstance(derived, CommitteeEquations):
        return {}, (derived.text(),)
    words = (" ".join(derived.preamble()), MEANING)
    math = derived.mathml()
    return math, (*words, AVERAGES) if any("⟨" in text for text in math.values()) else words


def _span(values: Any) -> str:
    if len(values) <= 4:
        return ", ".join(f"{v:g}" for v in values)
    return f"{values[0]:g} to {values[-1]:g} ({len(values)} values)"
