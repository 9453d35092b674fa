"""Pictures of a comparison: theory under its runs, residuals, and scatter against prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..results.widths import Width
from .blocks import block_panels, draw_simulated_blocks, draw_theory_blocks
from .drawing import (
    APPROXIMATION,
    LABELS,
    LOOKS,
    SIMULATION,
    THEORY,
    apart,
    draw_points,
    draw_predicted_spread,
    draw_simulation,
    draw_theory,
    entitle,
    error_axis,
    few,
    lowest,
    moving,
    new_figure,
    setting,
    shared_legend,
    shown_quantities,
    time_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..experiments.verdict.comparison import Comparison

Array = np.ndarray
#: Name of the panel of deviations in standard errors.
RESIDUALS = "z"
#: Single runs drawn at most.
SHOWN_RUNS = 25
#: Radius that holds 95% of a Gaussian in the plane.
RADIUS = np.sqrt(-2 * np.log(0.05))


def draw(comparison: Comparison, width: Width) -> Figure:
    """The picture that the comparison shows (`Comparison.showing`)."""
    return {"time": draw_comparison, "scatter": draw_scatter}[comparison.picture](comparison, width)


def draw_comparison(comparison: Comparison, width: Width) -> Figure:
    """One panel a quantity: theory, its band, single runs, their mean; below them residuals."""
    runs, flow = comparison.runs, comparison.flow
    names, level = moving(runs.values, shown_quantities(runs.values))
    blocks = block_panels(runs.problem)
    shown, extra = [*names, *blocks, RESIDUALS], len(blocks) + 1
    figure, panels = time_panels(shown, width, last=0.75, extra=extra)
    below = panels.pop(RESIDUALS)
    draw_theory_blocks(panels, runs.problem, flow.t, flow.blocks)
    draw_simulated_blocks(panels, runs.problem, runs.t, runs.blocks, named=False)
    for name in names:
        axes = panels[name]
        if comparison.predicted is None:
            draw_simulation(axes, runs.t, runs.mean[name], runs.sem[name], runs.std[name])
        else:
            _draw_runs(axes, comparison, name)
        draw_theory(axes, runs.t, flow.values[name])
        if comparison.approximation is not None:
            style = {"label": "PN + gamma decay", "color": APPROXIMATION, "linestyle": "-."}
            other = comparison.approximation
            draw_theory(axes, other.t, other.values[name], **style)
    for name in {"error", "error01"} & set(panels):
        error_axis(panels[name], flow.values[name], runs.mean[name])
    draw_residuals(below, comparison)
    shared_legend(figure)
    word = "agree" if comparison.agree else "DISAGREE"
    entitle(
        figure,
        f"{setting(runs.problem)}\ntheory and simulation {word}: "
        f"max |z| = {comparison.max_abs_z:.2f}, p = {comparison.p_value:.3g}, "
        f"{runs.runs} runs at $N$ = {runs.dim}" + "".join(f"\n{words}" for words in level),
    )
    return figure


def draw_residuals(axes: Axes, comparison: Comparison) -> None:
    """Deviations of the means from theory, in standard errors: what the verdict tests."""
    tested = {n: v for n, v in comparison.z.items() if np.isfinite(v).any()}
    own = {"LR": "$LR$", "error": r"$\epsilon$", "error01": "share of errors"}
    axes.axhspan(-2.0, 2.0, color="0.5", alpha=0.12, linewidth=0, label="± 2 standard errors")
    axes.axhline(0.0, color=THEORY, linestyle="-", linewidth=0.8)
    t, some = comparison.runs.t, few(comparison.runs.t.size)
    for (name, values), look in zip(tested.items(), LOOKS[1:], strict=False):
        named = f"residual of {own.get(name, f'${name}$')}"
        axes.plot(t[some], values[some], markerfacecolor="white", label=named, **apart(look))
    name, at = comparison.worst
    axes.plot(t[at : at + 1], comparison.z[name][at : at + 1], linestyle="none", marker="o",
              markersize=8, color="black", markerfacecolor="none", label="the largest")  # fmt: skip
    far = 1.15 * max(3.0, comparison.max_abs_z)
    axes.set_ylim(-far, far)
    axes.set_ylabel("residual\n(standard errors)")


def _draw_runs(axes: Axes, comparison: Comparison, name: str) -> None:
    """The predicted band, single runs over it, and their mean."""
    runs, theory = comparison.runs, comparison.flow.values[name]
    draw_predicted_spread(axes, runs.t, theory, _spread(comparison, name), runs.dim)
    lines = axes.plot(
        runs.t,
        runs.values[name][:SHOWN_RUNS].T,
        color=SIMULATION,
        linestyle="-",
        linewidth=0.4,
        alpha=0.35,
    )
    lines[0].set_label("single runs")
    some = few(runs.t.size)
    draw_points(axes, runs.t[some], runs.mean[name][some], runs.sem[name][some])


def _spread(comparison: Comparison, name: str) -> Array:
    """The predicted standard deviation of a run; the share of errors is ``arccos(R)/pi``."""
    if name != "error01":
        return comparison.std[name]
    across = np.sqrt(np.maximum(1e-12, 1.0 - comparison.flow.R**2))
    spread: Array = comparison.std["R"] / (np.pi * across)
    return spread


def draw_scatter(comparison: Comparison, width: Width) -> Figure:
    """Runs at four times in the plane of Q and R, with the ellipse that 95% should lie in."""
    predicted, runs = comparison.predicted, comparison.runs
    assert predicted is not None
    chosen = np.unique(np.linspace(0, runs.t.size - 1, 5).round().astype(int))[1:]
    figure = new_figure(len(chosen), 2, width=width, height=2.5)
    shift = predicted.mean_shift(runs.dim)
    rows = [predicted.quantities.index(name) for name in ("Q", "R")]
    for axes, at in zip(figure.axes, chosen, strict=True):
        slopes = predicted.slopes[at][rows]
        covariance = slopes @ predicted.covariance[at] @ slopes.T / runs.dim
        centre = [comparison.flow.values[n][at] + shift[n][at] for n in ("Q", "R")]
        inside = _inside(covariance, centre, runs.values["Q"][:, at], runs.values["R"][:, at])
        axes.plot(
            runs.values["Q"][:, at], runs.values["R"][:, at], linestyle="none", marker="o",
            alpha=0.6, color=SIMULATION, label="runs",
        )  # fmt: skip
        axes.plot(*_ellipse(covariance, centre), color=THEORY, linestyle="-",
                  label="95% of runs, predicted")  # fmt: skip
        axes.set_title(f"t = {runs.t[at]:g}: {100 * inside:.0f}% inside")
        axes.set_ylabel(LABELS["R"])
    for axes in lowest(figure):
        axes.set_xlabel(LABELS["Q"])
    shared_legend(figure)
    entitle(figure, f"{setting(runs.problem)}: {runs.runs} runs at $N$ = {runs.dim}")
    return figure


def _ellipse(covariance: Array, centre: list[float]) -> Array:
    angle = np.linspace(0, 2 * np.pi, 200)
    variance, axes = np.linalg.eigh(covariance)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    ellipse: Array = axes @ (np.sqrt(np.maximum(variance, 0))[:, None] * circle) * RADIUS
    return ellipse + np.array(centre)[:, None]


def _inside(covariance: Array, centre: list[float], Q: Array, R: Array) -> float:
    """The share of runs inside the ellipse."""
    away = np.stack([Q - centre[0], R - centre[1]])
    distance = (away * (np.linalg.pinv(covariance, hermitian=True) @ away)).sum(axis=0)
    return float((distance < RADIUS**2).mean())
