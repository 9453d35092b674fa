"""Closed forms of averages of exponentials, against sums over a grid; hypothesis draws them."""

import numpy as np
import pytest
import sympy
from bntheory.odes.derivation.gaussian_moments import (
    Moment,
    closed_form,
    student_factor,
    teacher_factor,
)
from bntheory.odes.derivation.symbols import FIELD_STD, RHO, SHIFT
from bntheory.teacher_student.activations import Activation
from bntheory.teacher_student.bends import by_numpy

U, V = sympy.symbols("u v", real=True)
#: The sums are exact to rounding: the integrands are analytic, and end within the grid.
x, z = np.linspace(-30, 30, 3001)[:, None], np.linspace(-24, 24, 1201)[None, :]
DENSITY = np.exp(-(x**2 + z**2) / 2) / (2 * np.pi) * (60 / 3000) * (48 / 1200)
FORMULAS = [
    "exp(h)",
    "h*exp(-h/2)",
    "sinh(h/2)",
    "cosh(h) - 1",
    "exp(-h**2/2)",
    "exp(h/2 - h**2/2)",
    "h*exp(-h**2) + exp(h)",
]
#: What flows ask for, and powers on both sides.
MOMENTS = [(1, 1, 1, 0, 0), (2, 2, 0, 0, 0), (1, 2, 0, 1, 0), (0, 2, 0, 2, 0), (0, 1, 1, 1, 2)]


def summed(activation, moment, q, shift, rho):
    student = by_numpy(student_factor(activation, moment, U, True), U, FIELD_STD, SHIFT)
    teacher = by_numpy(teacher_factor(activation, moment, V), V)
    v = rho * x + np.sqrt(1 - rho**2) * z
    return float((student(x, q, shift) * teacher(v) * DENSITY).sum())


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_closed_forms_of_exponentials_are_their_averages(formula, moment):
    activation, moment = Activation.named(formula), Moment(*moment)
    for shifted, (q, shift, rho) in [(False, (0.8, 0.0, 0.4)), (True, (0.6, 0.3, -0.7))]:
        found = closed_form(activation, moment, shifted)
        value = float(found.subs({FIELD_STD: q, SHIFT: shift, RHO: rho}))
        assert value == pytest.approx(summed(activation, moment, q, shift, rho), rel=1e-9)


def test_what_has_no_closed_form_is_left_to_quadratures():
    assert closed_form(Activation.named("exp(h)*erf(h)"), Moment(1, 1, 1, 0, 0), False) is None
