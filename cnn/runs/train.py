"""Training a network by a recipe, and going on with a training that was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..networks.checkpoints import load_checkpoint
from ..recipe.devices import choose_device
from ..recipe.processes import processes, rank
from ..recipe.recipe import Recipe
from .records import RunFolder
from .trainer import Progress, Trainer


def train(recipe: Recipe, output: str | Path, progress: Progress | None = None) -> dict[str, Any]:
    """Train a network from its first step to its last, and keep records in a folder.

    Parameters
    ----------
    recipe
        What to train, on which images, how and where.
    output
        A folder without a run; see `bntheory.cnn.runs.records`.
    progress
        Called with (steps done, steps in all) after each round.

    Returns
    -------
    dict
        What is in ``result.json``.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.
    """
    device = choose_device(recipe.machine)
    folder = RunFolder(output)
    with processes(device):
        if rank() == 0:
            folder.create(recipe)
        return Trainer(recipe, device).run(folder, progress)


def resume(run: str | Path, progress: Progress | None = None) -> dict[str, Any]:
    """Go on with a run from its checkpoint: bit by bit what an unbroken run gives.

    Parameters
    ----------
    run
        The folder of a run. One without a checkpoint starts again; a finished one is left alone.
    progress, Returns, Raises
        As for `train`.
    """
    folder = RunFolder(run)
    recipe = folder.recipe()
    finished = folder.result()
    if finished is not None:
        return finished
    device = choose_device(recipe.machine)
    with processes(device):
        if not folder.checkpoint.exists():
            if rank() == 0:
                folder.cut(-1)
            return Trainer(recipe, device).run(folder, progress)
        trainer = Trainer(recipe, device, load_checkpoint(folder.checkpoint, device))
        if rank() == 0:
            folder.cut(trainer.step)
        return trainer.run(folder, progress)
