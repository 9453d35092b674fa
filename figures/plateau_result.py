"""`PlateauFigure`: the escape from a plateau by scheme, as a table, a record and a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..pictures.style import in_house_style
from ..results.tabular import Tabular
from ..results.widths import Width
from ..teacher_student.committee.order import first_rise, specialisation_level

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray
#: Decimals of what is kept of curves.
DECIMALS = 5


@dataclass(frozen=True)
class Escape:
    """One scheme's way off the plateau.

    Attributes
    ----------
    scheme
        Its name.
    scale
        gamma and L at the start.
    t
        Stored times, shape (times,).
    specialisation, R
        Of the flow, shapes (times,) and (times, K, T).
    simulated
        Specialisation of the runs, shape (runs, times).
    simulated_R
        Mean cosines of the runs, shape (times, K, T).
    flow_time, flow_error
        When the flow passes half of full specialisation, NaN if it does not; its standard error
        where the flow is sampled, else 0.
    """

    scheme: str
    scale: float
    t: Array
    specialisation: Array
    R: Array
    simulated: Array
    simulated_R: Array
    flow_time: float
    flow_error: float

    @property
    def times(self) -> Array:
        """When each run passes the level; NaN if it does not."""
        level = specialisation_level(self.R.shape[2])
        return np.array([first_rise(self.t, run, level) for run in self.simulated])

    @property
    def passed(self) -> int:
        """How many runs do."""
        return int(np.isfinite(self.times).sum())

    @property
    def mean_time(self) -> float:
        """The mean over the runs; NaN unless all pass."""
        return float(self.times.mean())

    @property
    def sem(self) -> float:
        """Its standard error."""
        return float(self.times.std(ddof=1) / math.sqrt(len(self.times)))

    def to_dict(self) -> dict[str, Any]:
        """The record of it."""
        curves = ("t", "specialisation", "R", "simulated", "simulated_R")
        kept = {name: np.round(getattr(self, name), DECIMALS) for name in curves}
        numbers = {name: getattr(self, name) for name in ("scheme", "scale", "flow_time",
                                                          "flow_error")}  # fmt: skip
        found = {"times": self.times, "mean_time": self.mean_time, "sem": self.sem}
        return numbers | found | kept


@dataclass(frozen=True)
class PlateauFigure(Tabular):
    """Escape from the plateau of an erf committee, K = T = 2, by scheme.

    Attributes
    ----------
    escapes
        By scheme.
    rates
        By activation and scheme the escape rate over ``eta_eff`` and the cosine ``rho`` between
        the units on the plateau, at small learning rates, with standard errors.
    batch_size, eta
        The setting.
    dim, runs, seed
        Of the chain.
    command
        What computes it anew.
    """

    _dimension: ClassVar[str] = "scheme"

    escapes: Mapping[str, Escape]
    rates: Mapping[str, Mapping[str, Mapping[str, float]]]
    batch_size: int
    eta: float
    dim: int
    runs: int
    seed: int
    command: str

    @classmethod
    def read(cls, path: Path) -> PlateauFigure:
        """The figure of a record, which is its JSON form."""
        held = json.loads(path.read_text(encoding="utf-8"))
        escapes = {}
        for scheme, one in held.pop("escapes").items():
            given: dict[str, Any] = {
                name: math.nan if one[name] is None else one[name]
                for name in Escape.__dataclass_fields__
            }
            given |= {n: np.array(v, float) for n, v in given.items() if isinstance(v, list)}
            escapes[scheme] = Escape(**given)
        return cls(escapes, **{n: v for n, v in held.items() if n in cls.__dataclass_fields__})

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, which is the record."""
        about = {name: getattr(self, name) for name in
                 ("rates", "batch_size", "eta", "dim", "runs", "seed", "command")}  # fmt: skip
        return about | {"escapes": {name: one.to_dict() for name, one in self.escapes.items()}}

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form: a row a scheme, its escape times and rates."""
        every = self.escapes.values()
        made: dict[str, list[Any]] = {"scheme": list(self.escapes)}
        made["flow_time"] = [one.flow_time for one in every]
        made["flow_time_error"] = [one.flow_error for one in every]
        made["chain_time"] = [one.mean_time for one in every]
        made["chain_time_sem"] = [one.sem for one in every]
        made["runs_escaped"] = [one.passed for one in every]
        for activation, rates in self.rates.items():
            for name in ("rate", "rate_error", "rho"):
                made[f"{activation}_{name}"] = [rates[scheme][name] for scheme in self.escapes]
        return made

    def findings(self) -> list[str]:
        """What it shows, a sentence each."""
        said = []
        for one in self.escapes.values():
            if one.passed == len(one.times):
                chain = f"{one.mean_time:.1f} +- {one.sem:.1f} by {self.runs} runs of the chain"
            else:
                chain = f"{one.passed} of {len(one.times)} runs of the chain escape"
            flow = "never" if math.isnan(one.flow_time) else f"{one.flow_time:.1f}"
            error = f" +- {one.flow_error:.1f}" if one.flow_error else ""
            within = f" within {one.t[-1]:g}" if flow == "never" else ""
            said.append(f"{one.scheme}: escapes at t = {flow}{error}{within} by the flow, {chain}")
        return said

    @in_house_style
    def plot(self, width: Width = "two") -> Figure:
        """Specialisation and overlaps over time, and the escape rates.

        The picture is ``"one"`` or ``"two"`` columns of a journal wide.
        """
        from .plateau_drawing import draw_plateau

        return draw_plateau(self, width)
