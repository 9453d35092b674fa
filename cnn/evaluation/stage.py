"""The folders of a preset's runs: which can be trained, which are done, what may be dropped."""

from __future__ import annotations

import json
from enum import Enum, auto
from pathlib import Path
from typing import Any

import torch

from ...results.errors import InputError
from ...results.files import replacing
from ..networks.checkpoints import load_checkpoint, save_start
from ..recipe.presets import Preset, run_name
from ..recipe.recipe import Recipe
from ..runs.records import RunFolder, as_csv
from .collection import BRIDGE
from .inspect_run import loss_gaps

BRIDGED = "bn"  # the variant whose loss gaps are measured


class State(Enum):
    """Of a run: to be trained or finished, done, waiting for its start, or left without one."""

    READY = auto()
    DONE = auto()
    WAITING = auto()
    LOST = auto()


class Stage:
    """A store and the runs that belong there.

    Parameters
    ----------
    preset
        Which runs.
    store
        The folder of their folders.
    data
        Where the images are, if not where the preset says.
    """

    def __init__(self, preset: Preset, store: Path, data: str | None = None) -> None:
        self.preset, self.store = preset, store
        self.base = preset.base if data is None else preset.base.change(data=data)
        self.runs = preset.runs()
        self._done: set[str] = set()

    def folder(self, name: str) -> RunFolder:
        """Of a run."""
        return RunFolder(self.store / name)

    def check(self, checksum: str) -> None:
        """Refuse a store that holds other runs, or runs on other images.

        Where images and starts lie may differ: the store may come from another machine.

        Raises
        ------
        ValueError
            Naming the run.
        """
        for name, recipe in self.runs.items():
            folder = self.folder(name)
            if not (folder.path / "config.json").exists():
                continue
            if _anywhere(folder.recipe()) != _anywhere(recipe):
                message = f"{name} there is another run than asked for"
                raise InputError("store", str(self.store), message)
            env = folder.path / "env.json"
            if env.exists() and json.loads(env.read_text())["data_checksum"] != checksum:
                raise InputError("data", self.base.data.data, f"{name} there saw other images")

    def state(self, name: str) -> State:
        """Of a run, by what is in the folders now."""
        if name in self._done:  # which does not change, and saves reading
            return State.DONE
        folder = self.folder(name)
        if folder.result() is not None:
            if self._unfinished_business(name):
                return State.READY
            self._done.add(name)
            return State.DONE
        root = self._root(name)
        if root is None or folder.checkpoint.exists():
            return State.READY
        if self.state(root) is not State.DONE:
            return State.WAITING
        start = self.folder(root)
        diverged = (start.result() or {}).get("status") == "diverged"
        there = start.checkpoint.exists() or start.start.exists()
        return State.READY if there and not diverged else State.LOST

    def open(self, name: str) -> tuple[RunFolder, Recipe]:
        """The folder of a run, made if need be, and its recipe with the places of this machine."""
        recipe = self.runs[name].change(data=self.base.data.data)
        root = self._root(name)
        if root is not None:
            recipe = recipe.change(start=str(self.store / root))
        folder = self.folder(name)
        if folder.result() is None:
            if not (folder.path / "config.json").exists():
                folder.create(recipe)
            elif folder.recipe() != recipe:
                folder.write("config", recipe.to_dict())
        return folder, recipe

    def finish(self, name: str) -> None:
        """What follows a run's end: its loss gaps, and what of its weights is kept."""
        folder = self.folder(name)
        if self._to_be_bridged(name):
            rows = loss_gaps(folder.path).rows
            with replacing(folder.path / "bridge.csv") as temporary:
                temporary.write_text(as_csv(rows, BRIDGE))
        if not self.preset.small:
            return
        if folder.checkpoint.exists():
            if self._awaited(name):
                save_start(folder.start, load_checkpoint(folder.checkpoint, torch.device("cpu")))
            folder.checkpoint.unlink()
        root = self._root(name)
        for one in (name, root):
            if one is not None and not self._awaited(one):
                self.folder(one).start.unlink(missing_ok=True)

    def steps_done(self) -> int:
        """Of the finished runs."""
        done = [n for n in self.runs if n in self._done or self.folder(n).result() is not None]
        return sum(self.runs[name].training.steps for name in done)

    def results(self) -> dict[str, dict[str, Any]]:
        """Of the finished runs, by name."""
        found = {name: self.folder(name).result() for name in self.runs}
        return {name: result for name, result in found.items() if result is not None}

    def _root(self, name: str) -> str | None:
        """The run that a run starts from."""
        recipe = self.runs[name]
        start = recipe.network.start
        return run_name(start, recipe.training.seed) if start else None

    def _variant(self, name: str) -> str:
        return name.removesuffix(f"-s{self.runs[name].training.seed}")

    def _awaited(self, name: str) -> bool:
        """Whether runs have yet to start from this one."""
        seed = self.runs[name].training.seed
        following = [run_name(v, seed) for v in self.preset.followers(self._variant(name))]
        return any(n in self.runs and self.folder(n).result() is None for n in following)

    def _to_be_bridged(self, name: str) -> bool:
        folder = self.folder(name)
        if self._variant(name) != BRIDGED or not folder.checkpoint.exists():
            return False
        finished = (folder.result() or {}).get("status") == "finished"
        return finished and not (folder.path / "bridge.csv").exists()

    def _unfinished_business(self, name: str) -> bool:
        """Whether a finished run was cut off before `finish`."""
        folder = self.folder(name)
        if self._to_be_bridged(name):
            return True
        left = folder.start.exists() and not self._awaited(name)
        return self.preset.small and (folder.checkpoint.exists() or left)


def _anywhere(recipe: Recipe) -> Recipe:
    """A recipe without the places of one machine."""
    return recipe.change(data="", start=recipe.network.start and "another run")
