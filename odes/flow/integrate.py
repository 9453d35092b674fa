"""`integrate`: the order parameters of a problem over time, and `Flow`, its result."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import ArrayLike

from ...codegen.modules import generated, kernel_texts
from ...codegen.system import FlowSystem
from ...results.base import Result
from ...results.checks import integer, number
from ...results.errors import InputError
from ...results.files import dataset
from ...teacher_student.formula_kernels import derivable, structure
from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.regularization import decay
from ...teacher_student.schedule import check_schedule, stored_times
from ..tables.moment_tables import SMALLEST_TABLE, WORST, Progress, Table, loaded_table
from ..tables.regions import EDGE, Region, middle, region_of
from . import stiff

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
QUANTITIES = ("Q", "R", "L", "error")
RTOL, ATOL = 1e-8, 1e-10
#: Explicit steps tried before the stiff solver takes over; its own cost is some hundred of them.
EXPLICIT_STEPS = 20_000
#: The status of a flow that left the range in which its moments are known.
OUTSIDE_TABLES = "outside-tables"


class DivergenceWarning(RuntimeWarning):
    """A flow of `integrate` that diverged, or left the range in which its moments are known."""


class FlowError(RuntimeError):
    """A flow that did not reach its end, where the caller asked for an error."""


@dataclass(frozen=True)
class Flow(Result):
    """The order parameters of one problem over time.

    Attributes
    ----------
    problem
        The setting.
    t
        Times, steps / N, shape (times,); those reached, if the flow is not complete.
    values
        ``Q R L error`` (and ``gamma``, ``beta`` where trained), each of shape (times,).
        ``error`` is the generalisation error ``E (g(v) - g(f))^2 / 2`` against the clean
        teacher.
    steps
        Steps that the integrator tried.
    status
        ``"complete"``; ``"diverged"``; ``"outside-tables"``, where the moments in the flow are
        not known; or ``"failed"``.
    message
        The status in words, with the time it came about; also says when the stiff solver took
        over. Empty when there is nothing to say.
    std, shift
        With fluctuations: the predicted standard deviation of one run, or of a mean over
        ``averaged`` runs, and the shift of the runs' mean, by quantity, at N = ``dim``.
        Otherwise empty.
    dim, averaged
        With fluctuations: N, and over how many runs is averaged.
    """

    _drawn_by: ClassVar[str] = "trajectories.draw_flow"

    problem: Problem
    t: Array
    values: Mapping[str, Array]
    steps: int
    status: str = "complete"
    message: str = ""
    std: Mapping[str, Array] = field(default_factory=dict)
    shift: Mapping[str, Array] = field(default_factory=dict)
    dim: int | None = None
    averaged: int = 1

    def __getattr__(self, name: str) -> Array:
        if name in ("values", "__setstate__") or name not in self.values:
            raise AttributeError(name)
        return self.values[name]

    def until(self, count: int) -> Flow:
        """The same flow, with the first stored times only."""
        shorter = {name: values[:count] for name, values in self.values.items()}
        return replace(self, t=self.t[:count], values=shorter)

    def raise_for_status(self) -> Flow:
        """Return the flow itself if it is complete.

        Raises
        ------
        FlowError
            With the message, otherwise.
        """
        if self.status != "complete":
            raise FlowError(self.message)
        return self

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, keys as in ``interface.md``."""
        return {
            "problem": self.problem.to_dict(),
            "zeta": decay(self.problem),
            "t": self.t,
            **self.values,
            **self._fluctuations(),
            "steps": self.steps,
            "status": self.status,
            "message": self.message,
        }

    def _fluctuations(self) -> dict[str, Any]:
        if not self.std:
            return {}
        return {"std": self.std, "shift": self.shift, "dim": self.dim, "averaged": self.averaged}

    def columns(self) -> dict[str, Array]:
        """The CSV form: time and every quantity, with its predicted spread if there is one."""
        spread = {f"{name}_std": values for name, values in self.std.items()}
        return {"t": self.t, **self.values, **spread}

    def to_dataset(self) -> xarray.Dataset:
        """All quantities, with the dimension ``t``."""
        return dataset(
            {n: (("t",), values) for n, values in self.columns().items() if n != "t"},
            {"t": self.t},
            {"problem": self.problem.to_json(), "status": self.status, "message": self.message},
        )


