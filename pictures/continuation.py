"""The picture of fixed points along a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .drawing import (
    SIMULATION,
    THEORY,
    draw_line,
    entitle,
    label,
    lowest,
    new_figure,
    setting,
    shared_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..odes.equilibria.continuation import Continuation


#: Values of the parameter up to which each is marked.
MARKED = 25
#: Markers of a branch that is one point, by stability.
SINGLE = {1.0: "o", 0.0: "s"}


def draw_continuation(path: Continuation, width: Width) -> Figure:
    """Q, R, eta_eff and error along the parameter: solid where stable."""
    names = ("Q", "R", "eta_eff", "error")
    figure = new_figure(4, 2, width=width)
    for axes, name in zip(figure.axes, names, strict=True):
        _draw_branches(axes, path, name)
        for bifurcation in path.bifurcations:
            axes.axvline(bifurcation.value, color=SIMULATION, linestyle="-.", linewidth=0.9,
                         label="bifurcation")  # fmt: skip
        axes.set_ylabel(label(name))
    for axes in lowest(figure):
        axes.set_xlabel(label(path.parameter))
    shared_legend(figure)
    told = setting(path.problem, r"$N \to \infty$", without=[path.parameter])
    entitle(figure, f"{told}: fixed points and attractors")
    return figure


def _draw_branches(axes: Axes, path: Continuation, name: str) -> None:
    """Every branch, joined where its stability is the same, in a panel of the long ones' size."""
    dots = {"marker": "o", "markersize": 2.2} if len(path.grid) <= MARKED else {}
    numbers, stable = path.numbers(name), path.numbers("stable")
    for values, steady in zip(numbers, stable, strict=True):
        for on, style, named in ((1.0, "-", "stable"), (0.0, ":", "unstable")):
            here = (steady == on) & np.isfinite(values)
            if not here.any():
                continue
            # An unstable piece reaches to the stable one beside it, so that no branch has a gap.
            beside = np.append(False, here[:-1]) | np.append(here[1:], False)
            joined = here | (beside & np.isfinite(values)) if on == 0.0 else here
            draw_line(axes, path.grid, np.where(joined, values, np.nan), SINGLE[on],
                      color=THEORY, linestyle=style, label=named, **dots)  # fmt: skip
    lengths = np.isfinite(numbers).sum(axis=1)
    single, long = numbers[lengths == 1], numbers[lengths > 1]
    if not (single.size and long.size):
        return
    low, high = np.nanmin(long), np.nanmax(long)
    room = 0.15 * (high - low) or 0.15 * abs(high) or 0.1
    axes.set_ylim(low - room, high + room)
    edge = np.clip(single, low - room, high + room)
    for at, beyond in zip(edge, single != edge, strict=True):
        if (outside := beyond & np.isfinite(at)).any():
            axes.plot(path.grid[outside], at[outside], linestyle="none", marker="d",
                      color=THEORY, markerfacecolor="white", clip_on=False,
                      label="a point beyond the panel")  # fmt: skip
