"""What a referee looks for: settings told, nothing empty or constant, nothing that misleads."""

from dataclasses import replace

import bntheory as bn
import numpy as np
import pytest
from bntheory.finite_load.curve import generalization
from bntheory.pictures.claims import KINDS
from bntheory.pictures.comparison import draw_residuals
from bntheory.pictures.drawing import THEORY, draw_theory, error_axis, new_figure, shared_legend
from bntheory.pictures.setting import setting
from bntheory.pictures.style import house_style
from bntheory.pictures.visible import alone
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pictures import PN, SHORT, _swept, made

#: Pictures of one problem whose title says its setting; what is along an axis is left out.
TOLD = {
    "flow": ("M", r"\eta", "S", "N"),
    "runs": ("M", r"\eta", "S", "N"),
    "compare": ("M", r"\eta", "S", "N"),
    "committee-flow": ("M", r"\eta", "S", "N"),
    "committee-runs": ("M", r"\eta", "S", "N"),
    "fixed-points": ("M", r"\eta", "S", "N"),
    "plan": ("M", r"\eta", "S"),
    "universality": ("M", r"\eta", "S", "N"),
    "sweep-simulated": ("M", "S", "N"),
    "sweep-map": ("M", "S", "N"),
    "follow": ("M", r"\eta", "S", "N"),
    "schedule": ("M", "S", "N"),
    "early-stopping": (r"\eta/M", "S", "N"),
    "generalization": ("S",),
}


def said(figure):
    return figure.get_suptitle().replace("\u00a0", " ")