def integrate(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_steps: int = EXPLICIT_STEPS,
    progress: Progress | None = None,
) -> Flow:
    """Integrate the order-parameter flow of a problem (theory.md, section 3).

    Parameters
    ----------
    problem
        The setting, start included.
    time, points
        End of the flow in steps / N, and how many equally spaced times are stored.
    times
        Stored times instead of ``time`` and ``points``: increasing, from 0 on.
    rtol, atol
        Relative and absolute bounds on the error of a step.
    max_steps
        Explicit steps after which a stiff solver goes on.
    progress
        Called with (work done, work in all) while tables of a batch scheme are built, which
        happens once for an activation, a scheme and a batch size.

    Returns
    -------
    Flow
        With a status and a message; a flow that diverges is not an error.

    Warns
    -----
    DivergenceWarning
        If the flow diverged, or left the range in which its moments are known.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> flow = bn.integrate(bn.Problem(scheme="wn", eta=0.1), time=200)
    >>> bool(flow.R[-1] > 0.99)
    True
    """
    flow = solve(problem, time=time, points=points, times=times, rtol=rtol, atol=atol,
                 max_steps=max_steps, progress=progress)  # fmt: skip
    if flow.status in ("diverged", OUTSIDE_TABLES):
        warnings.warn(flow.message, DivergenceWarning, stacklevel=2)
    return flow


def solve(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_steps: int = EXPLICIT_STEPS,
    progress: Progress | None = None,
) -> Flow:
    """`integrate` without its warning, for callers that expect a flow to diverge."""
    stored = stored_times(time, points, times)
    check_schedule(problem, stored[-1])
    rtol, atol = number("rtol", rtol, least=1e-13, most=1e-2), number("atol", atol, above=0.0)
    limit = integer("max_steps", max_steps, 1)
    return _advance(problem, stored, rtol, atol, limit, progress)


def _advance(
    problem: Problem, stored: Array, rtol: float, atol: float, limit: int, progress: Progress | None
) -> Flow:
    """Integrate through as many regions of tables as the flow passes."""
    kernels, y = flow_kernels(problem), np.array(problem.start)
    out, reached = np.empty((len(stored), len(y))), np.zeros(1)
    count = steps = 0
    state, message = "complete", ""
    region = next_region(problem, kernels, y, None)
    while region is not None:
        p = parameters(problem, region, progress)
        status, more, tried = kernels.integrate(
            y, stored[count:], p, rtol, atol, limit, out[count:], reached, reached[0]
        )
        count, steps = count + more, steps + tried
        if status == kernels.TOO_MANY_STEPS:
            state, message, count = stiff.go_on(
                kernels, y, float(reached[0]), p, stored, count, out, rtol, atol, steps
            )
        elif status == kernels.DIVERGED and at_edge(kernels, y, region):
            region = next_region(problem, kernels, y, region, progress)
            continue
        elif status == kernels.DIVERGED:
            state = "diverged"
            message = f"diverged at t = {reached[0]:g}: an order parameter left the finite numbers"
        break
    else:
        state, message = OUTSIDE_TABLES, f"at t = {reached[0]:g} {beyond_tables(kernels, y)}"
        if not count:
            out[0], count = y, 1
    return _collect(problem, kernels, stored[:count], out[:count], steps, state, message)


# --- where the moments in a flow are known ------------------------------------------------------


def next_region(
    problem: Problem,
    kernels: FlowSystem,
    y: Array,
    left: Region | None,
    progress: Progress | None = None,
) -> Region | None:
    """The region of tables in which a flow goes on from a state; None where there is no table.

    Parameters
    ----------
    problem, kernels
        Of the flow.
    y
        The state.
    left
        The region that the flow has just left, if it left one.
    progress
        Called with (work done, work in all) while a table is built.
    """
    whole = middle(kernels.SINGULAR)
    if not kernels.HAS_RANGE:
        inside = kernels.field(y)[0] <= kernels.LARGEST_SCALE * (1.0 - EDGE)
        return whole if inside and left is None else None
    region = region_of(kernels.SINGULAR, *kernels.field(y))
    if region is None or region == left:
        return None
    if region != whole and not known(problem, region, progress):
        return None
    return region


