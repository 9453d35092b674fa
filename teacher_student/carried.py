"""Named numbers of an activation that stay symbols, so that one compiled flow serves every value.

A flow carries them in its state, behind the order parameters, as numbers that do not change: all
that is compiled of a flow takes the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..results.errors import InputError
from .activations import Activation
from .named_numbers import put_in, uses
from .problem import Problem

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class CarriedActivation(Activation):
    """An activation with named numbers in it.

    Attributes
    ----------
    names
        Of the numbers that are symbols.
    """

    names: tuple[str, ...] = ()

    @property
    def expression(self) -> sympy.Expr:
        """g in ``h`` and the symbols of `carried_symbols`."""

        from ..codegen.formula import to_sympy
        from .activations import field_symbol

        symbols = dict(zip(self.names, carried_symbols(self.names), strict=True))
        expression: sympy.Expr = to_sympy(self.formula, {"h": field_symbol(), **symbols})
        return expression


@dataclass(frozen=True, repr=False)
class Carried(Problem):
    """A problem whose activation keeps its named numbers as symbols; their values do not matter."""

    @property
    def carried(self) -> tuple[str, ...]:
        """The names, in the order in which a state has them."""
        return tuple(name for name in self.parameters if uses(self.activation, name))

    @property
    def activation_(self) -> Activation:
        """The activation, with symbols."""
        return CarriedActivation(self.activation, self.carried)


#: What stands behind the numbers: one over the largest scale that quadratures resolve.
COARSEST = "named_one_over_largest"


def carried_symbols(names: tuple[str, ...]) -> tuple[sympy.Symbol, ...]:
    """The symbols of named numbers; no name of generated code begins so."""
    import sympy

    return tuple(sympy.Symbol(f"named_{name}", real=True) for name in names)


@lru_cache(maxsize=256)
def carried(problem: Problem) -> Carried | None:
    """The problem with its activation's named numbers as symbols; None where they cannot be.

    That is so in schemes with batch statistics, whose averages are tabulated for numbers, with
    other losses than the squared one, and where a number decides where the activation has a kink
    or is steep.
    Then, and where a quadrature does not resolve the activation at every scale, each value is
    derived and compiled for itself, which takes seconds.
    """
    names = tuple(name for name in problem.parameters if uses(problem.activation, name))
    if names and problem.activation_.steep:
        return None
    if not names or problem.uses_batch or problem.scheme_.remembers or not problem.squares:
        return None
    others = {name: value for name, value in problem.parameters.items() if name not in names}
    if any(uses(getattr(problem, f), name) for f in ("scheme", "eta") for name in names):
        return None
    if isinstance(problem.eta, str):
        return None
    kept = ("scheme", "batch_size", "gamma_rate", "train_beta", "frozen_std")
    given = {name: getattr(problem, name) for name in kept}
    given["scheme"] = problem.formula("scheme")
    try:
        made = Carried(put_in(problem.activation, others), **given,
                       parameters=dict.fromkeys(names, 1.0))  # fmt: skip
    except InputError:  # a value of 1 is none that the formula takes
        return None
    return None if _bent_by(made) else made


def _bent_by(problem: Carried) -> bool:
    """Whether a choice or a step in the activation depends on a named number."""
    import sympy

    own = set(carried_symbols(problem.carried))
    choices = (sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside)
    return any(
        own & choice.free_symbols for choice in problem.activation_.expression.atoms(*choices)
    )
