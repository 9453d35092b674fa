"""Pictures on inputs with a spectrum: overlap and square of every block, told apart and named."""

import bntheory as bn
import numpy as np
import pytest

SPECTRUM = "3:0.2:0.1,1:0.3:0.5,0.1:0.5:2"


def problem(**other):
    given = {"eta": 0.5, "batch_size": 3, "spectrum": SPECTRUM} | other
    return bn.Problem("identity", "wn", **given)


def panel(figure, label):
    return next(axes for axes in figure.axes if label in axes.get_ylabel())


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.fixture(scope="module")
def flow():
    return bn.integrate(problem(), time=3, points=7)


def test_a_flow_shows_every_block_with_its_eigenvalue(flow):
    figure = flow.plot()
    lam, phi, T = flow.problem.spectrum_.arrays
    expected = {"R_b": flow.blocks["A"] / np.sqrt(flow.blocks["C"] * T),
                "C_b": flow.blocks["C"] / phi}  # fmt: skip
    for name, values in expected.items():
        lines = panel(figure, name).lines
        assert pytest.approx(values, abs=1e-12) == np.array([line.get_ydata() for line in lines]).T
        assert len({line.get_color() for line in lines}) == 3
        assert len({str(line.get_linestyle()) for line in lines}) == 3
    named = legend(figure)
    assert all(any(f"= {value:g}" in text for text in named) for value in lam)
    assert f"spectrum {SPECTRUM}" in figure.get_suptitle()


def test_of_many_blocks_a_few_are_shown_and_numbered():
    many = bn.integrate(problem(spectrum="power:1:32"), time=2, points=3)
    figure = many.plot()
    assert 3 <= len(panel(figure, "R_b").lines) <= 6
    assert any("1 of 32" in text for text in legend(figure))
    assert any("32 of 32" in text for text in legend(figure))


def test_runs_and_comparisons_show_the_blocks_of_runs(flow):
    verdict = bn.compare(problem(), dim=200, runs=8, time=3, points=4)
    runs, (_, phi, _) = verdict.runs, verdict.runs.problem.spectrum_.arrays
    for figure, curves in ((runs.plot(), 0), (verdict.plot(), 3)):
        axes = panel(figure, "C_b")
        assert len(axes.containers) == 3
        means = np.array([bars.lines[0].get_ydata() for bars in axes.containers]).T
        assert means == pytest.approx(runs.blocks["C"].mean(axis=0) / phi, abs=1e-12)
        lines = [line for line in axes.lines if line.get_linestyle() != "None"]
        assert len(lines) == curves


def test_a_block_without_a_teacher_has_no_overlap_to_show():
    silent = problem(spectrum="2:0.5:1,0.5:0.5:0")
    figure = bn.integrate(silent, time=2, points=3).plot()
    assert len(panel(figure, "R_b").lines) == 1
    assert len(panel(figure, "C_b").lines) == 2


def test_axes_of_ones_own_are_accepted_without_the_blocks_and_for_one_of_them(flow):
    from matplotlib.figure import Figure

    flow.plot(ax=Figure().subplots(2, 2))
    one = Figure().subplots()
    flow.plot(ax=one, quantity="R_b")
    assert len(one.lines) == 3


def test_isotropic_pictures_have_no_blocks():
    figure = bn.integrate(problem(spectrum="1"), time=2, points=3).plot()
    assert not any("block" in axes.get_ylabel() for axes in figure.axes)
