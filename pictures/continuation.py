"""The picture of fixed points along a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .drawing import SIMULATION, THEORY, entitle, label, lowest, new_figure, setting, shared_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..odes.equilibria.continuation import Continuation


def draw_continuation(path: Continuation, width: Width) -> Figure:
    """Q, R, eta_eff and error along the parameter: solid where stable."""
    names = ("Q", "R", "eta_eff", "error")
    figure = new_figure(4, 2, width=width)
    stable = path.numbers("stable")
    for axes, name in zip(figure.axes, names, strict=True):
        for b, values in enumerate(path.numbers(name)):
            for on, style, named in ((1.0, "-", "stable"), (0.0, ":", "unstable")):
                if (stable[b] == on).any():
                    shown = np.where(stable[b] == on, values, np.nan)
                    axes.plot(path.grid, shown, color=THEORY, linestyle=style, label=named)
        for bifurcation in path.bifurcations:
            axes.axvline(bifurcation.value, color=SIMULATION, linestyle="-.", linewidth=0.9,
                         label="bifurcation")  # fmt: skip
        axes.set_ylabel(label(name))
    for axes in lowest(figure):
        axes.set_xlabel(label(path.parameter))
    shared_legend(figure)
    entitle(figure, f"{setting(path.problem)}: fixed points and attractors")
    return figure
