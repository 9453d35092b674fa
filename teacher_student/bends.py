"""Where a smooth activation bends within so short a piece that quadratures are split there too.

Panels of a quadrature are up to `BEND` long, in units of the field, which resolves what bends
within a field of order 1. The steep part of ``tanh(20*h)`` is found by halving: a panel is halved
until the integrals of the activation, its slope, their product and the squares of all three over
it are those over its halves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .normal_quadrature import BEND, NODES, REACH, WEIGHTS

if TYPE_CHECKING:
    import sympy

Array = np.ndarray
#: How far an integral over a panel may be off, relative to the panel's length and to the largest
#: value in it or the root mean square over a Gaussian field, whichever is larger.
ACCURATE = 1e-9
#: Halvings at most, and points at most.
DEEPEST, MOST = 12, 64
#: How far from its ends, in its lengths, a panel's change of g is taken.
WITHIN = 1e-10
#: Fields at which a root mean square is taken.
SAMPLES = 8001


class TooSteepError(ValueError):
    """Panels would be too short, or too many."""


def bends(g: sympy.Expr, slope: sympy.Expr, h: sympy.Symbol, kinks: Sequence[float]) -> list[float]:
    """The ends of all panels shorter than `BEND` that an activation needs.

    Parameters
    ----------
    g, slope
        The activation and its derivative, in ``h`` alone.
    h
        The field.
    kinks
        Where either is not smooth: those are ends anyway.

    Raises
    ------
    TooSteepError
        If they would be more than `MOST`, or shorter than `DEEPEST` halvings make them.
    """
    functions = [_compiled(f, h) for f in (g, slope, g * slope)]
    field = np.linspace(-REACH, REACH, SAMPLES)
    density = np.exp(-0.5 * field**2)
    usual = np.sqrt(_values(functions, field) ** 2 @ density / density.sum())
    even = np.arange(-REACH, REACH + BEND / 2, BEND)
    ends = sorted({*even.tolist(), *(k for k in kinks if abs(k) < REACH)})
    found: set[float] = set()
    for left, right in pairwise(ends):
        panels = _halved(functions, usual, left, right, 0)
        if len(panels) > 1:
            found |= {end for panel in panels for end in panel}
        if len(found) > MOST:
            raise TooSteepError
    return sorted(found - set(kinks))


def _compiled(formula: sympy.Expr, h: sympy.Symbol) -> Callable[[Array], Array]:
    function = by_numpy(formula, h)
    return lambda x: np.broadcast_to(np.asarray(function(x), dtype=np.float64), x.shape)


def by_numpy(formula: sympy.Expr, *symbols: sympy.Symbol) -> Callable[..., Any]:
    """A formula as a function of arrays."""
    import sympy

    known = [{"Softplus": partial(np.logaddexp, 0.0)}, "scipy", "numpy"]
    function: Callable[..., Any] = sympy.lambdify(symbols, formula, known)
    return function


def _halved(
    functions: list[Callable[[Array], Array]], usual: Array, left: float, right: float, depth: int
) -> list[tuple[float, float]]:
    """The panels that a piece is cut into."""
    middle = 0.5 * (left + right)
    whole = _integrals(functions, left, right)
    parts = [_integrals(functions, *ends) for ends in ((left, middle), (middle, right))]
    sizes = np.stack([usual, whole[1], parts[0][1], parts[1][1]]).max(axis=0) * (right - left)
    apart = np.abs(whole[0] - parts[0][0] - parts[1][0])
    # A rule whose nodes all miss a steep place by an end does not miss what it does to g.
    inside = np.array([left, right]) + WITHIN * (right - left) * np.array([1.0, -1.0])
    with np.errstate(all="ignore"):
        apart[1] = max(apart[1], abs(np.diff(functions[0](inside))[0] - whole[0][1]))
    sizes[1] += sizes[0]
    if not (apart > ACCURATE * sizes).any():
        return [(left, right)]
    if depth == DEEPEST:
        if (apart > ACCURATE * usual * BEND).any():
            raise TooSteepError
        return [(left, right)]
    halves = ((left, middle), (middle, right))
    return [panel for ends in halves for panel in _halved(functions, usual, *ends, depth + 1)]


def _integrals(
    functions: list[Callable[[Array], Array]], left: float, right: float
) -> tuple[Array, Array]:
    """Over one panel, of the functions and their squares; and the largest values."""
    half = 0.5 * (right - left)
    values = _values(functions, 0.5 * (left + right) + half * NODES)
    return half * values @ WEIGHTS, np.abs(values).max(axis=1)


def _values(functions: list[Callable[[Array], Array]], field: Array) -> Array:
    """Functions and their squares; what is no finite number counts as zero."""
    with np.errstate(all="ignore"):
        values = np.stack([function(field) for function in functions])
        values = np.concatenate([values, values**2])
    return np.where(np.isfinite(values), values, 0.0)
