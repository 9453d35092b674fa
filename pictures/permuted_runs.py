"""Runs that learn the teachers in other orders: overlaps before and after units are renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .committees import draw_cosines
from .drawing import LABELS, LOOKS, entitle, new_figure, setting, shared_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..teacher_student.online.committee.runs import CommitteeRuns

#: Runs whose matrices are drawn, runs whose curves are, and curves with a label of their own.
MATRICES, CURVES, NAMED = 3, 12, 4


def draw_permutations(runs: CommitteeRuns, width: Width) -> Figure:
    """Cosines of a few runs at the last time, and over time: as they started, and renamed."""
    runs = runs if runs.renaming is not None else runs.matched()
    before = runs.as_named()
    assert runs.renaming is not None
    shown = _few(runs.renaming.renamed)
    figure = new_figure(2 * len(shown) + 2, len(shown) + 1, width=width, height=2.4)
    half = len(shown) + 1
    for row, (some, word) in enumerate(((before, "as they started"), (runs, "renamed"))):
        panels = figure.axes[row * half : (row + 1) * half]
        for axes, k in zip(panels, shown, strict=False):
            draw_cosines(axes, some.R[k, -1])
            axes.set_title(f"run {k + 1}, {word}")
            axes.set_xlabel("unit of the teacher")
            axes.set_ylabel("unit of the student")
        _curves(panels[-1], some)
        panels[-1].set_title(word)
    shared_legend(figure)
    K, T = runs.R.shape[2:]
    sizes = f"$K$ = {K}, $T$ = {T}: {runs.runs} runs at $N$ = {runs.dim}"
    entitle(figure, f"{setting(runs.problem, sizes)}\n{runs.names()}")
    return figure


def _few(renamed: np.ndarray) -> list[int]:
    """Runs of both kinds, as far as there are any, in their order."""
    others, own = np.flatnonzero(renamed), np.flatnonzero(~renamed)
    found = [*own[:1], *others[: MATRICES - len(own[:1])], *own[1:]]
    return sorted(int(k) for k in found[:MATRICES])


def _curves(axes: Axes, runs: CommitteeRuns) -> None:
    """Every run's cosines, a colour a pair of units."""
    K, T = runs.R.shape[2:]
    for number, (k, n) in enumerate(np.ndindex(K, T)):
        look = LOOKS[number % len(LOOKS)]
        label = f"$R_{{{k + 1}{n + 1}}}$" if number < NAMED else "_more"
        for run in range(min(runs.runs, CURVES)):
            axes.plot(runs.t, runs.R[run, :, k, n], color=look.color, linewidth=0.7, alpha=0.7,
                      linestyle=look.linestyle, label=label if run == 0 else "_more")  # fmt: skip
    axes.set_xlabel(LABELS["t"])
    axes.set_ylabel("cosines $R_{kn}$")
