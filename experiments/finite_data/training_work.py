"""Students trained at one load after another: the work of a study (paper, section 4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...finite_load.curve import Generalization, training_problem
from ...store.blocks import COMPLETE, Chunk
from ...teacher_student.problem import Problem
from ...teacher_student.training.full_batch import solve_full_batch
from ...teacher_student.training.train import train

METHODS = ("sgd", "full-batch")
#: Learning rate of the simulations in units of the batch size: small enough for its bias to stay
#: below the standard errors, and 1000 epochs long enough away from alpha = 1.
RATE = 0.25
#: What is kept of a simulated load.
KEPT = ("error", "sem", "m", "q", "used", "converged")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Settings:
    """How simulated students are trained.

    Attributes
    ----------
    dim, runs, epochs, seed
        As for :func:`bntheory.train`.
    method
        ``sgd``, or ``full-batch``: the exact minimum (linear) or L-BFGS (ReLU).
    start
        ``xty`` or ``random``. ReLU students have many minima, and at small loads those that a
        random start leads to are worse; linear ones keep a random start's part in the null space.
    rate
        Learning rate over batch size.
    """

    dim: int = 200
    runs: int = 8
    epochs: int = 1000
    method: str = "sgd"
    start: str = "xty"
    rate: float = RATE
    seed: int = 0


@dataclass(frozen=True)
class TrainingWork:
    """Students trained at one load after another: the chunks of `study`.

    Attributes
    ----------
    theory
        The curve whose scheme, decay and noise are trained.
    settings
        Size and length of the simulation.
    """

    theory: Generalization
    settings: Settings

    def compute(
        self,
        chunk: Chunk,
        axes: Mapping[str, NDArray[Any]],
        todo: NDArray[np.bool_],
        stopped: Callable[[], bool],
        progress: Progress | None = None,
    ) -> None:
        """Fill in the loads that are asked for."""
        for place in np.flatnonzero(todo):
            point = self.train(float(axes["alpha"][place]))
            for name in KEPT:
                chunk.values[name][place] = math.nan if point[name] is None else point[name]
            chunk.status[place] = COMPLETE

    def train(self, load: float) -> dict[str, Any]:
        """Means over the runs at one load."""
        settings, problem = self.settings, self.problem(load)
        names = ("dim", "runs", "seed", "start")
        shared: dict[str, Any] = {name: getattr(settings, name) for name in names}
        if settings.method == "full-batch":
            return solve_full_batch(problem, load, **shared)
        done = train(problem, load, epochs=settings.epochs, **shared)
        if done.interrupted:
            raise KeyboardInterrupt  # a load counts when all of its runs do
        means = {name: done.mean(name) for name in ("error", "m", "q")}
        counts = {"used": int(done.usable.sum()), "converged": done.status.count("converged")}
        return {**means, "sem": done.sem(), **counts}

    def problem(self, load: float) -> Problem:
        """What is trained at a load."""
        theory = self.theory
        problem = theory.problem.replace(
            weight_decay=0.0, eta=self.settings.rate * theory.problem.M
        )
        if theory.scheme in ("sgd", "wn"):
            problem = training_problem(problem, theory.zeta, load, theory.decay_per)
        return problem.replace(q0=1.0)

    def warm(self) -> None:
        """Nothing to do: a load takes longer than its kernels."""
