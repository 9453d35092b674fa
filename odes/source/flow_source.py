"""The source text of a flow's system: its model, printed for Python and for lanes."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from ...codegen.printers.lanes import LanePrinter
from ...codegen.printers.python import PYTHON
from ..derivation.drift import Derivation
from ..derivation.expectations import AnyMoment
from ..derivation.signal_moments import SignalMoment
from .inertial_module import inertial_module
from .lane_function import combinations, combinations_text, lane_function, shown_function
from .signal_source import signal_call, signal_import
from .system_module import system_module
from .table_source import table_spec

#: Flows that advance in one loop: a few SIMD registers' worth.
LANES = 64
#: What generated systems import.
IMPORTS = (
    "import math",
    "import numpy as np",
    "from bntheory.codegen.jit import kernel",
    "from bntheory.odes.tables.chebyshev import scale_axis",
    "from bntheory.odes.tables.look_up import look_up",
    "from bntheory.odes.tables.look_up_lanes import look_up_lanes",
    "from bntheory.teacher_student.normal_quadrature import (",
    "    FINE, SMOOTH_NODES, SMOOTH_WEIGHTS, split_rule, student_rule",
    ")",
    "from bntheory.codegen.jit import lane_kernel",
    "from bntheory.codegen.lane_math import acos_lane, asin_lane",
    f"LANES = {LANES}",
    "",
)

#: Observables of all lanes where one needs a quadrature, which is no straight code.
OF_EACH = '''
@kernel
def observables_lanes(y, shown):
    """`observables` of every lane, one after the other."""
    own = np.empty(SIZE)
    for lane in range(LANES):
        for i in range(SIZE):
            own[i] = y[i, lane]
        Q, error = observables(own)
        shown[0, lane], shown[1, lane] = Q, error
'''
#: And the imports of optimisers beside SGD.
OF_LENGTHS = "from bntheory.codegen.chi_square import kept_drift, kept_noise, mean_chi\n"


def flow_source(derivation: Derivation) -> str:
    """Source text of ``rhs``, ``jacobian`` and ``observables`` of one flow, and their facts."""
    return PYTHON.module(system_module(derivation))


def has_lanes(derivation: Derivation) -> bool:
    """Whether no moment needs a quadrature: only straight code and tables become SIMD code."""
    problem = derivation.problem
    if problem.carried or not problem.plain_steps:
        return False
    if table_spec(derivation):
        return problem.squares
    return not (derivation.by_quadrature or problem.uses_batch)


def lanes_source(derivation: Derivation) -> str:
    """Source text of ``rhs_lanes`` and ``observables_lanes``, of many flows in one loop.

    Empty where it has none (`has_lanes`).
    """
    if not has_lanes(derivation):
        return ""
    found = combinations(derivation) if table_spec(derivation) else []
    text = f"COMBINATIONS = {combinations_text(found)!r}\n"
    text += LanePrinter().function(lane_function(derivation, found))
    shown = shown_function(derivation)
    return text + ("\n" + LanePrinter().function(shown) if shown else OF_EACH)


def system_source(derivation: Derivation) -> str:
    """`flow_source` with the imports that its compiled form needs."""
    head = "\n".join(IMPORTS) + signal_head("moments", derivation, derivation.by_quadrature)
    if not derivation.problem.plain_steps:
        head += OF_LENGTHS
    return head + flow_source(derivation) + "\n" + lanes_source(derivation)


def signal_head(name: str, derivation: Derivation, wanted: Mapping[Symbol, AnyMoment]) -> str:
    """What a system needs that calls the kernels of signal moments; empty for others."""
    own = {s: m for s, m in wanted.items() if isinstance(m, SignalMoment)}
    return signal_import(derivation.problem) + signal_call(name, own) if own else ""


def inertial_source(derivation: Derivation) -> str:
    """The same of the inertial flow, which has no lanes."""
    head = "\n".join(IMPORTS) + signal_head("moments", derivation, derivation.by_quadrature)
    return head + PYTHON.module(inertial_module(derivation)) + "\n"
