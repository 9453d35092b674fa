"""What the commands answered before the redesign, they answer still (`references/freeze.py`)."""

import json
import math

import pytest
from bntheory.odes.fluctuations.joint_flow import RTOL
from references import freeze

#: Rounding of another machine's elementary functions, 1e-16 a call, through steps that the
#: controller then places elsewhere: below the flows' own tolerance, and that of the roots.
ROUNDING = 1e-8
#: The same of networks: 6e-8 a rounding in single precision, in sums over thousands of entries,
#: through 8 steps. SSE 4.1 and AVX2 differ by 3e-5 here; another library may by more.
SINGLE = 1e-3
FROZEN = json.loads(freeze.RECORD.read_text(encoding="utf-8"))


def test_every_line_is_in_the_record():
    assert list(FROZEN) == [*freeze.LINES, *freeze.NETWORKS]


@pytest.mark.parametrize("line", freeze.LINES)
def test_a_line_answers_as_before(line):
    apart = list(freeze.differences(freeze.answer(line), FROZEN[line]))
    # How many steps a controller takes may hang on the last bit, too.
    counted = [one for one in apart if not one[0].endswith("/steps")]
    assert [one for one in counted if one[1] > tolerance(*one)] == []


@pytest.mark.parametrize("line", freeze.NETWORKS)
def test_a_cnn_trains_as_before(line):
    pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
    apart = list(freeze.differences(freeze.answer(line), FROZEN[line]))
    assert [one for one in apart if one[1] > SINGLE] == []


def tolerance(where, _):
    """What an answer may move by; what is predicted of the scatter, by that flow's own bound."""
    scatter = ("z", "test", "std", "shift", "p_value", "max_abs_z", "bias_bound", "verdict")
    return RTOL if where.split("/")[1] in scatter else ROUNDING


def test_differences_are_found_in_numbers_and_in_kind():
    before = {"a": [1.0, 2.0], "b": "stable", "c": None}
    assert list(freeze.differences({"a": [1.0, 2.3], "b": "stable", "c": None}, before)) == [
        ("/a/1", pytest.approx(0.1))
    ]
    assert not list(freeze.differences(before | {"d": 1.0}, before))  # adding is free
    for other in ({"a": [1.0], "b": "stable", "c": None}, {"a": [1.0, 2.0], "c": None},
                  {"a": [1.0, 2.0], "b": "lost", "c": None},
                  {"a": [1.0, 2.0], "b": "stable", "c": 0.0}):  # fmt: skip
        assert [size for _, size in freeze.differences(other, before)] == [math.inf]
