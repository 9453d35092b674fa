"""Source text of the functions that `batch_sampling` and `signal_sampling` call."""

from __future__ import annotations

from ...codegen.model import Assign, Block, Function, entry
from ...codegen.printers.python import PYTHON
from ...teacher_student.formula_kernels import activation_source
from ...teacher_student.problem import Problem
from ...teacher_student.supervision_source import drawn_label_source, signal_source
from ..derivation.batch_diffusion import ACROSS_SIGNAL, SIGNAL, SQUARE, derive_batch_diffusion


def sampling_source(problem: Problem) -> str:
    """Source text of the activation and a step's elements, and of the signal of other losses."""
    derived = derive_batch_diffusion(problem)
    both = (*derived.scattering, *derived.averaged)
    names = [("d", SIGNAL), ("z", ACROSS_SIGNAL), ("e", SQUARE)]
    unpack = [Assign(s, entry(name, i)) for name, symbols in names for i, s in enumerate(symbols)]
    values = Block({entry("out", i): element for i, element in enumerate(both)})
    arguments = ("d", "z", "e", "zbar", "zuhat", "ubar", "s", "m", "out")
    elements = Function("elements", arguments, (*unpack, values), "Elements of one step.")
    parts = [
        "import math",
        "import numpy as np",
        "from bntheory.codegen.jit import kernel",
        f"SCATTERING = {len(derived.scattering)}",
        f"AVERAGED = {len(derived.averaged)}",
        activation_source(problem.activation_),
        PYTHON.function(elements),
    ]
    if not problem.squares:
        parts += [signal_source(problem), drawn_label_source(problem)]
    return "\n".join(parts)
