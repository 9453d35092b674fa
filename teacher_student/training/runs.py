"""`TrainingRuns`: the result of SGD on finite training sets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...results.files import dataset
from ...results.tabular import Tabular
from ..problem import Problem

if TYPE_CHECKING:
    import xarray

Array = np.ndarray


@dataclass(frozen=True)
class TrainingRuns(Tabular):
    """Students trained on independent training sets of one load.

    Attributes
    ----------
    problem, alpha, dim, seed
        What was simulated; ``dim`` is N, ``alpha = P / N``.
    values
        One array of shape (runs,) each: ``m``, ``q`` (``v.w*/N`` and ``|v|^2/N`` of the averaged
        student's effective weight), ``shift``, ``error`` (generalisation error of the averaged
        student), ``training_loss`` (mean of ``(y - g(f))^2 / 2`` over the training set, with its
        own statistics), ``drift`` (relative distance to the average before).
    epochs
        Passes over the data that each run took, shape (runs,).
    status
        Per run: ``'converged'``, ``'not converged'`` or ``'diverged'``.
    stored_epochs, history
        Epochs at which the current student (not the average) was recorded, shape (times,), and
        its generalisation error, shape (runs, times); NaN after a run has ended.
    interrupted
        Whether runs are missing because of Ctrl-C.
    """

    problem: Problem
    alpha: float
    dim: int
    seed: int
    values: Mapping[str, Array]
    epochs: Array
    status: tuple[str, ...]
    stored_epochs: Array
    history: Array
    interrupted: bool = False

    @property
    def runs(self) -> int:
        """The number of runs."""
        return len(self.status)

    @property
    def usable(self) -> Array:
        """Which runs did not diverge, shape (runs,)."""
        return np.array([status != "diverged" for status in self.status])

    @property
    def converged(self) -> bool:
        """Whether every run did."""
        return all(status == "converged" for status in self.status)

    def mean(self, name: str = "error") -> float:
        """Mean over the runs that did not diverge; NaN if none is left."""
        values = self.values[name][self.usable]
        return float(values.mean()) if values.size else math.nan

    def sem(self, name: str = "error") -> float:
        """Standard error of `mean`; NaN with fewer than two runs."""
        values = self.values[name][self.usable]
        return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "alpha": self.alpha,
            "dim": self.dim,
            "runs": self.runs,
            "seed": self.seed,
            **self.values,
            "epochs": self.epochs,
            "status": list(self.status),
            "stored_epochs": self.stored_epochs,
            "history": self.history,
            "interrupted": self.interrupted,
        }

    def columns(self) -> dict[str, Any]:
        """The CSV form: one row a run."""
        return {**self.values, "epochs": self.epochs, "status": list(self.status)}

    def to_dataset(self) -> xarray.Dataset:
        """All runs, with the dimensions ``run`` and ``epoch``."""
        variables: dict[str, Any] = {
            name: (("run",), values) for name, values in self.values.items()
        }
        variables |= {"epochs": (("run",), self.epochs)}
        variables |= {"history": (("run", "epoch"), self.history)}
        attributes = {"problem": self.problem.to_json(), "alpha": self.alpha, "dim": self.dim}
        attributes |= {"seed": self.seed, "status": ", ".join(self.status)}
        coordinates = {"run": np.arange(self.runs), "epoch": self.stored_epochs}
        return dataset(variables, coordinates, attributes)
