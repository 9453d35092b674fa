"""One table of parameters: validation, options, packing and messages are made from it."""

import dataclasses
import inspect
import math
import pickle

import bntheory as bn
import numpy as np
import pytest
from bntheory.cli.integrate import command as integrate_command
from bntheory.odes.derivation import symbols
from bntheory.odes.flow.flow_kernels import parameters
from bntheory.odes.flow.rows import COLUMNS
from bntheory.results.errors import InputError
from bntheory.teacher_student.activations import ACTIVATIONS
from bntheory.teacher_student.parameters import (
    ACTIVATION_NAMES,
    KERNEL_PARAMETERS,
    PARAMETERS,
    SCHEME_NAMES,
)
from bntheory.teacher_student.problem import Problem
from bntheory.teacher_student.schemes import SCHEMES

BOUNDED = [row for row in PARAMETERS.values() if row.kind is float or row.name == "zeta"]


def outside(row):
    """The nearest numbers that a parameter does not accept, and some that none accepts."""
    yield from (math.nan, math.inf, -math.inf, None, True, "x", [1.0])
    if row.above is not None:
        yield row.above
    if row.least > -math.inf:
        yield math.nextafter(row.least, -math.inf)
    if row.most < math.inf:
        yield math.nextafter(row.most, math.inf)
    if row.below is not None:
        yield row.below


@pytest.mark.parametrize("row", BOUNDED, ids=lambda row: row.name)
def test_what_is_outside_of_the_bounds_is_refused_by_name(row):
    for value in outside(row):
        if row.name in ("zeta", "clip", "step_clip", "condition", "running_rate") and value is None:
            continue  # the scheme's own, or none
        with pytest.raises(InputError) as refused:
            Problem("identity", "wn", **{row.name: value})
        assert refused.value.parameter == row.name
        assert refused.value.value is value or refused.value.value == value
        assert str(refused.value).startswith(f"{row.name}={value!r}: ")


@pytest.mark.parametrize("row", BOUNDED, ids=lambda row: row.name)
def test_what_is_on_the_bounds_is_accepted(row):
    for value in (row.least, row.most):
        if math.isfinite(value):
            assert getattr(Problem("identity", "wn", **{row.name: value}), row.name) == value
    if row.below is not None:
        value = math.nextafter(row.below, -math.inf)
        assert getattr(Problem("identity", "wn", **{row.name: value}), row.name) == value
    if row.above is not None:
        value = math.nextafter(row.above, math.inf)
        assert getattr(Problem("identity", "wn", **{row.name: value}), row.name) == value


def test_the_table_has_the_fields_and_the_docstring_names_them():
    # The numbers of a user's own have names that no table knows.
    fields = [field for field in dataclasses.fields(Problem) if field.name != "parameters"]
    assert [field.name for field in fields] == list(PARAMETERS)
    assert [field.default for field in fields] == [row.default for row in PARAMETERS.values()]
    described = inspect.getdoc(Problem)
    assert [name for name in PARAMETERS if name not in described] == []
    assert set(ACTIVATION_NAMES.split()) == set(ACTIVATIONS)
    assert set(SCHEME_NAMES.split()) == set(SCHEMES)


def test_every_parameter_is_an_option_with_its_help():
    options = {option.name: option for option in integrate_command.params}
    for name, row in PARAMETERS.items():
        assert row.help in options[name].help


def test_kernels_symbols_and_columns_have_one_order():
    assert [symbol.name for symbol in symbols.PARAMETERS] == [
        PARAMETERS[name].symbol for name in KERNEL_PARAMETERS
    ]
    assert list(COLUMNS) == list(KERNEL_PARAMETERS)
    given = dict(zip(KERNEL_PARAMETERS, (0.3, 2.0, 0.25, 0.5, 8, 0.125, 4), strict=True))
    problem = Problem("identity", "bn", **given)
    np.testing.assert_array_equal(parameters(problem), list(given.values()))


def test_an_input_error_survives_the_way_between_processes():
    with pytest.raises(InputError) as refused:
        bn.Problem("rleu")
    copy = pickle.loads(pickle.dumps(refused.value))
    assert (str(copy), copy.parameter, copy.names) == (
        str(refused.value), "activation", refused.value.names,
    )  # fmt: skip
    assert isinstance(copy, ValueError)
    assert "relu" in copy.names
