"""A fit: what was measured, and the flow that comes nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .drawing import (
    LOOKS,
    SIMULATION,
    draw_points,
    draw_theory,
    entitle,
    few,
    setting,
    shared_legend,
    time_panels,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..experiments.fitting.fit import Fit


def draw_fit(fit: Fit, width: Width) -> Figure:
    """One panel a quantity that was measured."""
    data = fit.data
    figure, panels = time_panels(tuple(data.values), width)
    some = few(data.t.size)
    for name, axes in panels.items():
        if name in data.sem:
            draw_points(axes, data.t[some], data.values[name][some], data.sem[name][some],
                        "measured, ± 2 standard errors")  # fmt: skip
        else:
            axes.plot(data.t[some], np.asarray(data.values[name])[some], linestyle="none",
                      marker=LOOKS[1].marker, color=SIMULATION, label="measured")  # fmt: skip
        draw_theory(axes, fit.flow.t, fit.flow.values[name], "fitted flow")
    shared_legend(figure)
    entitle(figure, f"{setting(fit.problem)}: {fit.verdict().rstrip('.')}")
    return figure
