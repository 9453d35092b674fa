"""``bntheory generalization``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .examples import examples
from .keeping import KEEPING, take_mode
from .kinds import Names, renamed
from .options import force_option, output_options
from .ranges import parse_range
from .report import Reporter, table


def study_options(command: Any) -> Any:
    """Add what a simulation on training sets needs."""
    for option in (
        *KEEPING,
        click.option("--seed", default=0, show_default=True, help="Seed of all random numbers."),
        click.option(
            "--method",
            type=Names(["sgd", "full-batch"]),
            default="sgd",
            show_default=True,
            help="sgd, or full-batch: the exact minimum (identity) or L-BFGS (relu).",
        ),
        renamed(
            "--initial-weights",
            "--start",
            dest="start",
            type=Names(["xty", "random"]),
            default="xty",
            show_default=True,
            help="Students begin along X^T y, or at random.",
        ),
        click.option("--epochs", default=1000, show_default=True, help="Most passes, with sgd."),
        click.option(
            "--runs", default=8, show_default=True, help="Independent runs: training sets a load."
        ),
        click.option("--dim", default=200, show_default=True, help="Input dimension N."),
        click.option(
            "--simulate", is_flag=True, help="Simulate: also train students at every load."
        ),
    ):
        command = option(command)
    return command


@click.command(
    "generalization",
    epilog=examples(
        "bntheory generalization --student relu --zeta 0.25 --alpha 0.5:8:16 --output g.png",
        "bntheory generalization --against epochs --alpha 1 --simulate --output stop.png",
    ),
)
@click.option(
    "--student",
    type=Names(["identity", "relu"]),
    default="identity",
    show_default=True,
    help="Activation of teacher and student.",
)
@click.option(
    "--scheme",
    type=Names(["sgd", "wn", "pn", "bn"]),
    default="wn",
    show_default=True,
    help="Name: sgd, wn (gamma decay: ridge), pn (statistics of the training set), or bn.",
)
@click.option("--alpha", default="0.2:5:25", show_default=True, help="Loads P/N: a range.")
@click.option("--zeta", type=float, help="Gamma decay >= 0.  [default: 0; section 2's for pn]")
@click.option("--noise", default=0.25, show_default=True, help="Label-noise variance S >= 0.")
@click.option("--batch-size", type=int, help="Batch size M.  [default: 32; 1 for sgd, wn]")
@click.option(
    "--decay-per",
    type=Names(["sum", "example"]),
    default="sum",
    show_default=True,
    help="sum: lambda = zeta against the summed loss. example: lambda = alpha zeta.",
)
@click.option(
    "--against",
    type=Names(["load", "epochs"]),
    default="load",
    show_default=True,
    help="load, or epochs: the time course of one load (identity, with --zeta as weight decay).",
)
@study_options
@force_option
@output_options
def command(against: str, **options: Any) -> None:
    """Generalisation error against load, for students trained on P = alpha N examples.

    Theory is exact for identity students and replica symmetric for relu ones; loads where it is no
    prediction are named. Against epochs: where early stopping is best.
    """
    reporter = Reporter(options)
    with bad_input():
        if options["store"] is not None and not (options["simulate"] and against == "load"):
            raise InputError("store", options["store"], "accepted with --simulate against load")
        _check_size(options)
        (_against_load if against == "load" else _against_epochs)(reporter, options)


def _check_size(options: dict[str, Any]) -> None:
    """Refuse a study that takes too long, or too much memory, unless it is forced."""
    if options.pop("force") or not options["simulate"]:
        return
    from ..experiments.cost import check_cost, training_cost

    loads = parse_range(options["alpha"], "alpha")
    sizes = {name: options[name] for name in ("dim", "runs", "epochs")}
    check_cost(training_cost(loads=loads, **sizes), sizes)


def _against_epochs(reporter: Reporter, options: dict[str, Any]) -> None:
    from ..experiments.finite_data.early_stopping import early_stopping
    from ..finite_load.student import choice

    loads = parse_range(options["alpha"], "alpha")
    if len(loads) != 1:
        raise InputError("alpha", options["alpha"], "against epochs, one load is accepted")
    choice("student", options["student"], ("identity",))
    choice("method", options["method"], ("sgd",))
    choice("decay_per", options["decay_per"], ("sum",))
    names = ("noise", "epochs", "simulate", "dim", "runs", "seed")
    chosen = {name: options[name] for name in names}
    decay = options["zeta"] or 0.0
    result = early_stopping(float(loads[0]), decay=decay, progress=reporter.progress, **chosen)
    best = result.course.stop()
    reporter.notice(f"best stop: epoch {best.tau / result.rate:.4g}, error {best.error:.4g}")
    reporter.finish(result, table(result.columns()))


def _against_load(reporter: Reporter, options: dict[str, Any]) -> None:
    simulated, store = options.pop("simulate"), options["store"]
    mode = take_mode(options)
    del options["store"]
    sizes = {
        name: options.pop(name) for name in ("dim", "runs", "epochs", "method", "start", "seed")
    }
    from ..experiments.finite_data.study import GeneralizationStudy, study
    from ..experiments.finite_data.training_work import Settings
    from ..finite_load.curve import generalization

    alpha = parse_range(options.pop("alpha"), "alpha")
    theory = generalization(options.pop("student"), alpha, **options)
    result = GeneralizationStudy(theory)
    if simulated:
        with reporter.logged():
            result = study(theory, settings=Settings(**sizes), store=store, mode=mode,
                           progress=reporter.progress)  # fmt: skip
    reporter.notice(theory.message)
    reporter.finish(result, table(result.columns()))
