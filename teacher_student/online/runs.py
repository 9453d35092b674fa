"""`Runs`: the result of a simulation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...results.base import Result
from ...results.files import dataset
from ..problem import Problem
from ..spectral import by_block, spectrum_of_result

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
QUANTITIES = ("Q", "R", "L", "error")


@dataclass(frozen=True)
class Runs(Result):
    """Simulated runs of one problem.

    Attributes
    ----------
    problem, dim, engine, seed
        What was simulated; ``dim`` is N.
    t
        Stored times, steps / N, shape (times,).
    values
        ``Q R L error`` (and ``gamma``, ``beta`` where trained), each of shape (runs, times).
    status
        ``"complete"``; ``"diverged"`` if a run left the finite numbers, and then only the
        times that all runs reached are stored; ``"interrupted"`` if runs are missing.
    message
        The status in words; empty when complete.
    inputs
        Law of the inputs' entries.
    blocks
        Of inputs with a spectrum: ``A``, ``w.w*/N`` in a block, and ``C``, ``w.w/N``, each of shape
        (runs, times, blocks). Otherwise empty.
    """

    _drawn_by: ClassVar[str] = "trajectories.draw_runs"

    problem: Problem
    dim: int
    engine: str
    seed: int
    t: Array
    values: Mapping[str, Array]
    status: str = "complete"
    message: str = ""
    inputs: str = "gaussian"
    blocks: Mapping[str, Array] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """The number of runs."""
        return len(self.values["error"])

    def until(self, count: int) -> Runs:
        """The same runs, with the first stored times only."""
        shorter = {name: values[:, :count] for name, values in self.values.items()}
        blocks = {name: values[:, :count] for name, values in self.blocks.items()}
        return replace(self, t=self.t[:count], values=shorter, blocks=blocks)

    @cached_property
    def mean(self) -> dict[str, Array]:
        """Means over the runs, each of shape (times,)."""
        return {name: values.mean(axis=0) for name, values in self.values.items()}

    @cached_property
    def std(self) -> dict[str, Array]:
        """Standard deviations of one run (n - 1 in the denominator); NaN for a single run."""
        if self.runs < 2:
            return {name: np.full(self.t.shape, math.nan) for name in self.values}
        # About the first run: equal runs scatter by 0, not by rounding.
        return {n: (values - values[0]).std(axis=0, ddof=1) for n, values in self.values.items()}

    @cached_property
    def sem(self) -> dict[str, Array]:
        """Standard errors of the means."""
        return {name: std / math.sqrt(self.runs) for name, std in self.std.items()}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "dim": self.dim,
            "runs": self.runs,
            "engine": self.engine,
            "inputs": self.inputs,
            "seed": self.seed,
            "t": self.t,
            "mean": self.mean,
            "sem": self.sem,
            "std": self.std,
            **spectrum_of_result(self.problem),
            **{name: values.mean(axis=0) for name, values in self.blocks.items()},
            "status": self.status,
            "message": self.message,
        }

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, then mean, standard error and spread of every quantity."""
        table = {"t": self.t}
        for name in self.values:
            table |= {f"{name}_mean": self.mean[name], f"{name}_sem": self.sem[name]}
            table[f"{name}_std"] = self.std[name]
        means = {f"{name}_mean": x.mean(axis=0) for name, x in self.blocks.items()}
        return table | by_block(means)

    def to_dataset(self) -> xarray.Dataset:
        """All runs, with the dimensions ``run`` and ``t``."""
        return dataset(
            {name: (("run", "t"), values) for name, values in self.values.items()},
            {"t": self.t, "run": np.arange(self.runs)},
            {
                "problem": self.problem.to_json(),
                "dim": self.dim,
                "engine": self.engine,
                "inputs": self.inputs,
                "seed": self.seed,
                "status": self.status,
            },
        )
