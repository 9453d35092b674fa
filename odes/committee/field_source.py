"""A committee's formulas as source text: sizes, activation, field, learning rate.

The field of every unit is the scheme's formula, with mu and sigma those of the batch or of the
units, in the limit of large N: ``n2 = N L^2``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy

from ...codegen.model import point_function
from ...codegen.printers.python import PYTHON
from ...teacher_student.schemes import scheme_symbols

if TYPE_CHECKING:
    pass

HEAD = "import math\nimport numpy as np\nfrom bntheory.codegen.jit import kernel\n"
ARGUMENTS = ("a", "mu", "sigma", "L", "gamma", "beta")
LENGTH = sympy.Symbol("L", positive=True)


def field_function(field: sympy.Expr, formula: str) -> str:
    """Source text of ``field(a, mu, sigma, L, gamma, beta)``: the field and its derivatives.

    Those by a, mu, sigma, gamma and beta, and in the fourth place ``2 N df/dn2``, by which what
    acts through the length moves the weights along themselves.

    Parameters
    ----------
    field
        In the symbols of `bntheory.teacher_student.schemes.scheme_symbols`.
    formula
        Said in the function's comment.
    """
    s = scheme_symbols()
    by = [field.diff(s[name]) for name in ("a", "mu", "sigma")]
    by += [2 * s["N"] * field.diff(s["n2"]), field.diff(s["gamma"]), field.diff(s["beta"])]
    values = {
        name: large_dimension(value)
        for name, value in zip(("f", *map("f{}".format, range(6))), (field, *by), strict=True)
    }
    return PYTHON.function(point_function("field", ARGUMENTS, values, formula))


def large_dimension(expression: sympy.Expr) -> sympy.Expr:
    """The limit of large N at a given length, ``n2 = N L^2``."""
    s = scheme_symbols()
    simple = sympy.simplify(expression.subs(s["n2"], s["N"] * LENGTH**2))
    return sympy.limit(simple, s["N"], sympy.oo) if simple.has(s["N"]) else simple
