"""How long a campaign may take, and how long its runs do. Needs no torch."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from ..recipe.recipe import Recipe
from ..runs.records import RunFolder

#: Of training: what judging and starting take besides, until it has been seen.
SHARE = 0.25


class Limit:
    """When a campaign ends: after some minutes, or when it is asked to by a signal.

    Parameters
    ----------
    minutes
        From now; None is without end.
    clock
        Seconds of any origin.
    """

    def __init__(
        self, minutes: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock, self.asked = clock, False
        self.end = math.inf if minutes is None else clock() + 60 * minutes
        self.begin_run()

    @property
    def left(self) -> float:
        """Seconds; none once it was asked to end."""
        return 0.0 if self.asked else max(0.0, self.end - self.clock())

    def begin_run(self) -> None:
        """Rounds are timed from here."""
        self.round_began = self.clock()

    def round_over(self) -> bool:
        """Called after every round: whether another one like it would come too late."""
        now = self.clock()
        took, self.round_began = now - self.round_began, now
        return self.left <= took

    @contextmanager
    def signals(self, say: Callable[[str], None]) -> Iterator[None]:
        """The first Ctrl-C (or SIGTERM) ends after the round that runs, the second at once."""

        def ask(number: int, frame: FrameType | None) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True
            say("stopping after this round; again: at once, from the last checkpoint")

        if threading.current_thread() is not threading.main_thread():  # which alone gets signals
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, ask) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Pace:
    """Seconds that runs take on this machine, from those that were finished on it.

    Parameters
    ----------
    runs
        The recipes of a preset by name.
    store
        The folder of their folders.
    device
        This machine's, as ``env.json`` names it: runs made on others tell nothing.
    """

    def __init__(self, runs: Mapping[str, Recipe], store: Path, device: str) -> None:
        self.runs, self.store, self.device = runs, store, device
        self.whole: list[tuple[float, float]] = []
        self.after: dict[str, float] = {}

    def add(self, name: str, seconds: float, training: float, after: float) -> None:
        """A run took so long to its end, of which so much training, and what followed so long."""
        self.whole.append((seconds, training))
        self.after[_variant(name)] = after

    def seconds(self, name: str) -> float | None:
        """What is left of a run takes about this long; None if nothing is known.

        From the slowest run of the same variant, else of the same batch size, else of the nearest.
        """
        known = self._known()
        if not known:
            return None
        recipe = self.runs[name]
        size = recipe.training.batch_size
        near = min(abs(math.log(self._size(other) / size)) for other in known)
        close = [n for n in known if abs(math.log(self._size(n) / size)) <= near]
        same = [n for n in known if _variant(n) == _variant(name)]
        an_image = max(known[n] for n in same or close)
        steps = recipe.training.steps - self._done(name)
        return an_image * steps * size * (1 + self._overhead()) + self.after.get(
            _variant(name), 0.0
        )

    def _size(self, name: str) -> int:
        return self.runs[name].training.batch_size

    def _done(self, name: str) -> int:
        folder = RunFolder(self.store / name)
        if folder.result() is not None:
            return self.runs[name].training.steps
        rows = folder.rows("metrics") if folder.checkpoint.exists() else []
        return int(rows[-1]["step"]) if rows else 0

    def _overhead(self) -> float:
        training = sum(part for _, part in self.whole)
        return sum(whole for whole, _ in self.whole) / training - 1 if training else SHARE

    def _known(self) -> dict[str, float]:
        """Seconds of training an image, of the runs that this machine finished."""
        found = {}
        for name in self.runs:
            folder = RunFolder(self.store / name)
            result = folder.result()
            if not result or result["status"] != "finished":
                continue
            with suppress(OSError, json.JSONDecodeError, KeyError):
                env = json.loads((folder.path / "env.json").read_text())
                if env["device"] == self.device:
                    images = result["step"] * self._size(name)
                    found[name] = result["training_seconds"] / images
        return found


def _variant(name: str) -> str:
    return name.rpartition("-")[0]
