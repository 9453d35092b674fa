"""The model of a right-hand side that many flows take in one loop."""

from __future__ import annotations

from sympy import Expr, Symbol

from ...codegen.model import Assign, Block, Function
from ..derivation.drift import Derivation
from ..derivation.symbols import BATCH, L
from .system_module import closed_drift, unpacked

#: Divisions are what SIMD code waits for: every lane divides once by L and once by M.
_INVERSES = {L: Symbol("by_L", positive=True), BATCH: Symbol("by_M", positive=True)}


def lane_function(derivation: Derivation) -> Function:
    """``rhs`` as lanes take it (`LanePrinter`)."""
    drift = {
        target: value.replace(_is_reciprocal, _by_inverse)
        for target, value in closed_drift(derivation).items()
    }
    inverses = [Assign(inverse, 1 / x) for x, inverse in _INVERSES.items()]
    body = (*unpacked(derivation, rates=True), *inverses, Block(drift))
    return Function("rhs", ("t", "y", "p", "dy"), body)


def _is_reciprocal(e: Expr) -> bool:
    return e.is_Pow and e.base in _INVERSES and e.exp.is_Integer and e.exp < 0


def _by_inverse(e: Expr) -> Expr:
    return _INVERSES[e.base] ** -e.exp
