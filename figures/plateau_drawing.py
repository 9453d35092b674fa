"""The picture of the escape from a plateau: curves by scheme, overlaps, rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..pictures.drawing import LABELS, LOOKS, draw_points, entitle, few, new_figure, shared_legend
from ..results.widths import Width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .plateau_result import PlateauFigure

NAMES = {"sgd": "SGD", "wn": "WN", "bn": "BN", "pn": "PN + gamma decay"}
TITLES = {"erf": "erf", "relu": "ReLU"}


def draw_plateau(found: PlateauFigure, width: Width) -> Figure:
    """Specialisation by scheme; cosines of BN and of PN with gamma decay; escape rates."""
    figure = new_figure(4, 2, width=width, height=2.5)
    special, of_bn, of_pn, rates = figure.axes
    for look, one in zip(LOOKS, found.escapes.values(), strict=False):
        label = NAMES.get(one.scheme, one.scheme)
        special.plot(one.t, one.specialisation, color=look.color, linestyle=look.linestyle)
        some, runs = few(one.t.size), one.simulated
        sem = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        draw_points(special, one.t[some], runs.mean(axis=0)[some], sem[some], label, look)
    special.axhline(0.25, color="0.6", linewidth=0.6, linestyle="-")
    special.set(xlabel=LABELS["t"], ylabel="specialisation")
    for axes, scheme in ((of_bn, "bn"), (of_pn, "pn")):
        _cosines(axes, found, scheme)
    _rates(rates, found)
    shared_legend(figure)
    entitle(
        figure,
        f"Escape from the plateau, erf, $K$ = $T$ = 2, $M$ = {found.batch_size}, "
        f"$\\eta$ = {found.eta}: lines are flows, markers {found.runs} runs of the exact chain at "
        f"$N$ = {found.dim} ± 2 standard errors",
    )
    return figure


def _cosines(axes: Axes, found: PlateauFigure, scheme: str) -> None:
    """Cosines of the first student unit with both teachers, and of the second."""
    one = found.escapes[scheme]
    some, look = few(one.t.size), LOOKS[list(found.escapes).index(scheme)]
    for k, n in np.ndindex(*one.R.shape[1:]):
        face = look.color if k == n else "white"  # of another unit's teacher: open and dashed
        axes.plot(one.t, one.R[:, k, n], color=look.color, linestyle="-" if k == n else "--")
        axes.plot(
            one.t[some],
            one.simulated_R[some, k, n],
            color=look.color,
            marker=look.marker,
            markersize=3.5,
            markerfacecolor=face,
            linestyle="none",
            label=f"_{k}{n}",
        )
    # Named at the end of their curves: the looks stand for schemes in the panel beside.
    for names, at, below in ((r"$R_{11}, R_{22}$", (0, 0), 4), (r"$R_{12}, R_{21}$", (0, 1), -12)):
        end = (one.t[-1], one.R[(-1, *at)])
        axes.annotate(names, end, xytext=(0, below), textcoords="offset points", ha="right")
    axes.set(xlabel=LABELS["t"], ylabel="cosines $R_{kn}$", ylim=(-0.12, 1.15))
    axes.set_title(NAMES[scheme])


def _rates(axes: Axes, found: PlateauFigure) -> None:
    """Escape rates over ``eta_eff`` in units of that of plain SGD."""
    places = np.arange(len(found.escapes))
    for shift, hatch, (activation, rates) in zip(
        (-0.2, 0.2), ("", "//"), found.rates.items(), strict=False
    ):
        plain = rates["sgd"]["rate"]
        heights = [rates[scheme]["rate"] / plain for scheme in found.escapes]
        errors = [2 * rates[scheme]["rate_error"] / plain for scheme in found.escapes]
        axes.bar(places + shift, heights, 0.36, yerr=errors, hatch=hatch, edgecolor="0.2",
                 color=[look.color for look in LOOKS[: len(places)]], alpha=0.75)  # fmt: skip
        for place, height in zip(places, np.add(heights, errors), strict=True):
            axes.annotate(TITLES[activation], (place + shift, height), xytext=(0, 2), ha="center",
                          textcoords="offset points", fontsize=7)  # fmt: skip
    axes.axhline(1.0, color="0.4", linewidth=0.6, linestyle="-")
    axes.set_xticks(places, [NAMES.get(scheme, scheme).split(" ")[0] for scheme in found.escapes])
    axes.set_ylabel(r"rate / $\eta_{\mathrm{eff}}$, SGD = 1")
    axes.margins(y=0.15)
