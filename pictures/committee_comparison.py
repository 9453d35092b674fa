"""A committee's flow under its runs: cosines, scales, specialisation, error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.widths import Width
from .drawing import LABELS, LOOKS, entitle, few, lowest, new_figure, setting, shared_legend
from .permuted_runs import draw_permutations

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.verdict.committee_comparison import CommitteeComparison

#: Numbers of a panel that have a label of their own at most.
NAMED = 4
BAND = "line: theory; mean ± 2 standard errors; band: 95% of runs"


def draw(comparison: CommitteeComparison, width: Width) -> Figure:
    """The picture that the comparison shows (`CommitteeComparison.showing`)."""
    if comparison.picture == "permutations":
        return draw_permutations(comparison.matched, width)
    return draw_committee_comparison(comparison, width)


def draw_committee_comparison(comparison: CommitteeComparison, width: Width) -> Figure:
    """Lines are the flow, markers the runs' means, bands the runs; the verdict above."""
    runs, flow = comparison.runs, comparison.flow
    figure = new_figure(4, 2, width=width)
    cosines, scales, special, error = figure.axes
    K, T = runs.R.shape[2:]
    for number, (k, n) in enumerate(np.ndindex(K, T)):
        _curve(cosines, comparison, "R", (k, n), number, f"$R_{{{k + 1}{n + 1}}}$")
    scaled = "gamma" if "gamma" in runs.values else "C"
    for k in range(K):
        at = (k,) if scaled == "gamma" else (k, k)
        symbol = rf"\gamma_{k + 1}" if scaled == "gamma" else f"C_{{{k + 1}{k + 1}}}"
        _curve(scales, comparison, scaled, at, k, f"${symbol}$")
    _curve(special, comparison, "specialisation", (), 0, BAND)
    _curve(error, comparison, "error", (), 0, BAND)
    cosines.set_ylabel("cosines $R_{kn}$")
    scales.set_ylabel(LABELS["gamma"] if scaled == "gamma" else "squared lengths $C_{kk}$")
    special.set_ylabel("specialisation")
    error.set_ylabel(LABELS["error"])
    for axes in lowest(figure):
        axes.set_xlabel(LABELS["t"])
    shared_legend(figure)
    word = "agree" if comparison.agree else "DISAGREE"
    numbers = f"max |z| = {comparison.max_abs_z:.2f}, p = {comparison.p_value:.3g}"
    sizes = f"$K$ = {K}, $T$ = {T}: {runs.runs} runs at $N$ = {runs.dim}"
    sampled = f"; flow of {flow.scramblings} scramblings" * bool(flow.scramblings)
    said = f"theory and simulation {word}, {numbers}{sampled}"
    entitle(figure, f"{setting(runs.problem, sizes)}\n{said}")
    return figure


def _curve(
    axes: Axes, comparison: CommitteeComparison, name: str, at: tuple[int, ...], number: int,
    label: str,
) -> None:  # fmt: skip
    """One number: the flow, the runs' mean with two standard errors, and their band."""
    runs, look = comparison.runs, LOOKS[number % len(LOOKS)]
    where: Any = (slice(None), *at)
    mean, some = runs.mean[name][where], few(len(runs.t))
    sem, std = (np.nan_to_num(of[name][where]) for of in (runs.sem, runs.std))
    axes.fill_between(
        runs.t, mean - 2 * std, mean + 2 * std, color=look.color, alpha=0.15, linewidth=0
    )
    axes.plot(runs.t, comparison.flow.values[name][where], color=look.color,
              linestyle=look.linestyle)  # fmt: skip
    axes.errorbar(
        runs.t[some], mean[some], yerr=2 * sem[some], color=look.color, marker=look.marker,
        linestyle="none", elinewidth=0.9, label=label if number < NAMED else "_more",
    )  # fmt: skip
