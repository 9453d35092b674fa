"""How every result meets its reader: repr, names, equality, files."""

import copy
import pickle

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.base import Result
from bntheory.results.named import identifier
from bntheory.results.packing import PackingError, unpack
from every_result import EVERY, made


@pytest.mark.parametrize("name", EVERY)
def test_repr_is_one_line_and_the_head_of_a_table(name):
    result = made(name)
    lines = repr(result).splitlines()
    assert lines[0].startswith(type(result).__name__)
    assert "array(" not in repr(result)
    assert len(lines) <= 6
    assert len(repr(result)) < 1200


@pytest.mark.parametrize("name", EVERY)
def test_columns_are_entries_attributes_and_completed(name):
    result = made(name)
    for column, values in result.columns().items():
        assert identifier(column) in dir(result)
        if column not in vars(result) and not hasattr(type(result), column):
            assert np.shape(getattr(result, identifier(column))) is not None
        if np.shape(result[column]) == np.shape(values):
            np.testing.assert_array_equal(result[column], values)
        assert column in result._ipython_key_completions_()


@pytest.mark.parametrize("name", EVERY)
def test_a_name_that_is_not_there_is_answered_by_those_that_are(name):
    result = made(name)
    first = next(iter(result.columns()))
    with pytest.raises(AttributeError, match=rf"no 'nought'.*{identifier(first)}"):
        _ = result.nought
    with pytest.raises(KeyError, match=r"no 'nought'.*It has") as caught:
        _ = result["nought"]
    assert first in str(caught.value)


@pytest.mark.parametrize("name", EVERY)
def test_equality_and_hash_of_results_that_hold_arrays(name):
    result = made(name)
    again = copy.deepcopy(result)
    assert result == again
    assert hash(result) == hash(again)
    assert result != 3
    assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize("name", EVERY)
def test_a_saved_result_comes_back_equal(name, tmp_path):
    result = made(name)
    result.save(tmp_path / "kept.nc")
    back = bn.load(tmp_path / "kept.nc")
    assert type(back) is type(result)
    assert back == result
    assert back.to_json() == result.to_json()


FLOW = "flow"


def test_html_says_what_the_table_is_of():
    html = made(FLOW)._repr_html_()
    assert "wn, eta=0.5, noise=0.1" in html.split("</caption>")[0]
    problem = made(FLOW).problem._repr_html_()
    assert problem.count("<tr>") == 1 + len(bn.Problem.__dataclass_fields__) - 1
    assert "label-noise variance" in problem.lower()


def test_a_problem_is_told_by_what_is_its_own():
    problem = bn.Problem("tanh", "pn", noise=0.25)
    assert repr(problem) == "Problem(activation='tanh', scheme='pn', eta=0.5, noise=0.25)"
    assert eval(repr(problem), {"Problem": bn.Problem}) == problem


def test_equations_in_a_notebook():
    derived = bn.derive(bn.Problem("identity", scheme="wn"))
    assert derived._repr_latex_().startswith("$\\displaystyle \\begin{aligned}")
    assert derived._repr_html_().count("<math") == 3
    assert repr(derived).startswith("Equations of identity, wn")
    assert "dR/dt = " in repr(derived)


def test_unequal_results_differ_in_one_number():
    from dataclasses import replace

    flow = made(FLOW)
    values = {name: array.copy() for name, array in flow.values.items()}
    assert replace(flow, values=values) == flow
    values["R"][3] += 1e-9
    assert replace(flow, values=values) != flow
    assert len({flow, replace(flow, values=values), copy.copy(flow)}) == 2


def test_pictures_on_axes_of_ones_own():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4))
    panels = figure.subplots(2, 2)
    flow = made(FLOW)
    assert flow.plot(ax=panels) is figure
    assert figure.get_size_inches().tolist() == [5, 4]
    assert [len(axes.lines) for axes in panels.flat] == [1] * 4
    np.testing.assert_array_equal(panels[0, 1].lines[0].get_ydata(), flow.R)
    alone = Figure().subplots()
    flow.plot(ax=alone, quantity="error")
    np.testing.assert_array_equal(alone.lines[0].get_ydata(), flow.error)
    placed = Figure().add_axes((0.1, 0.1, 0.8, 0.8))  # in no grid
    made("sweep-map").plot(ax=placed, quantity="final-error")
    assert placed.collections
    mapped = Figure()
    made("sweep-map").plot(ax=mapped.subplots(1, 2))
    assert len(mapped.axes) == 4  # with their colour bars


