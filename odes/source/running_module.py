"""The right-hand side of a flow with tracked statistics: an average over the running variance.

The numbers of the law come after the parameters: the variance of the mean, then nodes and weights
of a rule over ``V^-1/2`` (`odes.tables.running_numbers`).
"""

from __future__ import annotations

import sympy
from sympy import Symbol, sqrt

from ...codegen.model import Assign, Block, Function, Increase, Loop, Statement, entry
from ..derivation.drift import Derivation
from ..derivation.gaussian_moments import Moment
from ..derivation.running_field import ROOT, TAU
from ..derivation.symbols import FIELD_STD, PARAMETERS, RHO
from ..tables.running_numbers import NODES
from .quadratures import moment_functions

#: A loop goes over the places of this array.
PLACES = "PLACES"
#: Nodes of the running spread, and the correction of the running mean, make a field at most so
#: many times larger; nodes beyond have no weight to speak of.
LARGEST_NODE = 8.0
_I = Symbol("i", integer=True)
_FIRST = len(PARAMETERS) + 1
_UNIT, _WEIGHT = sympy.symbols("unit weight", positive=True)


def averaged_rhs(
    derivation: Derivation, start: list[Statement], drift: dict[sympy.Indexed, sympy.Expr]
) -> tuple[Function, list[Function]]:
    """``rhs`` and the quadratures that it calls.

    Parameters
    ----------
    derivation
        Of the flow.
    start
        Statements that name order parameters, field and parameters.
    drift
        Given ``V``, by the entry that it is assigned to.
    """
    wanted = {s: m for s, m in derivation.by_quadrature.items() if isinstance(m, Moment)}
    found, quadratures = moment_functions("moments", derivation, wanted)
    parts = {Symbol(f"part{k}", real=True): value for k, value in enumerate(drift.values())}
    totals = [Symbol(f"total{k}", real=True) for k in range(len(drift))]
    body: list[Statement] = [
        Assign(ROOT, entry("p", _FIRST + _I)),
        Assign(_WEIGHT, entry("p", _FIRST + NODES + _I)),
        Assign(FIELD_STD, _UNIT * ROOT),
        *found,
        Block(parts),
        *(Increase(total, (_WEIGHT, part)) for total, part in zip(totals, parts, strict=True)),
    ]
    statements = (
        *start,
        Assign(_UNIT, FIELD_STD * sqrt(1 + TAU)),
        Assign(RHO, RHO / sqrt(1 + TAU)),
        *(Assign(total, sympy.Float(0)) for total in totals),
        Loop(_I, PLACES, tuple(body)),
        Block(dict(zip(drift, totals, strict=True))),
    )
    names = ", ".join(derivation.problem.order_parameters)
    comment = f"Time derivative of {names}, averaged over the running variance."
    return Function("rhs", ("t", "y", "p", "dy"), statements, comment), quadratures


def places() -> dict[str, object]:
    """The constant that the loop goes over."""
    return {PLACES: tuple(float(k) for k in range(NODES))}
