"""``bntheory inference``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from .bad_input import bad_input, option_name
from .examples import examples
from .options import ENGINES, output_options, problem_options, take_problem
from .report import Reporter, table

if TYPE_CHECKING:
    from ..experiments.inference.inference import Inference
    from ..experiments.inference.over_time import InferenceOverTime

#: Options of errors along the flow, and of a state.
ALONG, STATE = ("points", "dim", "runs", "engine", "seed"), ("at_q", "at_r")


@click.command(
    "inference",
    epilog=examples(
        "bntheory inference --activation identity --batch-size 8",
        "bntheory inference --at-q 0.9 --at-r 0.95 --running-momentum 0.3 --output errors.png",
        "bntheory inference --activation identity --batch-size 8 --running-rate 0.5 --over-time",
    ),
)
@problem_options
@click.option("--at-q", type=float, help="The student's gamma.  [default: at the flow's end]")
@click.option("--at-r", type=float, help="Its overlap.  [default: at the flow's end]")
@click.option("--time", default=20.0, show_default=True, help="End of the run, in steps / N.")
@click.option("--over-time", is_flag=True, help="The errors along the flow, and those of runs.")
@click.option("--points", type=int, help="Number of stored times, along the flow.  [default: 21]")
@click.option(
    "--dim",
    type=int,
    help="Input dimension N, along the flow.  [default: infinite; 1000 with runs]",
)
@click.option("--runs", type=int, help="Independent runs, beside the flow.  [default: 0]")
@click.option(
    "--engine",
    type=ENGINES,
    help="chain (exact reduced chain) or vectors (N-dimensional vectors).  [default: chain]",
)
@click.option("--seed", type=int, help="Seed of all random numbers.  [default: 0]")
@output_options
def command(**options: Any) -> None:
    """The deployed error: own batch, population, running statistics.

    Of bn, mean-only-bn and var-only-bn, at the end of the flow, at --at-q and --at-r, or over time.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    over_time = options.pop("over_time")
    refused = {name: options.pop(name) for name in (STATE if over_time else ALONG)}
    for name, value in refused.items():
        if value is not None:
            word = "without" if over_time else "with"
            message = f"{option_name(name)}={value!r}: accepted {word} --over-time"
            raise click.UsageError(message)
    given = {name: value for name, value in options.items() if value is not None}
    with bad_input():
        if over_time:
            from ..experiments.inference.over_time import inference_over_time

            curves = inference_over_time(problem, **given, progress=reporter.progress)
            reporter.finish(curves, _curves(curves))
        else:
            from ..experiments.inference.inference import inference

            found = inference(problem, **given, progress=reporter.progress)
            reporter.finish(found, _found(found))


def _found(found: Inference) -> list[str]:
    rate = found.running_rate
    memory = f"rho = {found.running_momentum:g}" if rate is None else f"N rho = {rate:g}"
    lines = [f"Q = {found.Q:.6g}, R = {found.R:.6g}, m = {found.statistics_size}, {memory}", ""]
    lines += [*table(found.columns()), ""]
    return lines + table({name: [value] for name, value in found.moments.items()})


def _curves(found: InferenceOverTime) -> list[str]:
    columns = {"t": found.t, **found.values}
    columns |= {f"{name} z": own.z for name, own in found.measured.items()}
    return table(columns)