def known(problem: Problem, region: Region, progress: Progress | None = None) -> bool:
    """Whether the moments of a region are finite, and their table good enough."""
    try:
        made = flow_table(problem, region, progress)
    except ValueError:
        return False
    return made is None or made.error < WORST


def at_edge(kernels: FlowSystem, y: Array, region: Region) -> bool:
    """Whether a flow ended because it left a region, not because it diverged."""
    scale, shift = kernels.field(y)
    if not kernels.HAS_RANGE:
        return bool(scale >= kernels.LARGEST_SCALE * (1.0 - EDGE))
    return not region.holds(scale, shift, margin=EDGE)


def beyond_tables(kernels: FlowSystem, y: Array) -> str:
    """Why a flow cannot go on from a state."""
    scale, shift = kernels.field(y)
    at = f"scale {scale:.4g}" + f" and shift {shift:.4g}" * (shift != 0.0)
    return f"the flow left the range in which its moments are known, with a field of {at}"


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
    values = problem.to_dict() | {"zeta": decay(problem)}
    if isinstance(problem.eta, str):
        values["eta"] = 0.0  # the system itself has the schedule
    own = np.array([values[name] for name in KERNEL_PARAMETERS], dtype=float)
    made = flow_table(problem, region, progress)
    return own if made is None else np.concatenate([own, made.packed])


def flow_table(
    problem: Problem, region: Region | None = None, progress: Progress | None = None
) -> Table | None:
    """The table of batch moments that a flow needs, if it needs one (theory.md, section 4).

    Raises
    ------
    ValueError
        For a batch so small that a moment in the flow is infinite, or has no table.
    """
    kernels = flow_kernels(problem)
    least, who = kernels.SMALLEST_BATCH, f"scheme={problem.scheme!r} with activation="
    who += repr(problem.activation)
    if least > problem.M:
        raise InputError(
            "batch_size",
            problem.M,
            f"the flow of {who} asks for E[1/s^{least - 2}] of the "
            f"batch's spread s, which is infinite below M = {least}; at least {least} is accepted",
        )
    if kernels.TABLE and problem.M < SMALLEST_TABLE:
        raise InputError(
            "batch_size",
            problem.M,
            f"the flow of {who} is tabulated for batches of at least "
            f"{SMALLEST_TABLE}, where the deviations from the batch's mean have a density",
        )
    spec = kernels.TABLE
    return loaded_table(spec, problem.M, region, progress) if spec else None


#: Kernels of a flow, each building on those before it; compiled when first called.
KERNELS = ("odes/kernels/loop", "odes/kernels/roots", "odes/kernels/ensemble")


def flow_kernels(problem: Problem) -> FlowSystem:
    """The compiled flow of a problem's formulas: from the disk, or derived now."""

    def write() -> dict[str, str]:
        from ..derivation.drift import derive_drift
        from ..source.flow_source import has_lanes, system_source

        with derivable(problem):
            derivation = derive_drift(problem)
            system = system_source(derivation)
        lanes = ("odes/kernels/lanes",) if has_lanes(derivation) else ()
        return {"system": system} | kernel_texts(*KERNELS, *lanes)

    return cast(FlowSystem, generated("flow", structure(problem), write))


def _collect(
    problem: Problem,
    kernels: FlowSystem,
    t: Array,
    states: Array,
    steps: int,
    status: str,
    message: str,
) -> Flow:
    Q, error = np.empty(len(t)), np.empty(len(t))
    kernels.observe(np.ascontiguousarray(states), Q, error)
    own = dict(zip(problem.order_parameters, states.T.copy(), strict=True))
    values = {"Q": Q, "R": own.pop("R"), "L": own.pop("L"), "error": error, **own}
    return Flow(problem, t, values, steps, status, message)
