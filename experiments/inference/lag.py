"""A running variance that lags behind the weights (theory page 8).

Where every update takes the part ``r/N`` of a batch's statistics, a time 1/r of them is averaged,
in which the weights move; the scatter vanishes as N grows. The running variance is an order
parameter, ``dV/dt = G r (L^2 - V)``, with G updates a step. A student that is normalised by its own
batch knows nothing of it, so that V is one integral over the flow's ``L^2``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...odes.flow.integrate import solve
from ...odes.flow.trajectory import Flow
from ...results.errors import InputError
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem

Array = np.ndarray
#: Nodes of one piece of the flow, the longest piece at first, and how often pieces are halved.
NODES, LONGEST, HALVINGS = 8, 0.5, 7
#: Relative difference of V from that with pieces twice as long; that of the flow's interpolation
#: is 1e-8.
TOLERANCE = 1e-8


class Lagging(NamedTuple):
    """A flow at some times, and the running variance there.

    Attributes
    ----------
    flow
        At those times alone.
    variance
        V in units of ``|w|^2/N`` = 1, as L^2 is, shape (times,).
    """

    flow: Flow
    variance: Array


def lagging(
    problem: Problem, rate: float, times: Array, progress: Progress | None = None
) -> Lagging:
    """The running variance of a flow, V(0) = L(0)^2.

    Parameters
    ----------
    problem
        The setting; of a scheme whose flow does not depend on running statistics.
    rate
        How much of V is replaced in unit time, positive: ``G r`` of a problem
        (`updating_rate`).
    times
        Increasing, from 0 on.
    progress
        As for `bntheory.integrate`.

    Returns
    -------
    Lagging
        V to a relative 1e-7 or so.

    Raises
    ------
    InputError
        If the flow does not reach the last of the times.

    Examples
    --------
    >>> import bntheory as bn
    >>> large = bn.Problem("identity", batch_size=10**6, l0=2.0)  # L hardly moves
    >>> bool(np.allclose(lagging(large, 0.3, np.array([0.0, 4.0])).variance, 4.0, atol=1e-4))
    True
    """
    longest, before = LONGEST, None
    for _ in range(HALVINGS):
        found = _by_pieces(problem, rate, times, longest, progress)
        V = found.variance
        if before is not None and np.allclose(V, before, rtol=TOLERANCE, atol=0.0):
            break
        longest, before = longest / 2, V
    return found


def updating_rate(problem: Problem, dim: int | None = None) -> float | None:
    """How much of a running variance is replaced in unit time; None where all of it at once.

    Parameters
    ----------
    problem
        With a ``running_rate``; or a ``running_momentum``, which replaces so much a step.
    dim
        N, if it is finite.
    """
    groups = problem.M // problem.m
    if problem.running_rate is not None:
        return groups * problem.running_rate
    return None if dim is None else groups * dim * problem.running_momentum


def complete(problem: Problem, times: Array, progress: Progress | None) -> Flow:
    """The flow at some times, all of which it must reach.

    Raises
    ------
    InputError
        Naming the time.
    """
    flow = solve(problem, times=times, progress=progress)
    if flow.status != "complete":
        message = f"the flow has no end there ({flow.message})"
        raise InputError("time", float(times[-1]), message)
    return flow


def _by_pieces(
    problem: Problem, rate: float, times: Array, longest: float, progress: Progress | None
) -> Lagging:
    """In every piece ``L^2`` is a polynomial through Gauss' nodes, and the integral is exact."""
    pieces = np.maximum(1, np.ceil(np.diff(times, prepend=0.0) / longest)).astype(int)
    between = zip([0.0, *times[:-1]], times, pieces, strict=True)
    ends = np.concatenate([np.linspace(a, b, n + 1)[1:] for a, b, n in between])
    starts = np.concatenate([[0.0], ends[:-1]])
    half = (ends - starts)[:, None] / 2
    x, _ = np.polynomial.legendre.leggauss(NODES)
    inner = (starts + ends)[:, None] / 2 + half * x
    stored, place = np.unique(np.concatenate([times, inner.ravel()]), return_inverse=True)
    flow = complete(problem, stored, progress)
    squares = (flow.L**2)[place[len(times) :]].reshape(inner.shape)
    weights = _weights(rate * (ends - starts))
    V, values = problem.initial_state[problem.state_space.place("L")] ** 2, []
    for square, weight, z in zip(squares, weights, rate * (ends - starts), strict=True):
        V = V * np.exp(-z) + weight @ square
        values.append(V)
    at = np.cumsum(pieces) - 1
    own = {name: column[place[: len(times)]] for name, column in flow.values.items()}
    return Lagging(Flow(problem, times, own, flow.steps), np.array(values)[at])


def _weights(z: Array) -> Array:
    """Of values at Gauss' nodes, for ``z int_0^1 exp(-z (1 - s)) f(s) ds``; shape (pieces, nodes).

    By Legendre polynomials: ``int_-1^1 exp(a x) P_n(x) dx`` is twice a modified spherical Bessel
    function of a.
    """
    from scipy.special import ive

    x, own = np.polynomial.legendre.leggauss(NODES)
    n, a = np.arange(NODES), np.maximum(z[:, None], 1e-300) / 2
    # exp(-a) i_n(a); `ive` has the factor
    bessel = np.sqrt(np.pi / (2 * a)) * ive(n + 0.5, a)
    polynomials = np.polynomial.legendre.legvander(x, NODES - 1)
    return (a * bessel * (2 * n + 1)) @ polynomials.T * own
