"""``bntheory advise``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from ..results.errors import InputError
from ..teacher_student.parameters import ACTIVATION_NAMES
from .bad_input import bad_input
from .completed import completing
from .examples import examples
from .kinds import FILE, renamed
from .options import output_options
from .report import Reporter, table

if TYPE_CHECKING:
    from ..experiments.advice.advise import Advice
    from ..experiments.advice.rows import AdviceRow

#: Options by name: their type, and their help.
OPTIONS: dict[str, tuple[type, str]] = {
    "batch_size": (int, "Batch size M: examples of a step.  [default: 32]"),
    "statistics_size": (int, "Examples m that share batch statistics.  [default: the batch size]"),
    "learning_rate": (float, "Learning rate of a step, of weights and gamma.  [default: 0.1]"),
    "momentum": (
        float,
        "Momentum of weights and gamma, as torch's, from 0 to below 1.  [default: 0]",
    ),
    "weight_decay": (float, "Weight decay lambda, as torch's SGD.  [default: 0]"),
    "fan_in": (int, "Fan-in N of a unit, of inputs of variance 1.  [default: 512]"),
    "steps_per_epoch": (float, "Steps an epoch."),
    "start_norm": (float, "Length of a unit's weights at the start.  [default: 1]"),
    "activation": (str, f"Name ({ACTIVATION_NAMES}) or formula in h.  [default: relu]"),
    "noise": (
        float,
        "Label-noise variance S >= 0, of a teacher's field of variance 1.  [default: 0]",
    ),
    "kurtosis": (float, "Excess kurtosis of the pre-activations, > -2.  [default: 0]"),
    "data": (str, "Recorded pre-activations, .npy or .csv, one column a neuron."),
    "running_momentum": (float, "rho of the running statistics, in (0, 1].  [default: 0.1]"),
}


def training_options(command: Any) -> Any:
    """Add the settings of a training script to a command."""
    for name, (kind, told) in reversed(OPTIONS.items()):
        completed = completing(*ACTIVATION_NAMES.split()) if name == "activation" else None
        if name == "data":
            command = renamed("--preactivations", "--data", dest="data", type=FILE,
                              metavar="FILE", help=told)(command)  # fmt: skip
            continue
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, type=kind, help=told, shell_complete=completed)(command)
    return command


@click.command(
    "advise",
    epilog=examples(
        "bntheory advise --batch-size 32 --learning-rate 0.1 --momentum 0.9 --weight-decay 0.0005 "
        "--fan-in 576 --change batch-size=8",
        "bntheory advise --batch-size 32 --weight-decay 0.001 --output advice.png",
    ),
)
@training_options
@click.option(
    "--change", multiple=True, metavar="NAME=VALUE",
    help="Tell also what changes with it, e.g. batch-size=8; may be given many times.",
)  # fmt: skip
@output_options
def command(change: tuple[str, ...], **options: Any) -> None:
    """What the theory says of a training script's settings.

    Zeta, gamma, the train/eval gap; with weight decay rotation, effective rate and steps to
    equilibrium: each with its validity and the command that derives it.
    """
    reporter = Reporter(options)
    given = {name: options.pop(name) for name in OPTIONS}
    from ..experiments.advice.advise import advise
    from ..experiments.advice.training import NetworkTraining

    with bad_input():
        changes = dict(_parsed(text) for text in change)
        training = NetworkTraining(**{n: v for n, v in given.items() if v is not None})
        found = advise(training, change=changes, progress=reporter.progress)
    reporter.finish(found, _lines(found))


def _parsed(text: str) -> tuple[str, Any]:
    """``batch-size=8`` as a name and a value of its type."""
    name, equals, value = text.partition("=")
    name = name.strip().removeprefix("--").replace("-", "_")
    if not equals or name not in OPTIONS:
        known = [option.replace("_", "-") for option in OPTIONS]
        reason = f"NAME=VALUE is accepted, NAME one of {' '.join(known)}"
        raise InputError("change", text.partition("=")[0] if equals else text, reason, known)
    kind = OPTIONS[name][0]
    try:
        return name, kind(value)
    except ValueError:
        accepted = "a whole number" if kind is int else "a number"
        raise InputError(name, value, f"{accepted} is accepted") from None


def _lines(found: Advice) -> list[str]:
    """The numbers as a table, then what each rests on."""
    shown = ("quantity", "value", "changed", "ratio", "unit")
    columns = {name: values for name, values in found.columns().items() if name in shown}
    ordered = {name: columns[name] for name in shown if name in columns}
    lines = [found.translation(), "", *table(ordered, len(found.rows))]
    for row in found.rows:
        lines += ["", f"{row.quantity} ({row.symbol}): {row.validity}", *_derived(row)]
    for row in found.changed_rows:
        lines += ["", f"{row.quantity}, changed: {'' if row.command else row.validity}".rstrip()]
        lines += _derived(row)
    return lines


def _derived(row: AdviceRow) -> list[str]:
    """The command, and what to read in its JSON."""
    times = f", times {row.factor:.6g}" if row.factor != 1.0 else ""
    return [f"  $ {row.command}  # {row.key}{times}"] if row.command else []
