"""Pictures of an error against the load: theory as lines, simulation as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.labels import LABELS
from ..results.widths import Width
from .drawing import (
    DASHED,
    LOOKS,
    SIMULATED,
    add_legend,
    draw_line,
    draw_points,
    entitle,
    new_figure,
)
from .visible import is_shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.finite_data.early_stopping import EarlyStopping
    from ..experiments.finite_data.study import GeneralizationStudy
    from ..finite_load.curve import Generalization

NOT_A_PREDICTION = "no prediction: replica symmetry unstable, or minimum unreached"
#: Loads of theory up to which each is marked, and the mark.
FEW, MARK = 12, "_"
UNSETTLED = "the same, not converged"


def load_axes(width: Width) -> tuple[Figure, Axes]:
    """A figure with one panel: generalisation error against load."""
    figure = new_figure(width=width, height=3.4)
    axes = figure.axes[0]
    axes.set_xlabel(LABELS["alpha"])
    axes.set_ylabel(LABELS["error"])
    return figure, axes


def draw_curve(axes: Axes, alpha: Any, error: Any, trusted: Any, label: str, look: int = 0) -> None:
    """A theory curve: in its own style where ``trusted``, dashed and thin elsewhere."""
    color, style, _ = LOOKS[look % len(LOOKS)]
    alpha, error = np.asarray(alpha, dtype=float), np.asarray(error, dtype=float)
    error = np.where(np.isfinite(error), error, np.nan)
    trusted = np.asarray(trusted, dtype=bool)
    # a dashed piece reaches to the neighbouring trusted loads, so that the curve has no gaps
    touching = ~trusted | np.append(~trusted[1:], False) | np.append(False, ~trusted[:-1])
    solid, dashed = np.where(trusted, error, np.nan), np.where(touching, error, np.nan)
    # A load that has no trusted neighbour is a dash, and few loads are dashes that lines join:
    # round marks are simulation.
    mark = {"marker": MARK} if len(alpha) <= FEW else {}
    draw_line(axes, alpha, solid, MARK, color=color, linestyle=style, label=label,
              markersize=7, **mark)  # fmt: skip
    if not trusted.all():
        draw_line(axes, alpha, dashed, MARK, color=color, linestyle=DASHED, linewidth=0.8,
                  gid=NOT_A_PREDICTION, markersize=7)  # fmt: skip


def draw_simulated(
    axes: Axes,
    alpha: Any,
    mean: Any,
    sem: Any,
    settled: Any,
    look: int = 0,
    top: float = np.inf,
) -> None:
    """Simulated means with two standard errors; hollow where the runs have not converged.

    Points above ``top`` are replaced by an arrow at the edge.
    """
    own = LOOKS[look % len(LOOKS)]
    alpha, mean, sem = (np.asarray(values, dtype=float) for values in (alpha, mean, sem))
    settled, shown = np.asarray(settled, dtype=bool), mean <= top
    for chosen, fill, gid in ((settled & shown, own.color, SIMULATED),
                              (~settled & shown, "white", UNSETTLED)):  # fmt: skip
        if chosen.any():
            draw_points(axes, alpha[chosen], mean[chosen], sem[chosen], "", own,
                        markerfacecolor=fill, gid=gid)  # fmt: skip
    for place in alpha[mean > top]:
        arrow = {"arrowstyle": "->", "color": own.color}
        axes.annotate("", (place, top), (place, 0.92 * top), arrowprops=arrow)


def name_styles(figure: Figure) -> None:
    """A legend of the curves, and of what dashes and points mean where there are any."""
    from matplotlib.lines import Line2D

    (axes,) = figure.axes
    named = zip(*axes.get_legend_handles_labels(), strict=True)
    entries = {words: handle for handle, words in named if is_shown(handle, axes)}
    drawn = {line.get_gid() for line in axes.lines}
    grey: dict[str, dict[str, Any]] = {
        SIMULATED: {"linestyle": "none", "marker": "o"},
        UNSETTLED: {"linestyle": "none", "marker": "o", "markerfacecolor": "white"},
        NOT_A_PREDICTION: {"linestyle": DASHED, "linewidth": 0.8},
    }
    for name, style in grey.items():
        if name in drawn:
            entries[name] = Line2D([], [], color="0.3", **style)
    add_legend(figure, entries)


def draw_generalization(curve: Generalization, width: Width) -> Figure:
    """The curve: solid where theory may be trusted, dashed elsewhere."""
    figure, axes = load_axes(width)
    draw_curve(axes, curve.alpha, curve.error, curve.trusted, curve.label)
    name_styles(figure)
    entitle(figure, _told(curve))
    return figure


def _told(curve: Generalization, more: str = "") -> str:
    """The setting, and what of the theory is not to be trusted."""
    student = {"identity": "linear", "relu": "ReLU"}.get(curve.student, curve.student)
    message = f"\n{curve.message}" if curve.message else ""
    return f"{student} student, $S$ = {curve.noise:g}{more}{message}"


def add_study(axes: Axes, study: GeneralizationStudy, look: int = 0, top: float = np.inf) -> None:
    """Draw a study into a panel of height ``top``, in one of the looks."""
    theory, points = study.theory, study.simulated
    draw_curve(axes, theory.alpha, theory.error, theory.trusted, theory.label, look)
    if points is not None:
        draw_simulated(axes, points.alpha, points.mean, points.sem, points.settled, look, top)


def draw_study(study: GeneralizationStudy, width: Width) -> Figure:
    """Theory as a line, dashed where it is not a prediction; simulation with error bars."""
    figure, axes = load_axes(width)
    add_study(axes, study)
    name_styles(figure)
    points = study.simulated
    made = "" if points is None else f", $N$ = {points.settings.dim}, {points.settings.runs} runs"
    entitle(figure, _told(study.theory, made))
    return figure


def draw_early_stopping(stopping: EarlyStopping, width: Width) -> Figure:
    """Theory as a line, SGD with two standard errors, the optimum marked."""
    figure, axes = load_axes(width)
    axes.set_xlabel("epochs")
    smooth = np.append(np.linspace(0, 1, 9), np.geomspace(1, stopping.epochs[-1], 200)[1:])
    error = stopping.course.error(stopping.rate * smooth)
    draw_curve(axes, smooth, error, np.isfinite(error), "theory")
    if stopping.runs is not None:
        settled = np.isfinite(stopping.simulated)
        draw_simulated(axes, stopping.epochs, stopping.simulated, stopping.simulated_sem, settled)
    best = stopping.course.stop()
    if np.isfinite(best.tau):
        axes.axvline(best.tau / stopping.rate, color="0.4", linestyle=":", label="best stop")
    # Linear near 0 and logarithmic far from it, without a kink where the one becomes the other.
    axes.set_xscale("asinh", linear_width=1.0)
    marks = [0, *(10**k for k in range(int(np.log10(max(1.0, stopping.epochs[-1]))) + 1))]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_xlim(0.0, None)
    name_styles(figure)
    told = [rf"$\alpha$ = {stopping.course.alpha:g}", rf"$\eta/M$ = {stopping.rate:g}",
            f"$S$ = {stopping.course.noise:g}"]  # fmt: skip
    if (runs := stopping.runs) is not None:
        told += [f"$N$ = {runs.dim}", f"{runs.runs} runs"]
    entitle(figure, ", ".join(["linear student", *told]))
    return figure