def series(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


@pytest.mark.parametrize("name", TOLD)
def test_the_title_says_the_setting(name):
    title = said(made(name).plot("one"))
    for symbol in TOLD[name]:
        assert f"${symbol}$ = " in title or rf"${symbol} \to" in title, (symbol, title)


def test_a_setting_says_what_is_not_as_usual_and_not_what_is_along_an_axis():
    problem = bn.Problem(scheme="bn", batch_size=32, statistics_size=8, noise=0.25, momentum=0.9)
    told = setting(problem, "$N$ = 4", without=["eta"])
    assert told == r"bn, relu, $M$ = 32, $S$ = 0.25, $m$ = 8, $\beta$ = 0.9, $N$ = 4"


def test_a_comparison_shows_its_residuals_and_the_error_on_a_logarithmic_axis():
    verdict = made("compare")
    figure = verdict.plot("one")
    *_, error, below = figure.axes
    assert error.get_yscale() == "log"
    for name in ("Q", "R", "L"):
        drawn = series(below, f"residual of ${name}$")
        np.testing.assert_array_equal(drawn.get_ydata(), verdict.z[name])
    name, at = verdict.worst
    assert series(below, "the largest").get_xydata().tolist() == [
        [verdict.runs.t[at], verdict.z[name][at]]
    ]


def test_a_large_residual_is_in_its_panel():
    verdict = made("compare")
    wrong = {**verdict.z, "R": verdict.z["R"] + 40.0}  # a theory that is wrong
    axes = Figure().subplots()
    draw_residuals(axes, replace(verdict, z=wrong))
    assert axes.get_ylim()[1] > 40.0 == -axes.get_ylim()[0] * 40.0 / axes.get_ylim()[1]


def test_a_comparison_is_drawn_on_four_axes_or_five_or_one():
    verdict = made("compare")
    panels = Figure().subplots(2, 2)
    verdict.plot(ax=panels)
    assert panels[1, 1].get_yscale() == "log"
    verdict.plot(ax=Figure().subplots(1, 5))
    alone_ = Figure().subplots()
    verdict.plot(ax=alone_, quantity="z")
    assert "residual" in alone_.get_ylabel()
    with pytest.raises(ValueError, match="the picture has 5 panels"):
        verdict.plot(ax=Figure().subplots(1, 3))


@pytest.mark.parametrize(("panels", "across"), [(3, 2), (5, 3), (8, 3), (10, 4), (4, 2)])
def test_no_cell_is_empty(panels, across):
    figure = new_figure(panels, across)
    figure.draw_without_rendering()
    boxes = [axes.get_position() for axes in figure.axes]
    assert len(boxes) == panels
    right = {round(box.x1, 2) for box in boxes}
    for row in {round(box.y0, 2) for box in boxes}:
        own = [box for box in boxes if round(box.y0, 2) == row]
        assert max(box.x1 for box in own) == pytest.approx(max(right), abs=0.02)
        assert min(box.x0 for box in own) == pytest.approx(min(b.x0 for b in boxes), abs=0.02)


def test_what_is_constant_has_words_and_no_panel():
    swept = _swept(eta=[0.1, 0.5], quantity="final-error,diverged")
    figure = swept.plot("one")
    assert [axes.get_ylabel() for axes in figure.axes] == [r"final error $\epsilon$"]
    assert "share that diverged: 0 throughout" in said(figure)
    own = Figure().subplots()  # asked for by name it is drawn
    swept.plot(ax=own, quantity="diverged")
    assert own.lines[0].get_ydata().tolist() == [0.0, 0.0]
    flow = bn.integrate(bn.Problem("identity", "wn"), **SHORT)
    still = replace(flow, values={**flow.values, "L": np.ones_like(flow.L)})
    labels = [axes.get_ylabel() for axes in still.plot("one").axes]
    assert len(labels) == 3
    assert not any("length" in words for words in labels)
    assert "throughout" in said(still.plot("one"))


def test_theory_lies_under_a_simulated_sweep():
    swept = made("sweep-simulated")
    line = series(swept.plot("one").axes[1], "theory")
    assert line.get_color() == THEORY
    x = line.get_xdata()
    at = [int(np.flatnonzero(x == eta)[0]) for eta in swept.grid["eta"]]
    for place, eta in zip(at, swept.grid["eta"], strict=True):
        problem = swept.problem.replace(eta=float(eta))
        own = bn.integrate(problem, time=3.0, points=2)
        assert line.get_ydata()[place] == pytest.approx(own.R[-1], abs=1e-8)
    assert len(x) > 3 * len(at)  # and between them


def test_theory_under_runs_along_n_is_one_number():
    problem = PN.replace(weight_decay=0.0, batch_size=1)
    data = bn.sweep(problem, dim=[40, 80], simulate=True, runs=2, time=3.0, quantity="final-R")
    line = series(bn.Sweep(data).plot("one").axes[0], "theory")
    assert line.get_xdata().tolist() == [40, 80]
    assert np.ptp(line.get_ydata()) == 0


def test_a_single_value_is_a_marker():
    axes = _swept(eta=[0.5]).plot("one").axes[0]
    line = series(axes, "theory")
    assert line.get_xdata().tolist() == [0.5]
    assert line.get_marker() == "o"
    no_range = bn.Sweep(bn.sweep(bn.Problem("identity", "wn", eta=0.3), time=1.0))
    assert series(no_range.plot("one").axes[0], "theory").get_xdata().tolist() == [0.3]


def test_points_that_stand_alone_are_seen():
    nan = np.nan
    assert alone([1.0, nan, 2.0, 3.0, nan, 4.0]) == [0, 5]
    axes = Figure().subplots()
    draw_theory(axes, range(6), [1.0, nan, 2.0, 3.0, nan, 4.0])
    assert axes.lines[0].get_markevery() == [0, 5]
    for loads in ([1.5], [0.5, 1.5, 3.0]):
        line = generalization("identity", loads, scheme="wn").plot("one").axes[0].lines[0]
        assert line.get_marker() == "_"


def test_a_branch_of_one_point_does_not_stretch_the_axis():
    path = made("follow")
    far = replace(path.branches[0][2], Q=1e3)
    branch = tuple(far if k == 2 else None for k in range(len(path.grid)))
    figure = replace(path, branches=(*path.branches, branch)).plot("one")
    high = figure.axes[0].get_ylim()[1]
    assert high < 2.0 < 1e3
    edge = series(figure.axes[0], "a point beyond the panel")
    assert edge.get_ydata().tolist() == pytest.approx([high])


def test_a_portrait_has_arrows_and_flows_that_arrive():
    found = made("fixed-points")
    plane = found.plot("one").axes[0]
    arrows = [note for note in plane.texts if note.arrow_patch is not None]
    flows = [line for line in plane.lines if line.get_color() == THEORY]
    assert 4 <= len(arrows) <= len(flows)
    (point,) = [p for p in found.points if p.stable and p.Q > 0]
    for line in flows:
        assert line.get_xydata()[-1] == pytest.approx([point.R, point.Q], abs=1e-3)
    assert plane.get_ylim()[0] > -0.2  # the mirror image, to which none goes, takes no room


def test_the_legend_has_no_entry_of_what_is_not_in_a_panel():
    with house_style():
        figure = new_figure()
        (axes,) = figure.axes
        axes.plot([0, 1], [0, 1], label="there")
        axes.plot([0, 1], [np.nan, np.nan], label="nowhere")
        axes.plot([5, 6], [0.2, 0.3], label="beyond")
        axes.fill_between([0, 1], [np.nan] * 2, [np.nan] * 2, label="no band")
        axes.axvline(0.5, label="upright")
        axes.set_xlim(0, 1)
        shared_legend(figure)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["there", "upright"]


def test_no_difference_found_has_a_colour_of_its_own():
    looks = {word: look for _, words, look, _ in KINDS for word in words}
    others = {look.color for word, look in looks.items() if word != "no difference found"}
    assert looks["no difference found"].color not in others
    assert looks["shown"].color != looks["no difference found"].color


def test_layers_are_not_joined():
    figure = made("layers").plot("one")
    assert all(line.get_linestyle() == "None" for axes in figure.axes for line in axes.lines)


@pytest.mark.parametrize("width", ["one", "two"])
def test_every_map_has_both_labels(width):
    swept = made("sweep-map")
    panels = swept.plot(width).axes[: len(swept.quantities)]
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in panels)


def test_an_axis_of_errors_is_not_stretched_by_rounding_and_stays_linear_at_zero():
    axes: Axes = Figure().subplots()
    axes.plot([0, 1, 2], [0.2, 0.1, 1e-17])
    error_axis(axes, [0.2, 0.1, 1e-17])
    assert axes.get_yscale() == "log"
    assert axes.get_ylim()[0] > 1e-12
    level = Figure().subplots()
    error_axis(level, [0.0, 0.0])
    assert level.get_yscale() == "linear"


def test_early_stopping_has_no_kink_where_a_scale_changes():
    axes = made("early-stopping").plot("one").axes[0]
    line = series(axes, "theory")
    x, y = axes.transData.transform(line.get_xydata()).T
    slope = np.diff(y) / np.diff(x)
    early = line.get_xdata()[1:] < 3.0  # the error falls all the while
    ratio = slope[early][1:] / slope[early][:-1]
    # A scale linear below one epoch and logarithmic above has 2.6 times the slope there at once.
    assert (ratio.max(), ratio.min()) == pytest.approx((1.0, 1.0), abs=0.3)
