"""Looking at a finished or broken-off run: scores, layers, and the bridge to theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from ...results.base import Result
from ...results.checks import integer
from ..data.batches import DeviceImages
from ..data.data import Splits, load
from ..recipe.devices import choose_device, settle
from ..recipe.recipe import Recipe
from ..runs.judge import population, score, with_population
from ..runs.layers import layer_rows
from ..runs.networks import trained_network
from ..runs.records import RunFolder
from .bridge import bridge

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LayerTable(Result):
    """Rows by layer (and batch size); ``gaps`` says whether they are the bridge's."""

    _drawn_by: ClassVar[str] = "layers.draw_table"

    rows: Sequence[dict[str, Any]]
    gaps: bool

    def columns(self) -> dict[str, list[Any]]:
        """One row a layer, or a layer and batch size; None where a layer has no such number."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return {name: [row.get(name) for row in self.rows] for name in names}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"layers": list(self.rows)}


def evaluate(run: str | Path) -> dict[str, Any]:
    """Losses and accuracies of a run's last checkpoint.

    Parameters
    ----------
    run
        The folder of a run.

    Returns
    -------
    dict
        ``fit``, ``validation`` and ``test``, loss and accuracy of each.

    Raises
    ------
    ValueError
        If the folder holds no run, or no checkpoint.
    """
    model, recipe, splits, images = _open(run)
    last, device = recipe.machine.channels_last, images.labels.device
    found: dict[str, Any] = {}
    with with_population(model, population(model, images, recipe.data.augment)):
        for name, part in (("validation", splits.validation), ("test", splits.test)):
            scored = score(model, DeviceImages(part, splits, device, last))
            found |= {f"{name}_loss": scored.loss, f"{name}_accuracy": scored.accuracy}
        scored = score(model, images)
    return found | {"fit_loss": scored.loss, "fit_accuracy": scored.accuracy}


def layers(run: str | Path) -> LayerTable:
    """Each layer of a run as its last checkpoint has it; see `bntheory.cnn.runs.layers`."""
    model, recipe, _, images = _open(run)
    pools = population(model, images, recipe.data.augment)
    return LayerTable(layer_rows(model, pools, recipe.training.batch_size, {}), False)


def loss_gaps(
    run: str | Path,
    *,
    sizes: Sequence[int] = (8, 16, 32, 64),
    seen: int | None = None,
    progress: Progress | None = None,
) -> LayerTable:
    """The loss gap of batch statistics against prediction; see `bntheory.cnn.evaluation.bridge`.

    Parameters
    ----------
    run
        The folder of a run.
    sizes
        Batch sizes; those above half the training images are left out.
    seen
        Images that each gap is measured on; 2048 by default, but single layers of a large network
        are sampled only.
    progress
        Called with (images passed through the network, images in all).

    Raises
    ------
    ValueError
        If the folder holds no run, or no checkpoint; if ``seen`` is below 1.
    """
    if seen is not None:
        seen = integer("seen", seen, 1)
    model, recipe, _, images = _open(run)
    kept = [size for size in sizes if 2 * size <= len(images)]
    rows = bridge(
        model, images, augment=recipe.data.augment, sizes=kept, seen=seen, progress=progress
    )
    return LayerTable(rows, True)


def _open(run: str | Path) -> tuple[nn.Module, Recipe, Splits, DeviceImages]:
    folder = RunFolder(run)
    recipe = folder.recipe()
    device: torch.device = choose_device(recipe.machine)
    settle(recipe.machine)
    choice = recipe.data
    splits = load(choice.data, side=choice.side, train=choice.train, validation=choice.validation)
    images = DeviceImages(splits.train, splits, device, recipe.machine.channels_last)
    model, _ = trained_network(folder, splits, images)
    return model, recipe, splits, images