@pytest.mark.parametrize(
    ("axes", "quantity", "said"),
    [
        (1, None, r"^ax='1 axes': the picture has 4 panels \(Q, R, L, error\)"),
        (1, "S", r"^quantity='S': Q, R, L, error is accepted"),
        (3, None, r"^ax='3 axes'"),
        (2, "R", r"^quantity='R': a panel is drawn on one ax"),
        (0, None, r"^ax=\[\]: axes of matplotlib"),
    ],
)
def test_axes_that_do_not_match_the_panels_are_refused(axes, quantity, said):
    from matplotlib.figure import Figure

    given = list(Figure().subplots(1, max(axes, 1), squeeze=False).flat)[:axes]
    with pytest.raises(ValueError, match=said):
        made(FLOW).plot(ax=given[0] if axes == 1 else given, quantity=quantity)
    with pytest.raises(ValueError, match=r"^quantity='R': accepted with ax="):
        made(FLOW).plot(quantity="R")


def test_every_picture_is_drawn_on_given_axes():
    from matplotlib.figure import Figure

    for name in EVERY:
        result = made(name) if name != "layers" else None
        if not isinstance(result, Result) or name == "compare-scatter":
            continue
        panels = sum(bool(a.get_label() != "<colorbar>") for a in result.plot().axes)
        own = list(Figure().subplots(1, panels, squeeze=False).flat)
        result.plot(ax=own)
        assert all(a.has_data() for a in own[:1]), name


def test_without_pandas_a_table_says_how_to_get_it(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        made(FLOW).to_dataframe()


def test_a_file_that_holds_no_result_is_refused(tmp_path):
    other = tmp_path / "other.nc"
    made(FLOW).to_dataset().to_netcdf(other, engine="h5netcdf")
    broken = tmp_path / "broken.nc"
    broken.write_bytes(b"no netCDF")
    absent = tmp_path / "none.nc"
    cases = [(other, "dataset alone"), (broken, "holds no result"), (absent, "cannot be read")]
    for path, said in [*cases, ("a.csv", "ending in .nc")]:
        with pytest.raises(ValueError, match=said):
            bn.load(path)


@pytest.mark.parametrize(
    "packed",
    [
        {"class": "os:system", "fields": {}},
        {"class": "results.files:save", "fields": {"result": 1, "path": "x"}},
        {"class": "codegen.formula:Path", "fields": {}},
        {"formula": "__import__('os')"},
        {"unknown": 1},
    ],
)
def test_a_file_makes_results_and_nothing_else(packed):
    with pytest.raises(PackingError):
        unpack(packed, {}, None)


def test_the_package_is_explored_by_names():
    import inspect

    assert {"Problem", "fit", "load", "__version__"} <= set(dir(bn))
    with pytest.raises(AttributeError, match=r"no 'simulat', did you mean 'simulate'\?"):
        _ = bn.simulat
    parameters = inspect.signature(bn.generalization).parameters
    assert list(parameters)[:3] == ["student", "alpha", "scheme"]
    assert not {p.kind for p in parameters.values()} & {inspect.Parameter.VAR_KEYWORD}
    swept = made("sweep-map")
    assert (swept.final_Q == swept["final-Q"]).all()
    assert "final_Q" in dir(swept.data)
    assert {"Q", "R", "L", "error", "gamma"} <= set(dir(made(FLOW)))
    assert {"Q", "R", "L", "error", "eta_eff"} <= set(dir(made("fixed-points")))


def test_old_names_of_a_sweep_are_still_read():
    new = made("sweep-map")
    old = bn.Sweep(new.data.rename(final_Q="final-Q", final_error="final-error"))
    assert (old.final_Q == new.final_Q).all()
    assert old.to_json() == new.to_json()
    assert "final_Q" in old.to_dataset()
