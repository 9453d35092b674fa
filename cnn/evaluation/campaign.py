"""Training all runs of a preset into one folder; finished ones are not trained again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...results.errors import InputError
from ..recipe.presets import Preset, run_name
from ..recipe.recipe import Recipe
from ..runs.records import RunFolder
from ..runs.train import resume, train
from .collection import BRIDGE
from .inspect_run import loss_gaps

Progress = Callable[[int, int], None]


def train_preset(
    preset: Preset, store: str | Path, progress: Progress | None = None
) -> dict[str, dict[str, Any]]:
    """Train, or go on with, every run of a preset.

    Parameters
    ----------
    preset
        Which runs.
    store
        The folder of their folders. What is finished there is kept, if its recipe is the same.
    progress
        Called with (steps done, steps in all).

    Returns
    -------
    dict
        The result of every run, by the name of its folder.

    Raises
    ------
    ValueError
        If a folder holds a run by another recipe.
    """
    runs = preset.runs()
    total, done, results = sum(r.training.steps for r in runs.values()), 0, {}
    for name, recipe in runs.items():
        recipe = placed(recipe, Path(store))

        def step(steps: int, _: int, before: int = done) -> None:
            if progress:
                progress(before + steps, total)

        folder = RunFolder(Path(store) / name)
        if (folder.path / "config.json").exists():
            if folder.recipe() != recipe:
                raise InputError("store", str(store), f"{name} there is another run than asked for")
            results[name] = resume(folder.path, step)
        else:
            results[name] = train(recipe, folder.path, step)
        done += recipe.training.steps
        step(0, 0, done)
    for seed in range(preset.seeds):
        _bridge(RunFolder(Path(store) / run_name("bn", seed)))
    return results


def _bridge(folder: RunFolder) -> None:
    """Measure the loss gaps of a finished BN run, once."""
    if not (folder.path / "bridge.csv").exists():
        folder.append("bridge", loss_gaps(folder.path).rows, BRIDGE)


def placed(recipe: Recipe, store: Path) -> Recipe:
    """A recipe whose ``start`` is the folder of the variant that it names."""
    if not recipe.network.start:
        return recipe
    start = store / run_name(recipe.network.start, recipe.training.seed)
    return recipe.change(start=str(start))
