"""One flow of a page, derived once: a generated package keeps its JavaScript and what it needs."""

from __future__ import annotations

from typing import Protocol, cast

from ..codegen.modules import generated
from ..results.errors import InputError
from ..teacher_student.formula_kernels import structure
from ..teacher_student.problem import Problem


class Piece(Protocol):
    """What a page has to know of the formulas of one problem.

    Attributes
    ----------
    FLOW
        Source text of ``makeFlow``.
    TABLE
        What its table of batch moments holds, as JSON; empty if it needs none.
    TWO_AXES
        Whether that table has two axes, and takes seconds a batch size.
    SMALLEST_BATCH
        The smallest batch size at which every moment in the flow exists.
    USES_BATCH
        Whether the batch size is in the flow.
    TRAINS_GAMMA
        Whether gamma is an order parameter.
    AUTO_ZETA
        The gamma decay that mimics batch normalisation, times the batch size.
    """

    FLOW: str
    TABLE: str
    TWO_AXES: bool
    SMALLEST_BATCH: int
    USES_BATCH: bool
    TRAINS_GAMMA: bool
    AUTO_ZETA: float


def piece(problem: Problem) -> Piece:
    """What a page needs of a problem's formulas: from the disk, or derived now.

    Parameters
    ----------
    problem
        Its numbers do not matter.

    Raises
    ------
    ValueError
        For a formula whose flow cannot be derived or printed, or is too slow for a page.
    """
    return cast(Piece, generated("page", structure(problem), lambda: {"page": _written(problem)}))


def _written(problem: Problem) -> str:
    from ..codegen.model import Module
    from ..codegen.printers.python import PYTHON
    from ..odes.derivation.drift import derive_drift
    from ..odes.derivation.observables import observables
    from ..odes.equations.javascript import javascript_flow
    from ..odes.source.table_source import table_spec
    from ..teacher_student.optimisers import refuse_optimisers
    from ..teacher_student.problem_checks import refuse_running
    from ..teacher_student.regularization import zeta_sources
    from ..teacher_student.spectral import refuse_spectrum

    refuse_optimisers(problem, "the page has flows of plain SGD")
    refuse_running(problem, "the page has no averages over running statistics")
    refuse_spectrum(problem, "the page is of isotropic inputs")
    derivation = derive_drift(problem)
    if problem.activation_.kinks and observables(derivation).by_quadrature:
        raise InputError(
            "activations",
            problem.activation,
            "a formula with kinks, or a steep one, whose averages need a quadrature is "
            "too slow for sliders; smooth formulas, and ones like relu, are accepted",
        )
    table = table_spec(derivation)
    constants: dict[str, object] = {
        "FLOW": javascript_flow(derivation),
        "TABLE": table,
        "TWO_AXES": bool(table) and not problem.activation_.homogeneous,
        "SMALLEST_BATCH": derivation.smallest_batch,
        "USES_BATCH": problem.uses_batch,
        "TRAINS_GAMMA": "gamma" in problem.trained_scalars,
        "AUTO_ZETA": float(sum(zeta_sources(problem.activation, 1))),  # falls like 1/M
    }
    return "import math\n\n" + PYTHON.module(Module(constants)) + "\n"
