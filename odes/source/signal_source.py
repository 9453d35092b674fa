"""How a generated system calls the kernels of signal moments."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Symbol

from ...teacher_student.problem import Problem
from ..derivation.signal_moments import SignalMoment, rule_of

#: Functions of one's name that call the kernel, and give the moments as a tuple.
_CALL = '''
@kernel
def {name}(q, shift, rho, noise, pull):
    """Moments of the signal by quadrature."""
    out = np.empty({count})
    signal_moments(q, shift, rho, noise, pull, COARSE, {powers}, out)
    return {entries}

'''


def signal_call(name: str, moments: Mapping[Symbol, SignalMoment]) -> str:
    """Source text of ``name(q, shift, rho, noise, pull) -> moments``, in their order."""
    rows = [moment[:3] for moment in moments.values()]
    constant = f"{name.upper()}_POWERS"
    head = f"{constant} = np.array({[list(row) for row in rows]}, dtype=np.int64)\n"
    entries = "".join(f"out[{i}], " for i in range(len(rows)))
    return head + _CALL.format(name=name, count=len(rows), powers=constant, entries=entries)


def signal_import(problem: Problem) -> str:
    """The lines by which a system imports the kernel, and the rule's longest panel."""
    rule = "from bntheory.teacher_student.normal_quadrature import COARSE\n"
    return f"{rule}from .{rule_of(problem)} import signal_moments\n"
