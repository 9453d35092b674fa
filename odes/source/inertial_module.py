"""From a derivation to the model of its inertial flow: momentum whose memory is of order N steps.

At ``kappa = N (1 - momentum)`` held fixed as N grows the push of the weights is an order
parameter of its own (theory, section 8). With ``eta`` short for ``eta / (1 - momentum)`` and P the
velocity of the weights in units of it, ``dw/dt = eta P``, the state is followed by the
velocities of the trained scalars and by ``E = w.P/N, F = w*.P/N, D = |P|^2/(N kappa)``::

    dE/dt = kappa (w.d - E + eta D),   dF/dt = kappa (w*.d - F),
    dD/dt = kappa (|g|^2 - 2 D) + 2 P.d

with d the drift of w in units of eta, over N, and ``|g|^2`` the squared gradient of a step.
"""

from __future__ import annotations

import sympy
from sympy import Expr, Symbol

from ...codegen.functions import choice
from ...codegen.model import Assign, Block, Function, Module, Statement, entry
from ...teacher_student.formula_kernels import learning_rate_function
from ..derivation.drift import Derivation
from ..derivation.symbols import BATCH, ETA, L, R
from .quadratures import kink_constant
from .system_module import (
    RENAMED,
    facts,
    field_function,
    no_jacobian,
    observables_function,
    prepared,
)

E, F, D = sympy.symbols("E F D", real=True)
KAPPA, OUTSIDE = sympy.symbols("kappa outside", positive=True)
#: Below, ``1 - R^2`` is rounding, and what is divided by it vanishes with it.
LEAST_ACROSS = 1e-14


def velocities(derivation: Derivation) -> dict[str, Symbol]:
    """By trained scalar, its velocity in units of the learning rate."""
    return {n: Symbol(f"velocity_{n}", real=True) for n in derivation.problem.trained_scalars}


def inertial_drift(derivation: Derivation) -> tuple[Expr, ...]:
    """The right-hand side: order parameters, velocities of the scalars, E, F and D.

    The drift without inertia is a polynomial of degree two in eta; its first degree has the mean
    gradient, its second, in L alone, the squared one. The mean gradient lies in the plane of
    student and teacher: its part along the student is ``w.d / |w|^2``, that along the rest of the
    teacher is ``(w*.d - R/L w.d) / (1 - R^2)``.
    """
    drift, speed = derivation.drift, velocities(derivation)
    length = sympy.expand(L * drift["L"])
    student, square = length.coeff(ETA, 1), 2 * BATCH * length.coeff(ETA, 2)
    teacher = sympy.expand(L * drift["R"] + R * drift["L"]).coeff(ETA, 1)
    plane = 1 - R**2
    across = (teacher - R / L * student) / choice(plane > LEAST_ACROSS, plane, LEAST_ACROSS)
    along = student / L**2 * E + across * (F - R / L * E)
    scalars = {name: ETA * v for name, v in speed.items()}
    moved = scalars | {"R": ETA * (F - R / L * E) / L, "L": ETA * (E / L - OUTSIDE * L)}
    return (
        *(moved[name] for name in derivation.problem.order_parameters),
        *(KAPPA * (drift[name].coeff(ETA, 1) - v) for name, v in speed.items()),
        KAPPA * (student - E + ETA * D) - ETA * OUTSIDE * E,
        KAPPA * (teacher - F),
        KAPPA * (square / BATCH - 2 * D) + 2 * along,
    )


def inertial_module(derivation: Derivation) -> Module:
    """The model of one inertial flow's system.

    The numbers that it takes end in kappa and the part of weight decay that is outside of the
    momentum.

    Parameters
    ----------
    derivation
        Of the flow without inertia.
    """
    start, moments = prepared(derivation)
    shown, error_moments = observables_function(derivation)
    names = derivation.problem.order_parameters
    extra = [*velocities(derivation).values(), E, F, D]
    named: list[Statement] = [
        Assign(symbol, entry("y", len(names) + i)) for i, symbol in enumerate(extra)
    ]
    named += [Assign(KAPPA, entry("p", -2)), Assign(OUTSIDE, entry("p", -1))]
    values = {
        entry("dy", i): value.xreplace(derivation.closed).subs(RENAMED)
        for i, value in enumerate(inertial_drift(derivation))
    }
    comment = "Time derivative of " + ", ".join([*names, *map(str, extra)]) + "."
    rhs = Function("rhs", ("t", "y", "p", "dy"), (*start, *named, Block(values)), comment)
    own = {"SIZE": len(values), "PUSH": len(names) + extra.index(E), "HAS_JACOBIAN": False}
    functions = [
        learning_rate_function(derivation.problem.schedule),
        field_function(derivation),
        *moments,
        rhs,
        no_jacobian("the stiff solver makes its own"),
        *error_moments,
        shown,
    ]
    constants = kink_constant(derivation) if moments or error_moments else {}
    return Module(facts(derivation) | own | constants, functions)
