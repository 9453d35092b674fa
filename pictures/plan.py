"""How many runs detect an error, against the dimension."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..experiments.verdict.plan import MOST_REMAINDER
from ..results.widths import Width
from .drawing import (
    DASHED,
    KEY,
    LABELS,
    LOOKS,
    entitle,
    log_axis,
    new_figure,
    setting,
    shared_legend,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..experiments.verdict.plan import Plan


def draw_plan(plan: Plan, width: Width) -> Figure:
    """Runs needed against N, a line for each drift; dashed where N is too small."""
    figure = new_figure(width=width, height=3.2)
    (axes,) = figure.axes
    for look, (name, runs) in zip(LOOKS, plan.runs.items(), strict=False):
        small = plan.remainder[name] > MOST_REMAINDER
        axes.plot(plan.dim, np.where(small, math.nan, runs), **look._asdict(),
                  label=f"drift of {name}")  # fmt: skip
        if small.any():
            # Up to the first N that is large enough, so that the line has no gap.
            touching = small | np.append(False, small[:-1])
            axes.plot(plan.dim, np.where(touching, runs, math.nan), color=look.color,
                      linestyle=DASHED, linewidth=0.8)  # fmt: skip
    if any((values > MOST_REMAINDER).any() for values in plan.remainder.values()):
        axes.plot([], [], color="0.3", linestyle=DASHED, linewidth=0.8, gid=KEY,
                  label="$N$ too small for the theory")  # fmt: skip
    axes.set(xlabel=LABELS["dim"], ylabel="runs needed")
    log_axis(axes, "x")
    log_axis(axes, "y")
    shared_legend(figure)
    entitle(
        figure,
        f"{setting(plan.problem)}: to detect {100 * plan.error:g}% "
        f"with probability {plan.power:g} at level {plan.alpha:g}",
    )
    return figure
