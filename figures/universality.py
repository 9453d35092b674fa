"""The flow of Gaussian inputs against simulations with other laws of the inputs' entries.

As N grows, fields are Gaussian whatever the entries are, so one flow serves them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..odes.flow.integrate import solve
from ..odes.flow.trajectory import Flow
from ..pictures.style import in_house_style
from ..results.tabular import Tabular
from ..results.widths import Width
from ..teacher_student.online.runs import Runs
from ..teacher_student.online.simulate import simulate
from ..teacher_student.problem import Problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[int, int], None]
LAWS = ("gaussian", "rademacher", "uniform", "laplace", "student-t:5")
PANELS = ("Q", "R", "error")


@dataclass(frozen=True)
class Universality(Tabular):
    """One flow, and simulations by law of the inputs."""

    _dimension: ClassVar[str] = "t"

    flow: Flow
    runs: Mapping[str, Runs]

    def largest_z(self, law: str) -> float:
        """The largest deviation of Q and R from the flow, in standard errors."""
        runs = self.runs[law]
        return max(
            float(np.abs((runs.mean[n][1:] - self.flow.values[n][1:]) / runs.sem[n][1:]).max())
            for n in ("Q", "R")
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.flow.problem.to_dict(),
            "t": self.flow.t,
            "theory": {name: self.flow.values[name] for name in PANELS},
            "simulated": {law: {n: r.mean[n] for n in PANELS} for law, r in self.runs.items()},
            "sem": {law: {n: r.sem[n] for n in PANELS} for law, r in self.runs.items()},
            "largest_z": {law: self.largest_z(law) for law in self.runs},
        }

    def columns(self) -> dict[str, np.ndarray]:
        """The CSV form: time, theory, and the mean and standard error of every law."""
        table = {"t": self.flow.t, **{n: self.flow.values[n] for n in PANELS}}
        for law, runs in self.runs.items():
            for name in PANELS:
                table[f"{name}_{law}"] = runs.mean[name]
                table[f"{name}_{law}_sem"] = runs.sem[name]
        return table

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.flow.problem.to_json()}

    @in_house_style
    def plot(self, width: Width = "two") -> Figure:
        """Panels of Q, R and the error: the flow, and every law's mean.

        The picture is ``"one"`` or ``"two"`` columns of a journal wide.
        """
        from ..pictures.drawing import (
            LABELS,
            LOOKS,
            draw_points,
            draw_theory,
            entitle,
            new_figure,
            setting,
            shared_legend,
        )

        figure = new_figure(len(PANELS), len(PANELS), width=width, height=2.5)
        smooth = solve(self.flow.problem, time=float(self.flow.t[-1]) + 0.3)
        beside = 0.13 * (np.arange(len(self.runs)) - (len(self.runs) - 1) / 2)
        for axes, name in zip(figure.axes, PANELS, strict=True):
            draw_theory(axes, smooth.t, smooth.values[name], "theory, Gaussian inputs")
            # Means that agree would hide each other: drawn side by side, each at its own
            # distance from the flow.
            laws = zip(self.runs.items(), LOOKS[1:], beside, strict=False)
            for (law, runs), look, apart in laws:
                drawn = np.interp(runs.t + apart, smooth.t, smooth.values[name])
                drawn += runs.mean[name] - self.flow.values[name]
                draw_points(axes, runs.t[1:] + apart, drawn[1:], runs.sem[name][1:], law, look,
                            markerfacecolor="white")  # fmt: skip
            axes.set(xlabel=LABELS["t"], ylabel=LABELS[name])
        shared_legend(figure)
        first = next(iter(self.runs.values()))
        what = f"{setting(self.flow.problem)}: {first.runs} runs at $N$ = {first.dim}"
        entitle(figure, f"{what}, means ± 2 standard errors, set side by side along the flow")
        return figure


def universality(
    *, dim: int = 400, runs: int = 16, seed: int = 0, progress: Progress | None = None
) -> Universality:
    """Flow and simulations of a BN student for every law in `LAWS`.

    Parameters
    ----------
    dim, runs, seed
        As for `bntheory.simulate`, for each law.
    progress
        Called with (laws done, laws in all).
    """
    problem = Problem(activation="relu", scheme="bn", batch_size=8, eta=0.5)
    flow = solve(problem, time=8.0, points=9)
    simulated = {}
    for done, law in enumerate(LAWS):
        simulated[law] = simulate(
            problem, dim=dim, runs=runs, times=flow.t, engine="vectors", inputs=law, seed=seed
        )
        if progress:
            progress(done + 1, len(LAWS))
    return Universality(flow, simulated)
