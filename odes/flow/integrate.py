"""`integrate`: the order parameters of a problem over time."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from ...results.checks import integer, number
from ...results.errors import InputError
from ...teacher_student.committee.checks import refuse_committees
from ...teacher_student.options import check_names
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem
from ...teacher_student.schedule import check_schedule, stored_times
from ...teacher_student.supervision import class_error
from ..committee.flow import CommitteeFlow
from ..committee.integrate import solve_committee
from ..committee.points import USUAL, Sampling
from ..tables.moment_tables import Progress
from .bounds import Bounds, SolverOptions
from .inertial import beyond_rounding, inertial_start, runs_start
from .known_moments import beyond_tables
from .records import ATOL, EXPLICIT_STEPS, RTOL, AtTimes
from .rows import FAILED, OUTSIDE, Flows, at_start
from .solver import advance
from .spectral import blocks_of, reduced
from .trajectory import OUTSIDE_TABLES, DivergenceWarning, Flow


def integrate(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    inertia: float | None = None,
    dim: int | None = None,
    progress: Progress | None = None,
    **options: Unpack[SolverOptions],
) -> Flow | CommitteeFlow:
    """Integrate the order-parameter flow of a problem (theory page 3).

    Parameters
    ----------
    problem
        The setting, start included.
    time, points
        End of the flow in steps / N, and how many equally spaced times are stored.
    times
        Stored times instead of ``time`` and ``points``: increasing, from 0 on.
    inertia
        kappa: the flow at ``kappa = N (1 - momentum)`` held fixed as N grows, in which weights and
        scalars have velocities, at rest in the beginning. By default the flow at fixed momentum,
        where N is large against ``1 / (1 - momentum)``.
    dim
        N of runs, of which the flow under momentum has the inertia and the first step: kappa is
        that of `teacher_student.momentum.inertia`. Without momentum it changes nothing.
    progress
        Called with (work done, work in all) while tables of a batch scheme are built, which
        happens once for an activation, a scheme and a batch size; and while a flow is sampled.
    **options
        How closely it is solved: ``rtol, atol`` (1e-8, 1e-10), relative and absolute bounds on
        the error of a step; ``max_steps``, explicit steps after which a stiff solver goes on; and
        ``sampling`` of a committee (``units`` or ``teacher_units`` above 1) whose averages are
        sampled: scramblings, steps averaged at one state (None: by batch size), and seed, as
        `bntheory.odes.committee.points.Sampling`.

    Returns
    -------
    Flow, or CommitteeFlow of a committee
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
    check_names("integrate", options, SolverOptions)
    asked: dict[str, Any] = {"time": time, "points": points, "times": times, "inertia": inertia}
    flow = solve_any(problem, **asked, dim=dim, progress=progress, **options)
    if flow.status in ("diverged", OUTSIDE_TABLES):
        warnings.warn(flow.message, DivergenceWarning, stacklevel=2)
    return flow


def solve_any(
    problem: Problem, sampling: tuple[int, int | None, int] = USUAL, **options: Any
) -> Flow | CommitteeFlow:
    """`integrate` without its warning, of one unit or of several."""
    check_problem(problem)
    if not problem.several_units:
        return solve(problem, **options)
    if options.pop("inertia", None) is not None:
        refuse_committees(problem, "the flow with inertia")
    options.pop("dim", None)  # momentum is refused, and without it a flow knows no N
    time, points = options.pop("time", 20.0), options.pop("points", 101)
    stored = stored_times(time, points, options.pop("times", None))
    check_schedule(problem, stored[-1])
    bounds = _bounds(*(options.pop(name, None) for name in ("rtol", "atol", "max_steps")))
    return solve_committee(problem, stored, bounds, Sampling(*sampling), **options)


def _bounds(
    rtol: float | None, atol: float | None, max_steps: int | None
) -> tuple[float, float, int]:
    """Bounds on the error of a step and on their number, checked; None is the default."""
    relative = number("rtol", RTOL if rtol is None else rtol, least=1e-13, most=1e-2)
    absolute = number("atol", ATOL if atol is None else atol, above=0.0)
    most = EXPLICIT_STEPS if max_steps is None else max_steps
    return relative, absolute, integer("max_steps", most, 1)


def solve(
    problem: Problem,
    *,
    time: float = 20.0,
    points: int = 101,
    times: ArrayLike | None = None,
    rtol: float = RTOL,
    atol: float = ATOL,
    max_steps: int = EXPLICIT_STEPS,
    inertia: float | None = None,
    dim: int | None = None,
    progress: Progress | None = None,
) -> Flow:
    """`integrate` without its warning, for callers that expect a flow to diverge."""
    check_problem(problem)
    stored = stored_times(time, points, times)
    check_schedule(problem, stored[-1])
    rtol, atol, limit = _bounds(rtol, atol, max_steps)
    record = AtTimes(stored)
    flows = _start(problem, inertia, dim)
    inertia = float(flows.numbers[0, -2]) if flows.inertial else None
    advance(flows, record, Bounds(rtol, atol, limit), workers=1, building=progress)
    flow = replace(_flow(flows, record), inertia=inertia)
    if inertia is not None and not flow.message:
        flow = replace(flow, message=beyond_rounding(problem, flow.t, flow.R))
    return flow


def _start(problem: Problem, inertia: float | None, dim: int | None) -> Flows:
    """One flow at time 0, with the inertia that is asked for, or that of runs."""
    if dim is not None:
        dim = integer("dim", dim, 2)
        if inertia is not None:
            raise InputError("dim", dim, "accepted where no inertia is given: it follows from dim")
        if problem.momentum:
            return runs_start(problem, dim)
    return at_start(problem, {}) if inertia is None else inertial_start(problem, inertia)


def _flow(flows: Flows, record: AtTimes) -> Flow:
    """The one flow that was solved."""
    kernels, code, t = flows.kernels, flows.status[0], flows.times[0]
    status, message = "complete", ""
    if 0 in record.stiff:
        message = record.stiff[0]
        status = {kernels.DIVERGED: "diverged", FAILED: "failed"}.get(code, status)
    elif code == kernels.DIVERGED:
        status = "diverged"
        message = f"diverged at t = {t:g}: an order parameter left the finite numbers"
    elif code == FAILED:
        status, message = "failed", f"the logarithm of 1 - R^2 was lost at t = {t:g}"
    elif code == OUTSIDE:
        status, message = OUTSIDE_TABLES, f"at t = {t:g} {beyond_tables(kernels, flows.states[0])}"
        if not record.stored[0]:
            record.states[0, 0], record.stored[0] = flows.states[0], 1
    stored = record.stored[0]
    states = record.states[0, :stored]
    Q, error = np.empty((2, stored))
    names = flows.problem.order_parameters
    kernels.observe(states, Q, error)
    own, blocks = dict(zip(names, states.T.copy(), strict=False)), {}  # velocities come after
    if flows.problem.spectrum_ is not None:
        own, blocks = reduced(flows.problem, states), blocks_of(flows.problem, states)
        del own["spread"]
    values = {"Q": Q, "R": own.pop("R"), "L": own.pop("L"), "error": error, **own}
    values |= class_error(flows.problem, Q, values["R"])
    steps = int(record.steps[0])
    found = Flow(
        flows.problem, record.times[:stored], values, steps, status, message, blocks=blocks
    )
    drawn = flows.kernels.TABLE and not flows.problem.squares
    return replace(found, moments_error=flows.moments_error) if drawn else found
