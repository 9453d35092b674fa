"""The compiled kernels of a flow, and the numbers and tables that they take."""

from __future__ import annotations

from typing import cast

import numpy as np

from ...codegen.modules import generated, kernel_texts
from ...codegen.system import FlowSystem
from ...results.errors import InputError
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from ..tables.moment_tables import SMALLEST_TABLE, Progress, Table, loaded_table
from ..tables.regions import Region
from .running import running_numbers
from .spectral import spectral_kernels

Array = np.ndarray
#: Kernels that integrate one system.
LOOP = tuple(f"odes/kernels/{name}" for name in ("tableau", "controller", "step", "loop"))
#: Kernels of a flow, each building on those before it; compiled when first called.
KERNELS = (*LOOP, "odes/kernels/roots", "odes/kernels/ensemble")


def flow_kernels(problem: Problem) -> FlowSystem:
    """The compiled flow of a problem's formulas: from the disk, or derived now.

    Momentum is in no formula: the flow is that of the problem's limit.
    """
    problem = problem.limit
    if problem.spectrum_ is not None:
        return spectral_kernels(problem, problem.spectrum_)

    def write() -> dict[str, str]:
        from ..derivation.drift import derive_drift
        from ..derivation.routes import routes_of
        from ..derivation.signal_kernels import signals_of
        from ..source.flow_source import has_lanes, system_source

        with derivable(problem):
            derivation = derive_drift(problem, routes=routes_of(problem))
            system = system_source(derivation)
        lanes = ("odes/kernels/lane_trial", "odes/kernels/lanes") if has_lanes(derivation) else ()
        return signals_of(problem) | {"system": system} | kernel_texts(*KERNELS, *lanes)

    return cast(FlowSystem, generated("flow", structure(problem), write))


def parameters(
    problem: Problem, region: Region | None = None, progress: Progress | None = None
) -> Array:
    """The numbers of a problem in the order in which a flow's kernels take them.

    Parameters
    ----------
    problem
        The setting.
    region
        Of the table that comes with them, if the flow needs one; by default the middle one.
    progress
        Called with (work done, work in all) while the table is built.
    """
    own, made = own_numbers(problem), flow_table(problem, region, progress)
    return own if made is None else np.concatenate([own, made.packed])


def own_numbers(problem: Problem) -> Array:
    """`parameters` without the table, which has none; under momentum those of the limit.

    Those of running statistics stand where other schemes have a table.
    """
    problem = problem.limit
    derived = {"zeta": decay(problem), "statistics_size": problem.m}
    if isinstance(problem.eta, str):
        derived["eta"] = 0.0  # the system itself has the schedule
    own = np.array(
        [
            derived[name] if name in derived else getattr(problem, name)
            for name in KERNEL_PARAMETERS
        ],
        dtype=float,
    )
    return np.concatenate([own, running_numbers(problem)])


def flow_table(
    problem: Problem, region: Region | None = None, progress: Progress | None = None
) -> Table | None:
    """The table of batch moments that a flow needs, if it needs one (theory page 4)."""
    check_batch(problem)
    spec = flow_kernels(problem).TABLE
    if spec and not problem.squares:
        from ..derivation.batch_signal_tables import signal_table  # sympy

        return signal_table(problem, spec, region, progress)
    return loaded_table(spec, problem.m, region, progress) if spec else None


def check_batch(problem: Problem) -> None:
    """Refuse batches at which there is no flow.

    Raises
    ------
    ValueError
        For a batch so small that a moment in the flow is infinite, or has no table.
    """
    kernels = flow_kernels(problem)
    least, who = kernels.SMALLEST_BATCH, f"scheme={problem.scheme!r} with activation="
    who += repr(problem.activation)
    whole = problem.statistics_size is None
    named, letter = ("batch_size", "M") if whole else ("statistics_size", "m")
    if least > problem.m:
        raise InputError(
            named,
            problem.m,
            f"the flow of {who} asks for E[1/s^{least - 2}] of the batch's spread s, which is "
            f"infinite below {letter} = {least}; at least {least} is accepted",
        )
    if kernels.TABLE and problem.m < SMALLEST_TABLE:
        raise InputError(
            named,
            problem.m,
            f"the flow of {who} is tabulated for batches of at least "
            f"{SMALLEST_TABLE}, where the deviations from the batch's mean have a density",
        )
