"""The picture of an advice: the effective rate along training, before and after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results.widths import Width
from .drawing import LOOKS, add_notes, entitle, few, log_axis, new_figure, setting, shared_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..experiments.advice.advise import Advice

#: Markers of the steps to equilibrium, other than those of the curves.
ARRIVED = ("*", "X")


def draw_advice(found: Advice, width: Width) -> Figure:
    """Effective rate of a step against steps; its equilibrium, and when it is reached."""
    figure = new_figure(width=width, height=3.0)
    axes, notes = figure.axes[0], []
    for course, look, mark in zip(found.courses, LOOKS, ARRIVED, strict=False):
        if not course.steps.size:
            notes.append(f"{course.name}: batches of this size have no flow")
            continue
        steps, rates = course.steps[1:], course.rates[1:]
        axes.plot(
            steps, rates, color=look.color, linestyle=look.linestyle, marker=look.marker,
            markevery=few(len(steps)), markersize=3.5, label=course.name,
        )  # fmt: skip
        if course.rest is None:
            notes.append(f"{course.name}: no equilibrium is reached")
            continue
        axes.axhline(course.rest, color=look.color, linestyle=(0, (1, 3)), linewidth=1.0)
        if course.arrival:
            axes.plot(
                [course.arrival], [course.rest], color=look.color, marker=mark,
                markersize=8, linestyle="none", markeredgecolor="black",
                label=f"within 5% of equilibrium: {course.arrival:.3g} steps",
            )  # fmt: skip
    axes.set(xlabel="steps", ylabel="effective rate of a step")
    if any(course.steps.size for course in found.courses):
        log_axis(axes, "x")
        log_axis(axes, "y")
    if notes:
        add_notes(figure, notes)
    if axes.get_legend_handles_labels()[1]:
        shared_legend(figure)
    training = found.training
    told = (f"lr = {training.learning_rate:g}", f"weight decay {training.weight_decay:g}",
            f"fan-in {training.fan_in}")  # fmt: skip
    # The practitioner's own numbers stand for the theory's eta and lambda.
    entitle(figure, setting(training.problem, *told, without=["eta", "weight_decay"]))
    return figure
