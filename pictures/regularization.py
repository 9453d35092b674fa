"""Pictures of gamma decay: against the batch size, by neuron, and as an approximation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..experiments.regularization.approximation import QUANTITIES
from ..experiments.regularization.gamma import SIZES
from ..results.widths import Width
from .drawing import (
    LABELS,
    LOOKS,
    THEORY,
    draw_points,
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

    from ..experiments.regularization.approximation import Approximation
    from ..experiments.regularization.gamma import Regularization
    from ..experiments.regularization.neuron import NeuronRegularization


def draw_regularization(found: Regularization, width: Width) -> Figure:
    """Zeta, measured gap and what gamma lacks from 1, against M, with the 1/M law."""
    figure = new_figure(width=width, height=3.4)
    axes, rows = figure.axes[0], found.against_batch_size
    draw_theory(axes, SIZES, [r.zeta for r in rows], r"$\zeta$, a $1/M$ law")
    gap, sem = ([getattr(r, name) for r in rows] for name in ("loss_gap", "loss_gap_sem"))
    draw_points(axes, SIZES, gap, np.array(sem), "measured loss gap ± 2 standard errors")
    # Near R = 1 the flow of gamma is I (1 - gamma) - zeta gamma, I the Fisher information.
    fisher = found.fisher_information
    lacking = [fisher * (1 / r.gamma_exact - 1) for r in rows if r.gamma_exact is not None]
    if lacking:
        axes.plot(
            SIZES, lacking, color=LOOKS[2].color, marker=LOOKS[2].marker, linestyle="none",
            label=r"$I\,(1/\gamma-1)$, exact optimal $\gamma$ of BN",
        )  # fmt: skip
    size_axis(axes, SIZES)
    log_axis(axes, "y")
    axes.set_ylabel(r"regularisation: gap, or $\zeta$")
    shared_legend(figure)
    entitle(figure, rf"{found.activation}, excess kurtosis $\rho$ = {found.kurtosis:g}")
    return figure


def draw_neurons(neurons: NeuronRegularization, width: Width) -> Figure:
    """Zeta of every neuron, sorted, with standard errors."""
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(width=width, height=3.2)
    axes, order = figure.axes[0], np.argsort(neurons.zeta)
    place = np.arange(len(order))
    named = "neurons ± 2 standard errors"
    draw_points(axes, place, neurons.zeta[order], neurons.zeta_sem[order], named)
    axes.axhline(
        neurons.zeta_gaussian, color=THEORY, linestyle="-", label="theory, Gaussian fields"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel=r"neuron, in the order of $\zeta$", ylabel=LABELS["zeta"])
    shared_legend(figure)
    entitle(figure, f"{neurons.activation}, $M$ = {neurons.batch_size}, {neurons.rows} examples")
    return figure


def draw_approximation(found: Approximation, width: Width) -> Figure:
    """The largest differences and those at the end against M, with a 1/M and 1/M^2 guide."""
    figure = new_figure(2, 2, width=width, height=2.7)
    M = found.batch_sizes.astype(float)
    titles = ("largest along the flow", "at the end")
    for axes, values, title in zip(figure.axes, (found.along, found.end), titles, strict=True):
        for name, look in zip(QUANTITIES, LOOKS, strict=False):
            axes.plot(M, np.abs(values(name)), label=LABELS[name], **look._asdict())
        start = max(np.abs(values(name))[0] for name in QUANTITIES)
        for power, style in ((1, ":"), (2, "-.")):
            law = f"$1/M^{power}$" if power > 1 else "$1/M$"
            guide = start * (M[0] / M) ** power
            axes.plot(M, guide, color="0.5", linestyle=style, linewidth=0.9, label=law)
        axes.set(ylabel="distance from the exact flow", title=title)
        size_axis(axes, M)
        log_axis(axes, "y")
    shared_legend(figure)
    exact = setting(found.problem, r"$N \to \infty$", without=["batch_size"])
    entitle(figure, f"{found.approximation} with gamma decay for {exact}")
    return figure
