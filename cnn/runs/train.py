"""Training a network by a recipe, and going on with a training that was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..networks.checkpoints import load_checkpoint
from ..recipe.devices import choose_device
from ..recipe.processes import processes, rank
from ..recipe.recipe import Recipe
from .claimed import alone
from .records import RunFolder
from .trainer import Progress, Stop, Trainer


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
    choose_device(recipe.machine)  # refused before there is a folder
    folder = RunFolder(output)
    with alone(folder.path, "output"):
        return go_on(folder, recipe, progress, new=True)


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
    with alone(folder.path, "run"):
        return go_on(folder, recipe, progress)


def go_on(
    folder: RunFolder,
    recipe: Recipe,
    progress: Progress | None = None,
    stop: Stop | None = None,
    new: bool = False,
) -> dict[str, Any]:
    """Train a run that this process has to itself, from its checkpoint if it has one.

    Parameters
    ----------
    folder
        Of the run; made if ``new``.
    recipe
        What the run is.
    progress
        As for `train`.
    stop
        Asked after each round but the last, when everything is saved: whether to leave off there.
    new
        Whether the folder must hold no run yet.

    Returns
    -------
    dict
        The result, with the status ``stopped`` if it was left off.
    """
    device = choose_device(recipe.machine)
    with processes(device):
        if new and rank() == 0:
            folder.check_free()
        there = folder.checkpoint.exists() and not new
        checkpoint = load_checkpoint(folder.checkpoint, device) if there else None
        trainer = Trainer(recipe, device, checkpoint)
        if rank() == 0:
            if new:  # images that cannot be read leave no run behind
                folder.create(recipe)
            folder.cut(trainer.step if there else -1)
        return trainer.run(folder, progress, stop)
