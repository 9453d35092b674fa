"""When a flow with weight decay has arrived: its effective rate stays near that of the rest."""

from __future__ import annotations

import numpy as np

from ...teacher_student.problem import Problem
from ...teacher_student.schedule import effective_rate
from ..flow.flow_kernels import flow_kernels
from ..flow.integrate import solve
from ..flow.records import EXPLICIT_STEPS
from .points import FixedPoint

Array = np.ndarray
#: How near the effective rate must stay, relative to its value at rest.
WITHIN = 0.05
#: Stored times; slowest relaxation times that are looked at first, how often and by what more are.
TIMES, RELAXATIONS, LONGER, TRIES = 4001, 20.0, 4.0, 5
#: Explicit steps of flows whose steps are dear; many relaxation times are stiff.
FEW_STEPS = 100


def time_to_equilibrium(problem: Problem, point: FixedPoint) -> float | None:
    """The time from which on the effective rate stays within 5% of that at a point.

    From the problem's start. Staying is judged until at least twice that time and ten slowest
    relaxation times have gone by, so that swings through the equilibrium are no arrival.

    Parameters
    ----------
    problem
        Without momentum (its `limit`), with weight decay and a trained gamma.
    point
        A stable point of it at which the length rests.

    Returns
    -------
    float or None
        In steps / N, to about 1e-3 of a relaxation time; 0 if it is there from the start; None
        where the flow does not arrive in some 5000 relaxation times, or is not followed so far.

    Examples
    --------
    >>> from bntheory.odes.equilibria.fixed_points import fixed_points
    >>> noisy = Problem("identity", noise=0.3, weight_decay=0.2, batch_size=16)
    >>> point = fixed_points(noisy).reached
    >>> round(time_to_equilibrium(noisy.replace(l0=point.L, q0=point.Q, r0=point.R), point), 6)
    0.0
    """
    relaxation = 1.0 / point.slow_rate
    first, last, end = 0.0, 0.0, RELAXATIONS * relaxation
    for _ in range(TRIES):
        window = _outside(problem, point, 0.0, end)
        if window is None:
            return None
        first, last = window
        if first <= end / 2.0:
            break
        end *= LONGER
    else:
        return None
    if last == 0.0:
        return 0.0
    # A swing may go beyond the bound between two stored times: look closely at what follows.
    for ahead in (relaxation, 0.0):
        window = _outside(problem, point, first, max(last, first + ahead))
        if window is None or window[1] == 0.0:
            break
        first, last = window
    return (first + last) / 2.0


def _explicit_steps(problem: Problem) -> int:
    """Steps before the stiff solver: averages by quadrature cost a millisecond a step."""
    cheap = flow_kernels(problem).HAS_JACOBIAN or problem.uses_batch
    return EXPLICIT_STEPS if cheap else FEW_STEPS


def _outside(
    problem: Problem, point: FixedPoint, start: float, end: float
) -> tuple[float, float] | None:
    """The last stored time outside of the bound and the next one; zeros if there is none.

    None if the flow has no end.
    """
    times = np.linspace(start, end, TIMES)
    stored = times if start == 0.0 else np.concatenate([[0.0], times])
    flow = solve(problem, times=stored, max_steps=_explicit_steps(problem))
    if flow.status != "complete":
        return None
    rates = np.abs(effective_rate(problem, float(problem.eta), flow.Q, flow.L))
    rates = rates[-TIMES:]
    outside = np.flatnonzero(np.abs(rates / abs(point.eta_eff) - 1.0) > WITHIN)
    if not outside.size:
        return 0.0, 0.0
    k = int(outside[-1])
    return float(times[k]), float(times[min(k + 1, TIMES - 1)])
