"""``bntheory cnn``: train, resume, evaluate and compare convolutional networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input, option_name
from .cnn_inspect import inspect_command
from .examples import examples
from .need_torch import need_torch
from .options import output_options, quiet_and_json, report_option
from .report import Reporter, table

#: The fields of a recipe that are options: name, type, meaning. Defaults live in `Recipe` alone.
RECIPE_OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("data", str, "synthetic, fashion-mnist, or a folder (CIFAR-10, downsampled ImageNet, idx).  "
     "[default: synthetic]"),
    ("side", int, "Average images down to this height and width.  [default: 0, keep]"),
    ("train", int, "Training images.  [default: 0, all that validation leaves]"),
    ("validation", int, "Images held out of training.  [default: 1000]"),
    ("augment", bool, "Shift and mirror training images.  [default: false]"),
    ("model", str, "resnet8 resnet20 resnet18.  [default: resnet8]"),
    ("width", int, "Channels of the first stage, at least 8.  [default: the model's]"),
    ("norm", str, "bn ghost-bn:K pn pn:population:S pn:renorm pn:constant wn wn+mean-bn "
     "wn+var-bn none.  [default: bn]"),
    ("only", str, "Name of the one normalisation to replace (stages.1.bn2)."),
    ("warmup", float, "Share of the steps that renormalising PN trains as BN.  [default: 0.1]"),
    ("gamma_decay", str, "zeta of every layer, or auto:samples auto:positions auto:effective.  "
     "[default: 0]"),
    ("dropout", float, "Before the last layer.  [default: 0]"),
    ("start", str, "Folder of a run to take the weights of; BN is folded away for norm none."),
    ("steps", int, "Steps of SGD.  [default: 500]"),
    ("every", int, "Steps between judgements and checkpoints.  [default: 0, an epoch]"),
    ("batch_size", int, "Images a step, over all processes.  [default: 32]"),
    ("learning_rate", float, "At first.  [default: 0.05]"),
    ("momentum", float, "Of SGD.  [default: 0.9]"),
    ("weight_decay", float, "Of kernels.  [default: 0.0005]"),
    ("schedule", str, "constant cosine steps.  [default: cosine]"),
    ("seed", int, "Of weights, order, augmentation and dropout.  [default: 0]"),
    ("device", str, "auto cpu cuda cuda:N.  [default: auto]"),
    ("threads", int, "0: 1 on a CPU of fewer than 8 cores, else torch's choice."),
    ("precision", str, "fp32, or bf16 on CUDA.  [default: fp32]"),
    ("channels_last", bool, "Memory layout.  [default: true]"),
    ("compile", bool, "Compile the network.  [default: false]"),
    ("deterministic", bool, "Deterministic algorithms only.  [default: false]"),
)  # fmt: skip
RESULTS = ("step", "fit_loss", "validation_loss", "validation_accuracy", "test_loss",
           "test_accuracy", "gamma_squared", "penalty")  # fmt: skip


@click.group(
    "cnn",
    epilog=examples(
        "bntheory cnn train --norm pn --gamma-decay auto:positions --steps 50 --output runs/pn",
        "bntheory cnn compare --preset cpu",
    ),
)
def command() -> None:
    """Convolutional networks in PyTorch: BN against PN and gamma decay (needs the extra cnn)."""


command.add_command(inspect_command)


@command.command(
    "train",
    epilog=examples(
        "bntheory cnn train --norm ghost-bn:16 --steps 50 --output runs/ghost",
    ),
)
@click.option("--output", "folder", required=True, metavar="FOLDER", help="Where records go.")
@quiet_and_json
def train_command(folder: str, **options: Any) -> None:
    """Train a network, and keep config, metrics, layers and checkpoints in a folder."""
    reporter = Reporter(options, draws=False)
    need_torch()
    from ..cnn.recipe.recipe import Recipe

    with bad_input():
        given = {name: value for name, value in options.items() if value is not None}
        recipe = Recipe().change(**given)
        from ..cnn.runs.train import train

        _finish(reporter, train(recipe, folder, reporter.progress))


for _name, _kind, _help in reversed(RECIPE_OPTIONS):
    train_command = click.option(option_name(_name), _name, type=_kind, help=_help)(train_command)


@command.command(
    "resume",
    epilog=examples(
        "bntheory cnn resume runs/bn",
    ),
)
@click.argument("run", metavar="FOLDER")
@quiet_and_json
def resume_command(run: str, **options: Any) -> None:
    """Go on with a run from its last checkpoint, bit by bit as if it had not been broken off."""
    reporter = Reporter(options, draws=False)
    need_torch()
    from ..cnn.runs.train import resume

    with bad_input():
        _finish(reporter, resume(run, reporter.progress))


@command.command(
    "evaluate",
    epilog=examples(
        "bntheory cnn evaluate runs/bn --json",
    ),
)
@click.argument("run", metavar="FOLDER")
@quiet_and_json
def evaluate_command(run: str, **options: Any) -> None:
    """Losses and accuracies of a run's last checkpoint, with statistics of the population."""
    reporter = Reporter(options, draws=False)
    need_torch()
    from ..cnn.evaluation.inspect_run import evaluate

    with bad_input():
        _finish(reporter, evaluate(run))


