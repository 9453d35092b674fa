"""``bntheory regularization``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .kinds import FILE, renamed
from .options import output_options, problem_options, take_problem
from .report import Reporter, table


@click.command(
    "regularization",
    epilog=examples(
        "bntheory regularization --batch-size 8 --examples 1000000 --output zeta.png",
        "bntheory regularization --preactivations preactivations.npy --output neurons.csv",
    ),
)
@problem_options
@click.option(
    "--kurtosis", type=float, help="Excess kurtosis of the pre-activations, > -2.  [default: 0]"
)
@renamed(
    "--preactivations", "--data", dest="data", metavar="FILE", type=FILE,
    help="Recorded pre-activations, .npy or .csv, one column a neuron.",
)  # fmt: skip
@click.option("--examples", type=int, help="Fields drawn for the measurement.  [default: 4000000]")
@click.option("--seed", type=int, help="Seed of all random numbers.  [default: 0]")
@output_options
def command(**options: Any) -> None:
    """Zeta of BN by source, against the measured loss gap.

    With --preactivations the zeta of every neuron of a recorded layer.
    """
    reporter = Reporter(options)
    problem = take_problem(options)
    data = options.pop("data")
    given = {name: value for name, value in options.items() if value is not None}
    from ..experiments.regularization.gamma import regularization
    from ..experiments.regularization.neuron import neuron_regularization

    with bad_input():
        if data is None:
            found = regularization(problem, **given)
        else:
            for name, value in given.items():
                raise InputError(name, value, "accepted without --preactivations")
            layer = neuron_regularization(problem, data, progress=reporter.progress)
    if data is not None:
        reporter.warn(layer.message)
        reporter.finish(layer, table(layer.columns()))
        return
    reporter.finish(found, _lines(found.to_dict()))


def _lines(values: dict[str, Any]) -> list[str]:
    """A number a line, to six digits, with its standard error where it was sampled."""
    lines = []
    for name, value in values.items():
        if name.endswith("_sem"):
            continue
        shown = f"{value:.6g}" if isinstance(value, float) else value
        error = values.get(f"{name}_sem")
        lines.append(f"{name:20s} {shown}" + (f" ± {error:.2g}" if error is not None else ""))
    return lines
