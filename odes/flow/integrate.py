"""`integrate`: the order parameters of a problem over time."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike

from ...codegen.system import FlowSystem
from ...results.checks import integer, number
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import check_schedule, stored_times
from ..tables.moment_tables import Progress
from . import stiff
from .flow_kernels import flow_kernels, parameters
from .known_moments import at_edge, beyond_tables, next_region
from .trajectory import OUTSIDE_TABLES, DivergenceWarning, Flow

Array = np.ndarray
RTOL, ATOL = 1e-8, 1e-10
#: Explicit steps tried before the stiff solver takes over; its own cost is some hundred of them.
EXPLICIT_STEPS = 20_000


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
