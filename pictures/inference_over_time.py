"""The picture of training mode and deployment over time: three errors, and the gaps of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .drawing import (
    LABELS,
    LOOKS,
    draw_points,
    draw_theory,
    entitle,
    few,
    log_axis,
    new_figure,
    setting,
    shared_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.inference.over_time import InferenceOverTime

#: The errors as they are called.
CALLED = {
    "own_batch": "training mode: own batch",
    "population": "population statistics",
    "running": "running statistics",
}


def draw_inference_over_time(found: InferenceOverTime, width: Width) -> Figure:
    """Errors of training mode and deployed, and how far training mode is above, against time."""
    figure = new_figure(2, 2, width=width, height=3.0)
    errors, gaps = figure.axes
    for (name, called), look in zip(CALLED.items(), LOOKS, strict=False):
        style = {"color": look.color, "linestyle": look.linestyle}
        draw_theory(errors, found.t, found.values[name], called, **style)
        if name != "own_batch":
            draw_theory(gaps, found.t, found.own_batch - found.values[name], called, **style)
        if name in found.measured:
            _draw_runs(errors, gaps, found, name, look.color)
    log_axis(errors, "y")
    gaps.axhline(0.0, color="0.7", linewidth=0.7)
    errors.set(xlabel=LABELS["t"], ylabel=LABELS["error"])
    gaps.set(xlabel=LABELS["t"], ylabel="training mode minus deployed")
    shared_legend(figure)
    rho, rate = found.problem.running_momentum, found.problem.running_rate
    said = [rf"$\rho$ = {rho:g}" if rate is None else rf"$N\rho$ = {rate:g}"]
    said += [f"{found.runs} runs at $N$ = {found.dim}"] if found.runs else []
    entitle(figure, setting(found.problem, *said))
    return figure


def _draw_runs(errors: Axes, gaps: Axes, found: InferenceOverTime, name: str, color: str) -> None:
    own = found.measured[name]
    some = few(own.mean.size)
    t = found.t[: own.mean.size][some]
    draw_points(errors, t, own.mean[some], own.sem[some], color=color)
    if name != "own_batch":
        trained = found.measured["own_batch"]
        apart = (trained.mean - own.mean)[some]
        draw_points(gaps, t, apart, np.hypot(trained.sem, own.sem)[some], color=color)
