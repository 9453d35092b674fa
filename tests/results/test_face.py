"""How every result meets its reader: repr, names, equality, files."""

import copy
import pickle

import bntheory as bn
import numpy as np
import pytest
from bntheory.results.named import identifier
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
