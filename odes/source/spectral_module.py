"""From a derivation to the model of what a flow of blocks of a spectrum calls (theory page 11).

The loop over blocks is a kernel (`odes/kernels/blocks/system.py`): generated are the averages that
it takes, of the student's and the teacher's fields alone.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Symbol

from ...codegen.model import Block, Function, Module, Return
from ...codegen.printers.python import PYTHON
from ...teacher_student.formula_kernels import learning_rate_function
from ..derivation.drift import Derivation
from ..derivation.spectral_drift import AVERAGES
from .flow_source import IMPORTS, signal_head
from .quadratures import kink_constant
from .system_module import RENAMED, facts, field_function, observables_function, prepared


def spectral_module(derivation: Derivation, room: int) -> Module:
    """The model of the averages.

    Parameters
    ----------
    derivation
        Of `spectral_drift.derive_spectral`.
    room
        How many blocks a state has room for.

    Returns
    -------
    Module
        With the functions ``learning_rate``, ``field_of``, ``averages``, ``observed`` and the
        quadratures that they call; their state is ``gamma, beta`` (where trained), R, the field's
        spread and ``|w|/sqrt(N)``.
    """
    start, moments = prepared(derivation)
    shown, error_moments = observables_function(derivation)
    values = {
        Symbol(f"{name}_average"): derivation.drift[name].xreplace(derivation.closed).subs(RENAMED)
        for name in AVERAGES
    }
    comment = "Averages of a step: " + ", ".join(AVERAGES) + "."
    body = (*start, Block(values), Return(tuple(values)))
    functions = [
        learning_rate_function(derivation.problem.schedule),
        replace(field_function(derivation), name="field_of"),
        *moments,
        Function("averages", ("t", "y", "p"), body, comment),
        *error_moments,
        replace(shown, name="observed"),
    ]
    scalars = len(derivation.problem.trained_scalars)
    constants = facts(derivation) | (kink_constant(derivation) if moments or error_moments else {})
    own = {"SCALARS": scalars, "ROOM": room, "SIZE": scalars + 2 + 2 * room}
    own |= {"TRAINS_BETA": "beta" in derivation.problem.trained_scalars, "HAS_JACOBIAN": False}
    return Module(constants | own, functions)


def spectral_source(derivation: Derivation, room: int) -> str:
    """Source text of the averages, with the imports that its compiled form needs."""
    head = "\n".join(IMPORTS) + signal_head("moments", derivation, derivation.by_quadrature)
    return head + PYTHON.module(spectral_module(derivation, room)) + "\n"
