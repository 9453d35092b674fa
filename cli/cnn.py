"""``bntheory cnn``: train, resume, evaluate and compare convolutional networks."""

from __future__ import annotations

from typing import Any

import rich_click as click

from ..results.errors import InputError
from .bad_input import bad_input
from .cnn_inspect import inspect_command
from .examples import examples
from .kinds import FOLDER, Names, Place
from .need_torch import need_torch
from .network_records import records_of
from .options import output_options, quiet_and_json, report_option
from .recipe_options import TrainCommand, recipe_options
from .report import Reporter, table

DATA = ("synthetic", "fashion-mnist")
PRESET_NAMES = ("smoke", "cpu", "full", "imagenet")
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
    cls=TrainCommand,
    epilog=examples(
        "bntheory cnn train --norm ghost-bn:16 --steps 50 --output runs/ghost",
    ),
)
@recipe_options
@click.option("--output", "folder", required=True, metavar="FOLDER", type=FOLDER,
              help="Save to: a folder, with records and checkpoints.")  # fmt: skip
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


@command.command(
    "resume",
    epilog=examples(
        "bntheory cnn resume runs/bn",
    ),
)
@click.argument("run", metavar="FOLDER", type=FOLDER)
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
@click.argument("run", metavar="FOLDER", type=FOLDER)
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
@click.argument("run", metavar="FOLDER", type=FOLDER)
@click.option("--bridge", is_flag=True, help="Measured against predicted loss gap, by batch size.")
@click.option(
    "--seen",
    type=int,
    help="With --bridge: images that each gap is measured on.  "
    "[default: up to 2048, so that a layer takes seconds]",
)
@output_options
def layers_command(run: str, bridge: bool, seen: int | None, **options: Any) -> None:
    """Each layer of a run: gamma, kernels, kurtosis, predicted zeta; with --bridge the loss gap."""
    reporter = Reporter(options)
    need_torch()
    from ..cnn.evaluation.inspect_run import layers, loss_gaps

    with bad_input():
        if seen is not None and not bridge:
            raise InputError("seen", seen, "it is accepted with --bridge only")
        found = loss_gaps(run, seen=seen, progress=reporter.progress) if bridge else layers(run)
    reporter.finish(found, table(found.columns(), rows=200))


@command.command(
    "pack",
    epilog=examples(
        "bntheory cnn pack synthetic --output packed",
        "bntheory cnn train --data packed --steps 20 --output runs/packed",
    ),
)
@click.argument("data", metavar="DATA", type=Place("dir", DATA))
@click.option(
    "--output",
    "folder",
    required=True,
    metavar="FOLDER",
    type=FOLDER,
    help="Save to: a folder, a new or empty one.",
)
@quiet_and_json
def pack_command(data: str, folder: str, **options: Any) -> None:
    """Write a data set losslessly small: WebP pictures of tiled images, read by --data FOLDER.

    For machines that are cut off from the network. CIFAR-10 becomes six files of 16.3 MiB.
    """
    reporter = Reporter(options, draws=False)
    from ..cnn.data.data import load_raw
    from ..cnn.data.packs import pack
    from ..cnn.runs.records import Outcome

    with bad_input():
        found = pack(load_raw(data), folder)
    shown = {"file": found["files"], "bytes": found["bytes"]}
    reporter.finish(Outcome(found), [*table(shown, rows=200), f"SHA-256 {found['checksum']}"])


@command.command(
    "compare",
    epilog=examples(
        "bntheory cnn compare --preset cpu",
        "bntheory cnn compare --preset smoke --store runs/smoke",
        "bntheory cnn compare --preset smoke --store runs/smoke --minutes 0.2",
    ),
)
@click.option(
    "--preset", type=Names(PRESET_NAMES), default="cpu", show_default=True, help="Preset."
)
@click.option(
    "--store",
    metavar="FOLDER",
    type=FOLDER,
    help="Keep finished work there; the same command resumes.",
)
@click.option("--minutes", type=float, help="Train so long at most; the same command goes on.")
@click.option(
    "--data",
    metavar="DATA",
    type=Place("dir", DATA),
    help="Images, if not those that the preset says.",
)
@click.option(
    "--save-records", metavar="FOLDER", type=FOLDER, help="Also write the runs' records, small."
)
@output_options
@report_option
def compare_command(
    preset: str,
    store: str | None,
    minutes: float | None,
    data: str | None,
    save_records: str | None,
    **options: Any,
) -> None:
    """Which of the paper's claims the runs of a preset show, and how surely.

    Without --store the records that come with the package are judged, and no torch is needed.
    Several of these commands share a store: each trains what no other does. Ctrl-C ends after the
    round that runs, with a checkpoint.
    """
    reporter = Reporter(options)
    records = records_of(preset, store, reporter, minutes, data)
    from ..cnn.evaluation.claim_report import claim_report
    from ..cnn.evaluation.claims import LEVEL, judge_claims

    if save_records is not None:
        from pathlib import Path

        records.save(Path(save_records))
    found = judge_claims(records)
    reporter.notice(f"half_width: of the {LEVEL:.0%} interval over seeds (Student's t)")
    reporter.finish(found, [*table(found.columns(), rows=200), "", found.verdict()],
                    lambda: claim_report(found, records))  # fmt: skip


def _finish(reporter: Reporter, result: dict[str, Any]) -> None:
    import os

    from ..cnn.runs.records import Outcome

    if os.environ.get("RANK", "0") != "0":  # one of several processes speaks
        return

    shown = {name: [result[name]] for name in RESULTS if result.get(name) is not None}
    status = [f"status: {result['status']}"] if "status" in result else []
    reporter.finish(Outcome(result), [*table(shown), *status])
