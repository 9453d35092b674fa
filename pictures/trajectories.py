"""Pictures against time: a flow with its predicted spread, runs, a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.widths import Width
from .blocks import block_panels, draw_simulated_blocks, draw_theory_blocks
from .drawing import (
    LABELS,
    LOOKS,
    draw_predicted_spread,
    draw_simulation,
    draw_theory,
    entitle,
    error_axis,
    log_axis,
    moving,
    new_figure,
    setting,
    shared_legend,
    shown_quantities,
    time_panels,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..odes.equilibria.optimal_schedule import Schedule
    from ..odes.flow.trajectory import Flow
    from ..teacher_student.online.runs import Runs


def draw_flow(flow: Flow, width: Width) -> Figure:
    """One panel a quantity, ``"one"`` or ``"two"`` columns of a journal wide."""
    names, level = moving(flow.values, shown_quantities(flow.values))
    blocks = block_panels(flow.problem)
    figure, panels = time_panels([*names, *blocks], width, extra=len(blocks))
    draw_theory_blocks(panels, flow.problem, flow.t, flow.blocks)
    for name in names:
        axes = panels[name]
        draw_theory(axes, flow.t, flow.values[name])
        if name in flow.std:
            draw_predicted_spread(
                axes, flow.t, flow.values[name], flow.std[name], flow.dim, flow.averaged
            )
    if "error" in panels:
        error_axis(panels["error"], flow.error)
    shared_legend(figure)
    entitle(figure, "\n".join([setting(flow.problem, *_size(flow)), *level]))
    return figure


def _size(flow: Flow) -> list[str]:
    """What N is."""
    return [r"$N \to \infty$" if flow.dim is None else f"$N$ = {flow.dim}"]


def draw_runs(runs: Runs, width: Width) -> Figure:
    """Means with standard errors over the spread of the runs."""
    names, level = moving(runs.values, shown_quantities(runs.values))
    blocks = block_panels(runs.problem)
    figure, panels = time_panels([*names, *blocks], width, extra=len(blocks))
    draw_simulated_blocks(panels, runs.problem, runs.t, runs.blocks, named=True)
    for name in names:
        axes = panels[name]
        draw_simulation(axes, runs.t, runs.mean[name], runs.sem[name], runs.std[name])
    if "error" in panels:
        error_axis(panels["error"], runs.mean["error"])
    shared_legend(figure)
    told = f"{setting(runs.problem)}: {runs.runs} runs at $N$ = {runs.dim}"
    entitle(figure, "\n".join([told, *level]))
    return figure


def draw_schedule(schedule: Schedule, width: Width) -> Figure:
    """The schedule, and the error along it."""
    figure = new_figure(2, 2, width=width, height=2.5)
    rates, errors = figure.axes
    best = {"eta": "locally optimal", "eta_eff": "its effective rate"}
    for (name, called), look in zip(best.items(), LOOKS, strict=False):
        rates.plot(schedule.t, schedule.values[name], color=look.color, linestyle=look.linestyle,
                   label=called)  # fmt: skip
    errors.plot(schedule.t, schedule.error, color=LOOKS[0].color)
    if schedule.best_eta is not None and schedule.best_error is not None:
        rates.axhline(schedule.best_eta, color="black", linestyle=":",
                      label=r"best constant $\eta$")  # fmt: skip
        errors.plot(schedule.t[-1:], [schedule.best_error], color="black", linestyle="none",
                    marker="o", clip_on=False, label="its error at the end")  # fmt: skip
    for axes, name in ((rates, "eta"), (errors, "error")):
        log_axis(axes, "y")
        axes.set_xlabel(LABELS["t"])
        axes.set_ylabel(LABELS[name])
    shared_legend(figure)
    entitle(figure, setting(schedule.problem, r"$N \to \infty$", without=["eta"]))
    return figure
