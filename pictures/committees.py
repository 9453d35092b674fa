"""Pictures of committees over time: overlaps, specialisation, error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..results.widths import Width
from .drawing import LABELS, LOOKS, entitle, log_axis, new_figure, setting, shared_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..odes.committee.committee_points import CommitteePoint, CommitteePoints
    from ..odes.committee.flow import CommitteeFlow

#: Error bands, in standard errors; curves of a panel that have a label of their own at most.
BAND, NAMED = 2.0, 6
ERROR_BAND = "2 standard errors of the sampled flow"


def draw_committee_flow(flow: CommitteeFlow, width: Width) -> Figure:
    """Overlaps with the teacher and among the student, scales, specialisation, error over time."""
    normalised = "gamma" in flow.values
    figure = new_figure(4, 2, width=width)
    teacher, student, special, error = figure.axes
    K, T = flow.R.shape[1:]
    _curves(teacher, flow, "R", [(k, n) for k in range(K) for n in range(T)])
    pairs = [(k, other) for k in range(K) for other in range(k, K)]
    _curves(student, flow, "gamma" if normalised else "Q", [(k,) for k in range(K)]
            if normalised else pairs)  # fmt: skip
    _curve(special, flow, "specialisation", (), 0, "_one")
    _curve(error, flow, "error", (), 0, "_one")
    if (flow.error > 0.0).all() and np.ptp(np.log10(flow.error)) > 1.0:
        log_axis(error, "y")
    teacher.set_ylabel(r"overlaps $R_{kn}$")
    student.set_ylabel(LABELS["gamma"] if normalised else "overlaps $Q_{kl}$")
    special.set_ylabel("specialisation")
    error.set_ylabel(LABELS["error"])
    for axes in figure.axes[-2:] if width == "two" else figure.axes[-1:]:
        axes.set_xlabel(LABELS["t"])
    shared_legend(figure)
    sizes = f"$K$ = {K}, $T$ = {T}"
    entitle(figure, setting(flow.problem, sizes, r"$N \to \infty$"))
    return figure


def _curves(axes: Axes, flow: CommitteeFlow, name: str, places: Sequence[tuple[int, ...]]) -> None:
    """One curve a pair of units, the first of them with a label."""
    symbol = {"R": "R", "Q": "Q", "gamma": r"\gamma"}[name]
    for number, at in enumerate(places):
        indices = "".join(str(k + 1) for k in at)
        label = f"${symbol}_{{{indices}}}$" if number < NAMED else "_more"
        _curve(axes, flow, name, at, number, label)


def _curve(
    axes: Axes, flow: CommitteeFlow, name: str, at: tuple[int, ...], number: int, label: str
) -> None:
    """One number over time, with the error of a sampled flow around it."""
    look = LOOKS[number % len(LOOKS)]
    where: Any = (slice(None), *at)
    values = flow.values[name][where]
    axes.plot(flow.t, values, color=look.color, linestyle=look.linestyle, label=label)
    if flow.std_error:
        spread = BAND * flow.std_error[name][where]
        axes.fill_between(flow.t, values - spread, values + spread, color=look.color, alpha=0.25,
                          linewidth=0, label=ERROR_BAND)  # fmt: skip


def draw_committee_points(found: CommitteePoints, width: Width) -> Figure:
    """The cosines of every point, as matrices: student with teacher, and among the student."""
    points = found.points
    figure = new_figure(max(1, 2 * len(points)), 2, width=width, height=2.6)
    for number, point in enumerate(points):
        L = np.sqrt(np.diag(point.C))
        for axes, cosines, other in (
            (figure.axes[2 * number], point.R, "teacher"),
            (figure.axes[2 * number + 1], point.C / np.outer(L, L), "student"),
        ):
            draw_cosines(axes, cosines)
            axes.set_title(f"{point.name}: {_said(point) if other == 'teacher' else 'units'}")
            axes.set_xlabel(f"unit of the {other}")
            axes.set_ylabel("unit of the student")
    if not points:
        figure.axes[0].set_axis_off()
    entitle(figure, setting(found.problem, found.summary()))
    return figure


def _said(point: CommitteePoint) -> str:
    rate = point.relative_rate
    return "cosines" if rate is None else f"rate {rate:.4g} $\\eta_{{\\mathrm{{eff}}}}$"


def draw_cosines(axes: Axes, matrix: np.ndarray) -> None:
    """Numbers on squares of their colour, from -1 to 1."""
    axes.imshow(matrix, vmin=-1.0, vmax=1.0, cmap="RdBu_r")
    for (row, column), value in np.ndenumerate(matrix):
        shade = "white" if abs(value) > 0.6 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=shade)
    for name, count in (("x", matrix.shape[1]), ("y", matrix.shape[0])):
        getattr(axes, f"set_{name}ticks")(range(count), [str(k + 1) for k in range(count)])
    axes.grid(False)
