"""Which states of a committee are the same student: units that change places, and signs.

Units of one second-layer weight may change places. What else leaves the output alone is read off
the formulas: ``gamma h/L`` does not know the sign of ``(w, gamma)``; an odd activation lets a unit
take the place of one of the opposite second-layer weight, by a sign of its field. A step treats
equivalent states alike, so that runs which differ by such a renaming alone are runs of one law.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..schemes import scheme_symbols

if TYPE_CHECKING:
    import sympy

    from ..problem import Problem

#: Where formulas are compared, and how closely.
POINTS = (0.37, -1.3, 2.1, 0.83, 1.7, -0.6)
CLOSE = 1e-12


class Signs(NamedTuple):
    """One change of signs: of a unit's weights, gamma and beta."""

    w: int
    gamma: int
    beta: int


#: None; what a scale that divides out does not know; and what turns the field round.
SAME, TURNED = Signs(1, 1, 1), Signs(-1, -1, 1)
BY_WEIGHTS, BY_GAMMA = Signs(-1, 1, -1), Signs(1, -1, -1)


class Symmetry(NamedTuple):
    """The signs with which one unit stands for another.

    Attributes
    ----------
    equal
        Between units of the same second-layer weight.
    opposite
        Between units of opposite ones; empty unless the activation is odd.
    """

    equal: tuple[Signs, ...]
    opposite: tuple[Signs, ...]


def symmetry(problem: Problem) -> Symmetry:
    """The symmetry of a problem's formulas.

    Examples
    --------
    >>> import bntheory as bn
    >>> two = {"units": 2, "teacher_units": 2}
    >>> len(symmetry(bn.Problem("erf", "sgd", **two)).equal)
    1
    >>> [len(found) for found in symmetry(bn.Problem("erf", "wn", **two))]
    [2, 2]
    >>> [len(found) for found in symmetry(bn.Problem("relu", "wn", **two))]
    [2, 0]
    """
    scheme, own = problem.scheme_, problem.activation_
    mixed = scheme.normaliser == "units" and "mu" in scheme.uses
    return _symmetry(scheme.field, own.expression, mixed)


@lru_cache(maxsize=64)
def _symmetry(field: sympy.Expr, activation: sympy.Expr, mixed: bool) -> Symmetry:
    """Likewise; where units are mixed by their mean, one of them cannot turn its weights."""
    turns = [] if mixed else [TURNED]
    equal = [SAME, *(one for one in turns if _related(field, one, 1))]
    h = next(iter(activation.free_symbols), None)
    odd = h is not None and all(
        abs(float((activation.subs(h, x) + activation.subs(h, -x)).evalf())) < CLOSE for x in POINTS
    )
    turns = [BY_GAMMA] if mixed else [BY_WEIGHTS, BY_GAMMA]
    return Symmetry(tuple(equal), tuple(s for s in turns if odd and _related(field, s, -1)))


def _related(field: sympy.Expr, signs: Signs, sign: int) -> bool:
    """Whether the field with these signs is the field times a sign."""
    s = scheme_symbols()
    change = {s["a"]: signs.w * s["a"], s["mu"]: signs.w * s["mu"]}
    change |= {s["gamma"]: signs.gamma * s["gamma"], s["beta"]: signs.beta * s["beta"]}
    difference = field.subs(change, simultaneous=True) - sign * field
    rng = np.random.default_rng(0)
    for _ in range(3):
        at = {symbol: float(rng.uniform(0.3, 2.0)) for symbol in s.values()}
        if abs(complex(difference.evalf(subs=at))) > CLOSE:
            return False
    return True
