"""The picture of a problem's fixed points: where training goes, and at which effective rate.

With weight decay the second panel is what a practitioner sees: whatever the initial length, the
effective learning rate settles at the same value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..odes.equilibria.points import FixedPoints
from ..odes.flow.integrate import solve
from ..odes.flow.trajectory import Flow
from ..results.widths import Width
from ..teacher_student.schedule import effective_rate
from .drawing import (
    LABELS,
    LOOKS,
    SIMULATION,
    THEORY,
    entitle,
    log_axis,
    new_figure,
    setting,
    shared_legend,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Starts of the flows that are drawn: overlaps, scales, and lengths in units of l0.
OVERLAPS, SCALES, LENGTHS = (-0.8, -0.3, 0.3, 0.8), (0.3, 1.5), (0.5, 1.0, 2.0, 4.0)
POINTS = 400


def draw_fixed_points(found: FixedPoints, width: Width) -> Figure:
    """Two panels: flows in the plane of R and Q, and the effective rate (or Q) over time."""
    figure = new_figure(2, 2, width=width, height=2.7)
    plane, rates = figure.axes
    _plane(plane, found)
    _over_time(rates, found)
    shared_legend(figure)
    entitle(figure, setting(found.problem, f"$\\eta$ = {found.problem.eta}"))
    return figure


def _horizon(found: FixedPoints) -> float:
    """Some relaxation times of the point at which training ends."""
    slow = [p.slow_rate for p in found.points if p.stable and p.slow_rate > 0]
    return float(np.clip(10.0 / min(slow, default=0.5), 1.0, 1e4))


def _plane(axes: Axes, found: FixedPoints) -> None:
    named = "flows"
    for r0 in OVERLAPS:
        for q0 in SCALES:
            start = found.problem.replace(q0=q0, r0=r0)
            flow = solve(start, time=_horizon(found), points=POINTS, rtol=1e-6)
            near = np.abs(flow.Q) < 5  # a diverging student leaves the picture
            axes.plot(flow.R[near], flow.Q[near], color=THEORY, linestyle="-", linewidth=0.8,
                      marker=".", markevery=[0], label=named)  # fmt: skip
            named = "_flows"
    for stable, face, label in ((True, SIMULATION, "stable"), (False, "white", "unstable")):
        points = [p for p in found.points if p.stable == stable]
        if points:
            axes.plot([p.R for p in points], [p.Q for p in points], "o", color=SIMULATION,
                      markerfacecolor=face, markersize=6, label=f"{label} point")  # fmt: skip
    axes.set_xlim(-1.05, 1.05)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.set_xlabel(LABELS["R"])
    axes.set_ylabel(LABELS["Q"])


def _over_time(axes: Axes, found: FixedPoints) -> None:
    """The effective rate from several lengths; of a plain student, whose rate is eta, its scale."""
    problem = found.problem
    normalised = "gamma" in problem.trained_scalars
    for number, factor in enumerate(LENGTHS):
        name, base = ("l0", problem.l0) if normalised else ("q0", problem.q0)
        start = problem.replace(**{name: factor * base})
        flow = solve(start, time=_horizon(found), points=POINTS, rtol=1e-6)
        symbol = "L" if normalised else "Q"
        look = LOOKS[number % len(LOOKS)]
        shown = _effective(flow) if normalised else np.abs(flow.Q)
        axes.plot(flow.t, shown, color=look.color, linestyle=look.linestyle,
                  label=f"start ${symbol}$ = {factor * base:g}")  # fmt: skip
    point = found.reached or next((p for p in found.points if p.stable), None)
    if point is not None:
        if point.L is not None:
            level = point.eta_eff if normalised else abs(point.Q)
            axes.axhline(level, color=LOOKS[4].color, linestyle=LOOKS[4].linestyle,
                         linewidth=0.8, label="at the fixed point")  # fmt: skip
        if normalised and point.eta_max is not None:
            axes.axhline(point.eta_max, color="0.5", linestyle="-", linewidth=0.8,
                         label=r"$\eta_{\mathrm{max}}$")  # fmt: skip
    log_axis(axes, "y")
    axes.set_xlabel(LABELS["t"])
    axes.set_ylabel(LABELS["eta_eff" if normalised else "Q"])


def _effective(flow: Flow) -> np.ndarray:
    spectrum = flow.problem.spectrum_
    width = flow.L if spectrum is None else np.sqrt(flow.blocks["C"] @ spectrum.arrays[0])
    return effective_rate(flow.problem, float(flow.problem.limit.eta), flow.Q, width)
