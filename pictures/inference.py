"""The picture of training mode and deployment: errors against the size of the statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.widths import Width
from .drawing import (
    LABELS,
    LOOKS,
    draw_theory,
    entitle,
    log_axis,
    new_figure,
    setting,
    shared_legend,
    size_axis,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..experiments.inference.inference import Inference

#: Sizes that are labelled.
LABELLED = (4, 8, 16, 32, 64, 128)


def draw_inference(found: Inference, width: Width) -> Figure:
    """Error of one student against m: in training mode, deployed for several momenta."""
    figure = new_figure(width=width, height=3.4)
    axes, errors = figure.axes[0], found.by_size
    axes.plot(
        errors.sizes, errors.population, color="0.55", linestyle="-", linewidth=0.9,
        label="population statistics",
    )  # fmt: skip
    draw_theory(axes, errors.sizes, errors.own_batch, "training mode: own batch", linewidth=2.0)
    for (rho, values), look in zip(errors.running.items(), LOOKS[1:], strict=False):
        axes.plot(
            errors.sizes, values, color=look.color, linestyle=look.linestyle, marker=look.marker,
            label=rf"running statistics, $\rho$ = {rho:g}",
        )  # fmt: skip
    if found.running_rate is not None:
        axes.plot(
            [found.statistics_size], [found.error["running"] or 0.0], color="black",
            linestyle="none", marker="*",
            label=rf"lagging statistics, $N\rho$ = {found.running_rate:g}",
        )  # fmt: skip
    size_axis(axes, LABELLED)
    log_axis(axes, "y")
    axes.set(xlabel=LABELS["statistics_size"], ylabel=LABELS["error"])
    shared_legend(figure)
    state = (f"$Q$ = {found.Q:.3g}", f"$R$ = {found.R:.3g}")
    entitle(figure, setting(found.problem, *state))
    return figure
