"""Every result in every form: the same numbers, and nothing that a reader of the form refuses."""

import ast
import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xarray
from bntheory.cli.report import other_forms
from bntheory.results.json_pieces import MANY_ROWS, RowBlocks, json_pieces, plain
from bntheory.results.tabular import Tabular, filled
from every_result import EVERY, made

PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Small(Tabular):
    """What a new result has to say, and no more."""

    _dimension = "alpha"

    def to_dict(self):
        return {"rows": self._rows()}

    def columns(self):
        return {"alpha": np.array([1.0, 2.0]), "error": [0.5, None], "word": [None, "<b>"]}

    def _attributes(self):
        return {"noise": 0.25}


def test_every_class_that_is_a_table_is_looked_at():
    classes = {
        node.name
        for path in PACKAGE.rglob("*.py")
        if not re.match(r"\.|build|tests|benchmarks|docs", str(path.relative_to(PACKAGE)))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
        if {"Result", "Tabular", "Runs"} & {getattr(base, "id", "") for base in node.bases}
    }
    covered = {type(made(name)).__name__ for name in EVERY if name != "layers"}
    networks = {"LayerTable", "Inspection", "WhatIf"}  # they need torch: tests/cnn
    assert covered | {"Result"} | networks == classes


def test_a_new_result_says_only_what_it_is():
    small = Small()
    assert json.loads(small.to_json())["rows"] == [
        {"alpha": 1.0, "error": 0.5, "word": None},
        {"alpha": 2.0, "error": None, "word": "<b>"},
    ]
    assert small.to_csv() == "alpha,error,word\n1.0,0.5,\n2.0,,<b>\n"
    table = small.to_dataset()
    assert table.attrs["noise"] == 0.25
    assert table["error"].dims == ("alpha",)
    np.testing.assert_array_equal(table["error"].sel(alpha=[2.0, 1.0]), [np.nan, 0.5])
    assert table["word"].values.tolist() == ["", "<b>"]
    assert small.to_dataframe()["error"].isna().tolist() == [False, True]
    assert "&lt;b&gt;" in small._repr_html_()


def test_a_dimension_that_is_no_column_counts_the_rows():
    class Counted(Small):
        _dimension = "point"

    table = Counted().to_dataset()
    assert table["point"].values.tolist() == [0, 1]
    assert table["alpha"].dims == ("point",)


def test_a_result_that_does_not_say_what_it_is_cannot_be_made():
    class Mute(Tabular):
        def columns(self):
            return {}

    with pytest.raises(TypeError, match="to_dict"):
        Mute()


def test_no_row_is_lost_or_invented():
    class Ragged(Small):
        def columns(self):
            return {"alpha": [1.0, 2.0], "error": [0.5]}

    for form in ("to_json", "to_csv", "to_dataset", "to_dataframe"):
        with pytest.raises(ValueError, match=r".+"):
            getattr(Ragged(), form)()


@pytest.mark.parametrize("name", EVERY)
def test_json_has_no_token_of_its_own(name):
    def refused(token):
        raise AssertionError(token)

    result = made(name)
    keys = json.loads(result.to_json(), parse_constant=refused)
    assert list(keys) == list(result.to_dict())


@pytest.mark.parametrize("name", EVERY)
def test_csv_and_dataframe_are_the_columns(name):
    result = made(name)
    columns = {key: plain(list(values)) for key, values in result.columns().items()}
    head, *rows = csv.reader(io.StringIO(result.to_csv()))
    assert head == list(columns)
    assert rows
    frame = result.to_dataframe()
    assert list(frame) == head
    for key, written in zip(head, zip(*rows, strict=True), strict=True):
        assert list(written) == ["" if v is None else str(v) for v in columns[key]]
        expected = filled(result.columns()[key])
        if expected.dtype.kind in "fiub":
            np.testing.assert_array_equal(frame[key].to_numpy(), expected)
        else:
            assert frame[key].tolist() == expected.tolist()


@pytest.mark.parametrize("name", EVERY)
def test_a_dataset_comes_back_from_its_file(name):
    table = made(name).to_dataset()
    file = io.BytesIO(table.to_netcdf(engine="h5netcdf"))
    with xarray.open_dataset(file, engine="h5netcdf") as read:
        assert read.sizes == table.sizes
        assert set(read.variables) == set(table.variables)
        for key in table.data_vars:
            if table[key].dtype.kind in "fiu":
                np.testing.assert_array_equal(read[key].values, table[key].values)
        assert "bntheory_version" in read.attrs


@pytest.mark.parametrize("name", EVERY)
def test_html_names_the_class_and_every_column(name):
    result = made(name)
    html = result._repr_html_()
    assert f"<caption>{type(result).__name__}." in html
    assert html.count("<th ") == len(result.columns())


def test_what_a_picture_has_computed_is_no_part_of_a_result():
    result = made("regularization")
    before = result.to_json()
    assert len(result.against_batch_size) > 1  # as its picture asks for
    assert result.to_json() == before


def test_json_in_pieces_is_the_json_of_the_whole(monkeypatch):
    monkeypatch.setattr("bntheory.results.json_pieces.PIECE", 3)
    columns = {"t": np.arange(8.0), "name": ["a", None, *"cdefgh"], "k": np.arange(8)}
    columns["t"][5] = np.nan
    value = {
        "flat": np.linspace(0.0, 1e-5, 11),
        "cube": np.arange(24.0).reshape(4, 3, 2),
        "missing": [1.5, np.inf, "x", {"a": [np.nan]}],
        "none": np.empty((0, 3)),
        "scalar": np.float64(2.5),
        "flag": np.bool_(True),
        "nested": {"R": (1, np.int64(2)), 3: {}},
        "rows": RowBlocks(columns),
    }
    pieces = list(json_pieces(value))
    assert len(pieces) > 30
    assert max(map(len, pieces)) < 130  # three rows at most
    assert "".join(pieces) == json.dumps(plain(value), allow_nan=False)
    rows = json.loads("".join(pieces))["rows"]
    assert rows[1] == {"t": 1.0, "name": None, "k": 1}
    assert rows[5]["t"] is None


def test_many_rows_as_json_name_other_forms():
    class Rows:
        def __init__(self, count):
            self.count = count

        def columns(self):
            return {"t": range(self.count)}

    assert other_forms(Rows(MANY_ROWS)) == ""
    said = other_forms(Rows(MANY_ROWS + 1))
    assert str(MANY_ROWS + 1) in said
    assert "netCDF" in said
    assert "Parquet" in said
    assert other_forms(object()) == ""  # what has no columns
