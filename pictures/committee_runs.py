"""Runs of a committee against time: cosines, scales, specialisation, error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.widths import Width
from .drawing import LABELS, LOOKS, entitle, few, new_figure, setting, shared_legend
from .permuted_runs import draw_permutations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..teacher_student.online.committee.runs import CommitteeRuns

#: Curves of a panel that have a label of their own, at most.
NAMED = 4
BAND = "mean ± 2 standard errors; band: 95% of runs"


def draw(runs: CommitteeRuns, width: Width) -> Figure:
    """The picture that the runs show (`CommitteeRuns.showing`)."""
    return {"time": draw_committee_runs, "permutations": draw_permutations}[runs.picture](
        runs, width
    )


def draw_committee_runs(runs: CommitteeRuns, width: Width) -> Figure:
    """Means with standard errors over the spread of the runs, by the names that they have."""
    figure = new_figure(4, 2, width=width)
    cosines, scales, special, error = figure.axes
    K, T = runs.R.shape[2:]
    for number, at in enumerate(np.ndindex(K, T)):
        _curve(cosines, runs, "R", at, number, rf"$R_{{{at[0] + 1}{at[1] + 1}}}$")
    scaled = "gamma" if "gamma" in runs.values else "C"
    for k in range(K):
        at = (k,) if scaled == "gamma" else (k, k)
        symbol = rf"\gamma_{k + 1}" if scaled == "gamma" else f"C_{{{k + 1}{k + 1}}}"
        _curve(scales, runs, scaled, at, k, f"${symbol}$")
    _curve(special, runs, "specialisation", (), 0, BAND)
    _curve(error, runs, "error", (), 0, BAND)
    cosines.set_ylabel("cosines $R_{kn}$")
    scales.set_ylabel(LABELS["gamma"] if scaled == "gamma" else "squared lengths $C_{kk}$")
    special.set_ylabel("specialisation")
    error.set_ylabel(LABELS["error"])
    for axes in figure.axes[-2:] if width == "two" else figure.axes[-1:]:
        axes.set_xlabel(LABELS["t"])
    shared_legend(figure)
    sizes = f"$K$ = {K}, $T$ = {T}: {runs.runs} runs at $N$ = {runs.dim}"
    named = f"\n{runs.names()}" * bool(runs.renamed)
    entitle(figure, f"{setting(runs.problem, sizes)}{named}")
    return figure


def _curve(
    axes: Axes, runs: CommitteeRuns, name: str, at: tuple[int, ...], number: int, label: str
) -> None:
    """One number: its mean with two standard errors, over the band of the runs."""
    look = LOOKS[number % len(LOOKS)]
    where: Any = (slice(None), *at)
    mean = runs.mean[name][where]
    sem, std = (np.nan_to_num(of[name][where]) for of in (runs.sem, runs.std))
    some = few(len(mean))
    axes.fill_between(
        runs.t, mean - 2 * std, mean + 2 * std, color=look.color, alpha=0.15, linewidth=0
    )
    axes.plot(runs.t, mean, color=look.color, linestyle=look.linestyle)
    axes.errorbar(
        runs.t[some], mean[some], yerr=2 * sem[some], color=look.color, marker=look.marker,
        linestyle="none", elinewidth=0.9, label=label if number < NAMED else "_more",
    )  # fmt: skip
