"""Every picture of the package: one style, legible at both widths, nothing cut or covered."""

import ast
import re
from functools import cache
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from bntheory.pictures.drawing import APPROXIMATION, DASHED, LOOKS, SIMULATION, THEORY, new_figure
from bntheory.pictures.style import STYLE_SHEET, house_style
from bntheory.results.labels import LABELS
from bntheory.results.widths import INCHES
from command import FEW, call
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from pictures import PICTURES, made

PACKAGE = Path(STYLE_SHEET).parent.parent
#: The width at which all are looked at, and the wide ones of which that is worth its time.
LAYOUTS = [(name, "one") for name in PICTURES]
LAYOUTS += [(name, "two") for name in ("compare", "sweep-map")]
SMALLEST = 7.0  # points
#: Pictures that show theory where it is not valid.
INVALID = ("figure-1b", "generalization-simulated", "plan")


@cache
def drawn(name, width):
    """A picture with everything placed, as it is when saved."""
    figure = made(name).plot(width)
    with house_style():
        figure.draw_without_rendering()
    return figure


def texts(figure):
    """The visible texts with their boxes, without the labels of ticks outside the view."""
    outside = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            edge = 1e-9 * (high - low)
            for tick in (*axis.majorTicks, *axis.minorTicks):
                if not low - edge <= tick.get_loc() <= high + edge:
                    outside |= {tick.label1, tick.label2}
    return [
        (text, text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in outside
        if text.get_rotation() % 90 == 0  # the box of slanted text says little
    ]


def overlap(one: Bbox, other: Bbox, slack: float = 1.0) -> bool:
    """Whether boxes share more than so many pixels either way."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > slack and height > slack


@pytest.mark.parametrize(("name", "width"), LAYOUTS)
def test_nothing_is_cut_covered_or_too_small(name, width):
    figure = drawn(name, width)
    assert figure.get_figwidth() == INCHES[width]
    assert figure.get_figheight() < 11.5  # a page
    found = texts(figure)
    assert len(found) > 4
    for text, box in found:
        assert text.get_fontsize() >= SMALLEST, text
        inside = box.x0 >= -1 and box.y0 >= -1
        inside = inside and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1
        assert inside, f"{text.get_text()!r} is cut: {box}"
    for (one, its), (other, others) in combinations(found, 2):
        assert not overlap(its, others), f"{one.get_text()!r} runs into {other.get_text()!r}"
    legends = [*figure.legends, *(a.get_legend() for a in figure.axes if a.get_legend())]
    for legend in legends:
        box = legend.get_window_extent()
        for axes in figure.axes:
            assert not overlap(box, axes.get_window_extent()), "a legend covers data"


def dashes(line):
    return line._unscaled_dash_pattern[1]  # get_linestyle calls every pattern of one's own "--"


@pytest.mark.parametrize("name", PICTURES)
def test_curves_are_told_apart_without_colour_and_dashes_are_named(name):
    figure = drawn(name, "one")
    legends = [*figure.legends, *(a.get_legend() for a in figure.axes if a.get_legend())]
    named = " ".join(text.get_text() for legend in legends for text in legend.get_texts())
    invalid = any(dashes(line) == DASHED[1] for axes in figure.axes for line in axes.lines)
    assert invalid == (name in INVALID)
    if invalid:
        assert any(words in named for words in ("no prediction", "too small for the theory"))
    for axes in figure.axes:
        looks = {}
        for line in axes.lines:
            if not str(line.get_label()).startswith("_"):
                look = (dashes(line), line.get_marker(), line.get_linewidth())
                look = (*map(str, look), line.get_markerfacecolor() == "white")
                looks.setdefault(look, set()).add(line.get_label())
        assert all(len(labels) == 1 for labels in looks.values()), looks


def is_drawn(node: ast.ClassDef) -> bool:
    """Whether a class has a method ``plot``, or names the function that draws it."""
    own = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    return "plot" in own or "Result" in {getattr(base, "id", "") for base in node.bases}


def test_every_class_that_can_be_drawn_is_among_the_pictures():
    classes = {
        node.name
        for path in PACKAGE.rglob("*.py")
        if not re.match(r"\.|build|tests|benchmarks|docs", str(path.relative_to(PACKAGE)))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and is_drawn(node)
    }
    covered = {type(made(name)).__name__ for name in PICTURES}
    # Drawn by the functions of its parts: the result needs torch, the base, and one that passes
    # its call on.
    assert classes - covered == {"Inspection", "LayerTable", "Result", "CheckedFixedPoints"}


def test_the_looks_are_those_of_the_style_sheet():
    with house_style():
        cycle = list(matplotlib.rcParams["axes.prop_cycle"])
    assert [(to_hex(c["color"]).upper(), c["linestyle"]) for c in cycle] == [
        (look.color, look.linestyle) for look in LOOKS
    ]
    assert all(look.linestyle != DASHED for look in LOOKS)
    assert len({look.marker for look in LOOKS}) == len(LOOKS)


def series(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


def points(axes):
    """Positions and error bars of the simulation's points."""
    (bars,) = (c for c in axes.containers if isinstance(c, ErrorbarContainer))
    ends = np.array([segment[:, 1] for segment in bars.lines[2][0].get_segments()])
    return bars.lines[0].get_xydata().T, ends


def test_a_comparison_shows_its_numbers():
    verdict, figure = made("compare"), drawn("compare", "one")
    for name, axes in zip(("Q", "R", "L", "error"), figure.axes, strict=False):
        theory = series(axes, "theory")
        assert (theory.get_ydata() == verdict.flow.values[name]).all()
        assert (theory.get_linestyle(), theory.get_color()) == ("-", THEORY)
        (t, mean), ends = points(axes)
        assert (t == verdict.runs.t).all()
        assert (mean == verdict.runs.mean[name]).all()
        assert ends[:, 1] - mean == pytest.approx(2 * verdict.runs.sem[name])
        assert axes.get_ylabel() == LABELS[name]
    assert figure.axes[-1].get_xlabel() == LABELS["t"]
    assert ("agree" if verdict.agree else "DISAGREE") in figure.get_suptitle()


def test_an_approximation_looks_like_neither_theory_nor_simulation():
    axes = drawn("compare-without-prediction", "one").axes[0]
    line = series(axes, "PN + gamma decay")
    assert (line.get_linestyle(), line.get_color()) == ("-.", APPROXIMATION)


def test_sweeps_show_their_numbers():
    curves, simulated, over = (made(f"sweep-{n}") for n in ("curves", "simulated", "one-map"))
    shown = [name for name in curves.quantities if name != "diverged"]  # 0 throughout
    for name, axes in zip(shown, drawn("sweep-curves", "one").axes, strict=True):
        line = series(axes, "theory")
        assert (line.get_xdata() == curves.grid["eta"]).all()
        assert (line.get_ydata() == curves[name]).all()
    (_, mean), ends = points(drawn("sweep-simulated", "one").axes[0])
    assert (mean == simulated["final-error"]).all()
    assert ends[:, 1] - mean == pytest.approx(2 * simulated["final-error_sem"])
    panel = drawn("sweep-one-map", "one").axes[0]
    assert (panel.collections[0].get_array() == over["final-error"].T).all()
    assert [panel.get_xlabel(), panel.get_ylabel()] == [LABELS["eta"], LABELS["zeta"]]


def test_theory_that_is_no_prediction_is_dashed_there_and_solid_elsewhere():
    study = made("generalization-simulated")
    axes = drawn("generalization-simulated", "one").axes[0]
    solid, dashed = axes.lines[:2]
    trusted = study.theory.trusted
    assert 0 < trusted.sum() < trusted.size
    assert (np.isfinite(solid.get_ydata()) == trusted).all()
    assert np.isfinite(dashed.get_ydata())[~trusted].all()
    assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")


def test_width_and_vectors_whoever_saves_the_picture(tmp_path):
    figure = made("plan").plot(width="one")
    figure.savefig(tmp_path / "plan.svg")  # in matplotlib's own style but for this figure
    text = (tmp_path / "plan.svg").read_text()
    assert f'width="{72 * INCHES["one"]:g}pt"' in text
    assert ">runs needed</text>" in text
    assert SIMULATION.lower() in text
    with pytest.raises(ValueError, match="width='three': one or two is accepted"):
        new_figure(width="three")


def test_the_command_draws_at_the_width_of_a_column(monkeypatch, tmp_path, capsys):
    picture = tmp_path / "flow.svg"
    few = FEW[: FEW.index("--dim")]
    arguments = ["integrate", *few, "--quiet", "--width", "one"]
    assert call(monkeypatch, *arguments, "--output", str(picture)) == 0
    assert f'width="{72 * INCHES["one"]:g}pt"' in picture.read_text()
    assert call(monkeypatch, *arguments, "--output", str(tmp_path / "flow.csv")) == 2
    assert "--width='one': accepted with" in capsys.readouterr().err
