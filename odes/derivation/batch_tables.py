"""What a table of batch moments is asked for, from a field and an activation."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ...results.errors import InputError
from ...teacher_student.activations import Activation
from ..tables import chebyshev
from ..tables.moment_tables import loaded_table
from ..tables.regions import region_of
from ..tables.table_spec import TableSpec
from .batch_moments import BatchMoment, PairMoment, moment_tuple
from .batch_signals import BatchSignal, PairSignal
from .expectations import AnyMoment, Average, Expectation, Point
from .signal_moments import SignalMoment
from .student_field import StudentField, laurent
from .symbols import UHAT

#: What no finer rule shows, in units of ``max(1, |moment|)``: both leave out radii of a batch
#: beyond 5.2 of their mean (`batch_law.radius_rule`), of weight ``exp(-5.2^2)``, times a square.
LEFT_OUT = 3e-11


def spec_of(activation: Activation, field: StudentField, moments: Iterable[AnyMoment]) -> TableSpec:
    """The specification of a table of moments; those of one example come first."""
    wanted = list(moments)
    return TableSpec(
        activation.formula,
        activation.side_slopes,
        tuple(laurent(field.X.coeff(UHAT, 0))),
        tuple(laurent(field.X.coeff(UHAT, 1))),
        field.shift != 0,
        is_singular(activation, field),
        tuple(moment_tuple(m) for m in wanted if isinstance(m, BatchMoment)),
        tuple(moment_tuple(m) for m in wanted if isinstance(m, PairMoment)),
    )


def is_singular(activation: Activation, field: StudentField) -> bool:
    """Whether moments may be infinite at q = 0: a bounded activation, a field with 1/s in it."""
    at_centre = laurent(field.X.coeff(UHAT, 0))
    return not activation.homogeneous and any(power < 0 for _, _, power in at_centre)


def degree(moment: AnyMoment) -> int:
    """How many times a moment holds the student's output."""
    assert not isinstance(moment, SignalMoment | BatchSignal | PairSignal)
    return moment.first.g + moment.second.g if isinstance(moment, PairMoment) else moment.g


def tabulated(wanted: Expectation, at: Point) -> Average:
    """A batch moment read from its table, as a flow reads it.

    Raises
    ------
    ValueError
        Where there is no table: for too small a batch, or too large a scale.
    """
    spec = spec_of(wanted.activation, wanted.field, [wanted.moment])
    size, second, third, region = 1.0, 0.0, 0.0, None
    if spec.slopes:
        size = math.hypot(at.q, at.shift) ** degree(wanted.moment)
        second = math.atan2(at.shift, at.q)
    else:
        region = region_of(spec.singular, at.q, at.shift)
        if region is None:
            raise InputError("q0", at.q, "a scale within the tables is accepted")
    made, found = loaded_table(spec.to_json(), at.M, region, None), np.empty(1)
    if not spec.slopes:
        second, third = chebyshev.scale_axis(made.packed, 0, at.q), at.shift
    chebyshev.look_up(made.packed, 0, math.acos(at.rho), second, third, found)
    value = float(found[0])
    return Average(value * size, (made.error + LEFT_OUT) * max(1.0, abs(value)) * size)
