"""Observables: what a flow shows of a state besides the order parameters themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from .drift import Derivation
from .gaussian_moments import Moment, expectation
from .routes import choose
from .symbols import G, T

#: The field's scale, which carries a sign, under the name that generated code gives it.
SCALE = Symbol("scale", real=True)
#: By name, in the order in which generated code returns them: the mean over fresh examples of an
#: expression in one example's outputs and fields (`symbols.FACTORS`, of the field with population
#: statistics), in the order parameters and in `SCALE`. The error is against the clean teacher.
OBSERVABLES: dict[str, Expr] = {"Q": SCALE, "error": (T - G) ** 2 / 2}


@dataclass(frozen=True)
class Observables:
    """The observables of one flow.

    Attributes
    ----------
    values
        By name, with closed forms put in.
    by_quadrature
        The moments in them that have no closed form, by their symbol.
    """

    values: dict[str, Expr]
    by_quadrature: dict[Symbol, Moment]


def observables(derivation: Derivation) -> Observables:
    """What `OBSERVABLES` are for a flow.

    Parameters
    ----------
    derivation
        Of the flow.

    Examples
    --------
    >>> import bntheory as bn
    >>> from bntheory.odes.derivation.drift import derive_drift
    >>> observables(derive_drift(bn.Problem("identity", scheme="wn"))).values["error"]
    q**2/2 - q*rho + 1/2
    """
    moments: dict[Symbol, Moment] = {}
    means = {name: expectation(value, moments) for name, value in OBSERVABLES.items()}
    activation, field = derivation.problem.activation_, derivation.field
    closed = choose(moments, activation, field, derivation.routes).expressions
    values = {name: mean.xreplace(closed) for name, mean in means.items()}
    return Observables(values, {s: m for s, m in moments.items() if s not in closed})
