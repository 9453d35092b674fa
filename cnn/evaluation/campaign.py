"""Training all runs of a preset into one folder, alone or beside others that do the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...results.checks import number
from ...results.errors import InputError
from ..data.data import load
from ..recipe.devices import choose_device, environment
from ..recipe.presets import Preset
from ..runs.claimed import alone, claimed, leads, several
from ..runs.train import go_on
from .pace import Limit, Pace
from .stage import Stage, State

Progress = Callable[[int, int], None]
WAITED = 1.0  # seconds between looks at a run that another process trains and this one waits for


@dataclass(frozen=True)
class Campaign:
    """How far a preset is.

    Attributes
    ----------
    results
        The result of every finished run, by the name of its folder.
    left
        The runs that are not finished.
    elsewhere
        Those of them that other processes had when this one ended.
    lost
        Those of them that cannot start: what they start from diverged, or its weights are gone.
    seconds
        What the runs left take on this machine, one after the other; None if nothing is known.
    """

    results: dict[str, dict[str, Any]]
    left: tuple[str, ...]
    elsewhere: tuple[str, ...]
    lost: tuple[str, ...]
    seconds: float | None

    def message(self) -> str:
        """What is left, in words; nothing if nothing is."""
        if not self.left:
            return ""
        total = len(self.results) + len(self.left)
        text = f"{len(self.left)} of {total} runs are left"
        if self.seconds is not None:
            text += f", about {self.seconds / 60:.1f} minutes of one process here"
        if self.elsewhere:
            text += f"; others train {' '.join(self.elsewhere)}"
        if self.lost:
            text += f"; without weights to start from: {' '.join(self.lost)}"
        return f"{text}; the same command goes on"


def train_preset(
    preset: Preset,
    store: str | Path,
    progress: Progress | None = None,
    *,
    minutes: float | None = None,
    data: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Campaign:
    """Train, or go on with, the runs of a preset.

    Parameters
    ----------
    preset
        Which runs.
    store
        The folder of their folders. What is finished there is kept, if its recipe is the same.
        Several processes may share it: each takes the next run that nobody has.
    progress
        Called with (steps done, steps in all).
    minutes
        No run is begun that would not end within these, and one that takes longer than was
        expected is left off after a round, with a checkpoint. None takes what it takes.
    data
        Where the images are, if not where the preset says; they must be the store's.
    say
        Told what a person who waits should know.

    Raises
    ------
    ValueError
        If a folder holds a run by another recipe, or on other images; if the disk is full.
    """
    if minutes is not None:
        number("minutes", minutes, above=0.0)
        if several():
            raise InputError("minutes", minutes, "is accepted in one process, without torchrun")
    limit = Limit(minutes)
    stage = Stage(preset, Path(store), data)
    choice = stage.base.data
    splits = load(choice.data, side=choice.side, train=choice.train, validation=choice.validation)
    device = environment(choose_device(stage.base.machine), splits.checksum)["device"]
    try:
        stage.check(splits.checksum)
        work = _Work(stage, limit, Pace(stage.runs, stage.store, device), progress)
        with limit.signals(say):
            elsewhere = work.everything()
    except OSError as error:
        raise InputError(
            "store", str(store), f"{error.strerror or error}; what is finished there is kept"
        ) from None
    return _campaign(stage, work.pace, elsewhere)


def _campaign(stage: Stage, pace: Pace, elsewhere: list[str]) -> Campaign:
    """What there is when a process ends its part."""
    results = stage.results()
    left = tuple(name for name in stage.runs if name not in results)
    lost = tuple(name for name in left if stage.state(name) is State.LOST)
    times = [pace.seconds(name) for name in left if name not in lost]
    known = [seconds for seconds in times if seconds is not None]
    seconds = sum(known) if len(known) == len(times) else None
    others = tuple(name for name in elsewhere if name not in results)
    return Campaign(results, left, others, lost, seconds)


class _Work:
    """One process's part of a campaign."""

    def __init__(self, stage: Stage, limit: Limit, pace: Pace, progress: Progress | None) -> None:
        self.stage, self.limit, self.pace, self.progress = stage, limit, pace, progress
        self.total = sum(recipe.training.steps for recipe in stage.runs.values())

    def everything(self) -> list[str]:
        """Take one run after the other while there is time; the runs that others then have."""
        if several():
            return self._together()
        while True:
            taken: list[str] = []
            if self._next(taken):
                continue
            waiting = [n for n in self.stage.runs if self.stage.state(n) is State.WAITING]
            if not (taken and any(self._fits(name) for name in waiting)):
                return taken
            time.sleep(min(WAITED, self.limit.left))

    def _together(self) -> list[str]:
        """Runs in order, by processes that train one network: they agree beforehand on which."""
        runs = [name for name in self.stage.runs if self.stage.state(name) is not State.DONE]
        for name in runs:
            with alone(self.stage.store / name, "store"):
                self._train(name)
        return []

    def _next(self, taken: list[str]) -> bool:
        """Train the first run that can be; False if there is none. Notes those others have."""
        for name in self.stage.runs:
            if self.stage.state(name) is not State.READY or not self._fits(name):
                continue
            with claimed(self.stage.store / name) as mine:
                if not mine:
                    taken.append(name)
                elif self.stage.state(name) is State.READY:  # not finished since it was looked at
                    self._train(name)
                    return True
        return False

    def _fits(self, name: str) -> bool:
        return self.limit.left > (self.pace.seconds(name) or 0.0)

    def _train(self, name: str) -> None:
        clock = time.monotonic
        began, before = clock(), self.stage.steps_done()
        folder, recipe = self.stage.open(name)
        result, new = folder.result(), not folder.checkpoint.exists()
        if result is None:
            self.limit.begin_run()
            result = go_on(folder, recipe, self._progress(before), self.limit.round_over)
            if result["status"] == "stopped":
                return
        ended = clock()
        if leads():
            self.stage.finish(name)
        if new:  # whole: of one that was gone on with, the result has earlier seconds as well
            self.pace.add(name, ended - began, result["training_seconds"], clock() - ended)
        self._progress(before)(recipe.training.steps, 0)

    def _progress(self, before: int) -> Progress:
        def step(steps: int, _: int) -> None:
            if self.progress:
                self.progress(min(before + steps, self.total), self.total)

        return step
