"""Functions that computer algebra is to leave alone."""

import sympy
from bntheory.codegen.functions import Angle, choice
from bntheory.codegen.printers.python import PYTHON

Q, X = sympy.Symbol("q", positive=True), sympy.Symbol("x", real=True)


def test_an_angle_is_no_quotient():
    # sympy's atan2 is atan(x/q) for a positive q, which is no number at x = q = 0.
    assert PYTHON.code(Angle(X, Q)) == "math.atan2(x, q)"


def test_a_choice_of_what_is_no_number():
    # No comparison with it holds, so it is never within bounds.
    chosen = PYTHON.code(choice(X <= 1, X, sympy.nan))
    assert eval(chosen, {"x": 0.5}) == 0.5
    assert PYTHON.code(choice(X >= 0, sympy.Integer(1), sympy.Integer(-1))) == (
        "(1.0 if (x >= 0.0) else -1.0)"
    )