@command.command(
    "layers",
    epilog=examples(
        "bntheory cnn layers runs/bn --bridge --output bridge.png",
    ),
)
@click.argument("run", metavar="FOLDER")
@click.option("--bridge", is_flag=True, help="Measured against predicted loss gap, by batch size.")
@output_options
def layers_command(run: str, bridge: bool, **options: Any) -> None:
    """Each layer of a run: gamma, kernels, kurtosis, predicted zeta; with --bridge the loss gap."""
    reporter = Reporter(options)
    need_torch()
    from ..cnn.evaluation.inspect_run import layers, loss_gaps

    with bad_input():
        found = loss_gaps(run, progress=reporter.progress) if bridge else layers(run)
    reporter.finish(found, table(found.columns(), rows=200))


@command.command(
    "compare",
    epilog=examples(
        "bntheory cnn compare --preset cpu",
        "bntheory cnn compare --preset smoke --store runs/smoke",
    ),
)
@click.option("--preset", default="cpu", show_default=True, help="smoke cpu full imagenet.")
@click.option("--store", metavar="FOLDER", help="Train, or go on with, the preset's runs there.")
@click.option("--save-records", metavar="FOLDER", help="Also write the runs' records, small.")
@output_options
@report_option
def compare_command(
    preset: str, store: str | None, save_records: str | None, **options: Any
) -> None:
    """Which of the paper's claims the runs of a preset show, and how surely.

    Without --store the records that come with the package are judged, and no torch is needed.
    """
    reporter = Reporter(options)
    records = records_of(preset, store, reporter.progress)
    from ..cnn.evaluation.claim_report import claim_report
    from ..cnn.evaluation.claims import LEVEL, judge_claims

    if save_records is not None:
        from pathlib import Path

        records.save(Path(save_records))
    found = judge_claims(records)
    reporter.notice(f"half_width: of the {LEVEL:.0%} interval over seeds (Student's t)")
    reporter.finish(found, [*table(found.columns(), rows=200), "", found.verdict()],
                    lambda: claim_report(found, records))  # fmt: skip


def records_of(preset: str, store: str | None, progress: Callable[[int, int], None]) -> Any:
    """The records of a preset: those that come with the package, or trained in a folder."""
    from ..cnn.recipe.presets import PRESETS

    with bad_input():
        if preset not in PRESETS:
            raise InputError("preset", preset, f"one of {' '.join(PRESETS)} is accepted", PRESETS)
        from ..cnn.evaluation.collection import collect, committed

        if store is None:
            return committed(preset)
        need_torch()
        from ..cnn.evaluation.campaign import train_preset

        train_preset(PRESETS[preset], store, progress)
        return collect(preset, store)


def _finish(reporter: Reporter, result: dict[str, Any]) -> None:
    import os

    from ..cnn.runs.records import Outcome

    if os.environ.get("RANK", "0") != "0":  # one of several processes speaks
        return

    shown = {name: [result[name]] for name in RESULTS if result.get(name) is not None}
    status = [f"status: {result['status']}"] if "status" in result else []
    reporter.finish(Outcome(result), [*table(shown), *status])
