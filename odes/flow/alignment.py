"""Flows whose misalignment falls below rounding, and comes back (theory page 8).

Without label noise a student can align so well that ``X = 1 - R^2`` is nothing that R holds. It
is not gone: weight decay, or a schedule, raises the effective learning rate until X grows again,
from wherever it has been, and bursts out. Near an aligned rest the flow is linear in X and in the
displacement delta of what rests with it, so that their logarithms are followed there::

    d delta/dt = J delta - (sign/2) X dF/dR,    d ln X/dt = J_RR - sign delta.H delta / X

with F the drift, J its Jacobian at the rest and H the curvature of dR/dt by delta. Of the length
of a normalised student, which does not rest, only the decay is left. Either may fall far below what
has a number, and delta may hold X up: ``delta = d exp(s)``, with s such that
``|d|^2 + X^2 exp(-2 s)`` stays 1.
"""

from __future__ import annotations

import math

import numpy as np

from .aligned_rest import LARGEST, AlignedRest, aligned_rest
from .bounds import Bounds
from .rows import COLUMNS, FAILED, Flows

Array = np.ndarray
#: Where logarithms take over, and where they end. R holds X = 1e-8 to 1e-8 of itself; what is left
#: out is of relative order X, or sqrt(X) of an activation with a kink.
ENTER, LEAVE = 1e-8, 2e-8
#: Bounds on the error of R's steps: what is ahead depends on ln X, known to 1e-4 where it is 1e-8.
TIGHT = 1e-12
#: What may fall in X between two looks at it, and least looks over a flow.
FALL, LOOKS = 2.0, 50
#: The logarithm of what may be squared.
HALF = 0.5 * LARGEST
#: Evaluations of 0.2 ms after which logarithms are given up.
MOST = 300_000
#: Times at which a schedule is asked whether it rises.
SAMPLES = 201


class _TooManyError(Exception):
    """Evaluations of slopes."""


def may_return(flows: Flows, ends: Array) -> Array:
    """Which flows may lose an alignment that is below rounding, before they end.

    Parameters
    ----------
    flows
        At their starts.
    ends
        Their last times, shape (flows,).
    """
    found = np.zeros(len(flows), dtype=bool)
    if not flows.problem.squares:
        return found  # what of another loss is left at the rest is not of this form
    if not flows.problem.plain_steps:
        return found  # nor are steps whose length does not vanish with the residual
    if flows.inertial or flows.problem.spectrum_ is not None:
        return found  # velocities have no logarithms; nor have single blocks
    if flows.kernels.TABLE:
        return found  # what a batch leaves of the residual is never zero
    edges: dict[tuple[float, ...], tuple[float, float] | None] = {}
    for k in map(int, np.flatnonzero(_rates_return(flows, ends))):
        key = _of_the_edge(flows, k)
        if key not in edges:
            edges[key] = _edge(flows, k)
        edge = edges[key]
        found[k] = edge is not None and _sinks(flows, k, edge, float(ends[k]))
    return found


def _of_the_edge(flows: Flows, k: int) -> tuple[float, ...]:
    """What the edge of a flow depends on; of a normalised student no rate and no decay."""
    own = flows.numbers[k].copy()
    if "gamma" in flows.problem.trained_scalars:
        own[[COLUMNS["eta"], COLUMNS["weight_decay"]]] = 0.0
    sign = math.copysign(1.0, flows.states[k, flows.problem.state_space.place("R")])
    return (*own.tolist(), sign)


def _edge(flows: Flows, k: int) -> tuple[float, float] | None:
    """``A, B`` of ``d ln X/dt = -A e + B e^2`` next to an aligned rest, with ``e = eta/L^2``.

    None where no alignment lasts; infinite where the rate moves otherwise.
    """
    rest = aligned_rest(flows, k, 0.0)
    if rest is None:
        return None
    eta, still = flows.numbers[k, COLUMNS["eta"]], np.zeros(rest.resting.size)
    if rest.L in rest.resting or not eta:  # a schedule has its own
        return math.inf, math.inf
    lengths = (eta**0.5, (eta / 2.0) ** 0.5)  # e = 1 and e = 2
    one, two = (rest.slopes(0.0, rest.state(still, x))[rest.R, rest.R] for x in lengths)
    B = float(two / 2.0 - one)
    return B - float(one), B


def _rates_return(flows: Flows, ends: Array) -> Array:
    """Whether there is no noise, and the effective rate may grow to where alignment is lost."""
    numbers = flows.numbers
    silent: Array = numbers[:, COLUMNS["noise"]] == 0.0
    eta, decay = numbers[:, COLUMNS["eta"]], numbers[:, COLUMNS["weight_decay"]]
    if flows.problem.schedule is not None:
        times = np.linspace(0.0, ends.max(), SAMPLES)
        rates = [flows.kernels.learning_rate(t, 0.0) for t in times]
        return silent & ((decay > 0.0) | bool((np.diff(rates) > 0.0).any()))
    # It grows like exp(2 eta lambda t), from at least this, to about M or more.
    space = flows.problem.state_space
    lengths = flows.states[:, space.place("L")]
    scale = np.maximum(np.abs(flows.states[:, : space.place("R")]).max(axis=1, initial=1.0), 1.0)
    growth = np.log(eta * scale / lengths**2) + 2.0 * eta * decay * ends
    least = np.log(0.5 * numbers[:, COLUMNS["batch_size"]])
    found: Array = silent & (decay > 0.0) & (growth > least)
    return found


def _sinks(flows: Flows, k: int, edge: tuple[float, float], end: float) -> bool:
    """Whether X falls below `ENTER` while the rate e grows to the edge, and e gets there.

    As e grows like ``exp(2 eta lambda t)``, ln X falls by ``(B/2) (A/B - e)^2 / (2 eta lambda)``.
    """
    A, B = edge
    if not (0.0 < A < math.inf and 0.0 < B < math.inf):
        return True
    eta, decay = flows.numbers[k, COLUMNS["eta"]], flows.numbers[k, COLUMNS["weight_decay"]]
    e = eta / flows.states[k, flows.problem.state_space.place("L")] ** 2
    reaches = 2.0 * eta * decay * end > math.log(A / B) - math.log(e)
    return bool(reaches and 0.5 * B * (A / B - e) ** 2 / (2.0 * eta * decay) > -math.log(ENTER))


def advance(flows: Flows, k: int, times: Array, out: Array, bounds: Bounds) -> tuple[int, int]:
    """Advance one flow to its end, by logarithms where it is all but aligned.

    Parameters
    ----------
    flows, k
        Flows, and which of them; its state, time and status are updated.
    times
        Stored times that are still to come.
    out
        Output, a row for each of them.
    bounds
        On the error of a step.

    Returns
    -------
    stored, steps
        How many times were stored, and how many steps tried.
    """
    stored = steps = 0
    bounds = Bounds(min(bounds.rtol, TIGHT), min(bounds.atol, TIGHT), bounds.max_steps)
    kernels, R = flows.kernels, flows.problem.state_space.place("R")
    while stored < times.size:
        y, t = flows.states[k], float(flows.times[k])
        if 0.0 < 1.0 - y[R] ** 2 < ENTER:
            rest = aligned_rest(flows, k, t)
            if rest is not None:
                stored += _in_logarithms(flows, k, rest, times[stored:], out[stored:])
                if flows.status[k] == FAILED:
                    return stored, steps
                continue
        look = min(t + _patience(flows, k, t, times[-1]), times[-1])
        due = times[stored:][times[stored:] <= look]
        ends = due if due.size and due[-1] == look else np.append(due, look)
        rows, reached = np.empty((ends.size, y.size)), flows.times[k : k + 1]
        flows.status[k], done, tried = kernels.integrate(
            y, ends, flows.row(k), *bounds, rows, reached, t
        )
        kept = min(done, due.size)
        out[stored : stored + kept] = rows[:kept]
        stored, steps = stored + kept, steps + tried
        if done < ends.size:
            return stored, steps
        # The last step leads past the time that was stored last.
        flows.states[k], flows.times[k] = rows[-1], look
    return stored, steps


def _patience(flows: Flows, k: int, t: float, end: float) -> float:
    """How long to go on before X is looked at again: as long as it takes to fall by `FALL`."""
    rest = aligned_rest(flows, k, t)
    left = (end - t) / LOOKS + 1e-12 * end
    if rest is None:
        return left
    rate = rest.slopes(t, rest.state(np.zeros(rest.resting.size), flows.states[k, rest.L]))
    return min(left, FALL / max(abs(float(rate[rest.R, rest.R])), 1e-300))


def _in_logarithms(flows: Flows, k: int, rest: AlignedRest, times: Array, out: Array) -> int:
    """Follow ln X until it is back; returns how many times were stored."""
    from scipy.integrate import solve_ivp  # not needed by a flow that stays away

    y, begin = flows.states[k], float(flows.times[k])
    n, R, L = rest.resting.size, rest.R, rest.L
    free, left = L not in rest.resting, [MOST]

    def slope(t: float, z: Array) -> Array:
        left[0] -= 1
        if left[0] < 0:
            raise _TooManyError
        # A step that is tried may lead far beyond X = 1, before the event is seen.
        d, scale, log_x, length = z[:n], z[n], min(z[n + 1], 0.0), math.exp(min(z[n + 2], LARGEST))
        y = rest.state(math.exp(min(scale, 0.0)) * d, length)
        J = rest.slopes(t, y)
        x = math.exp(min(log_x - scale, HALF))
        pulled = J[np.ix_(rest.resting, rest.resting)] @ d
        pulled -= 0.5 * rest.sign * x * J[rest.resting, R]
        grows = J[R, R] + rest.scatter(t, d, scale, length, log_x)
        widens = (d @ pulled + x * x * grows) / (d @ d + x * x)
        lengthens = rest.drift(t, y)[L] / length if free else 0.0
        return np.array([*(pulled - widens * d), widens, grows, lengthens])

    def back(_: float, z: Array) -> float:
        return float(z[n + 1] - math.log(LEAVE))

    back.terminal, back.direction = True, 1.0  # type: ignore[attr-defined]
    delta, X = (y - rest.at)[rest.resting], 1.0 - y[R] ** 2
    size = math.sqrt(delta @ delta + X * X)
    start = [*(delta / size), math.log(size), math.log(X), math.log(y[L])]
    try:
        solved = solve_ivp(slope, (begin, times[-1]), start, "LSODA", times, events=[back],
                           rtol=1e-9, atol=1e-9, dense_output=True)  # fmt: skip
    except _TooManyError:
        flows.status[k] = FAILED
        return 0
    stored = int(np.size(solved.t))
    for row, z in zip(out, np.reshape(solved.y, (n + 3, -1)).T, strict=False):
        row[:] = _state(rest, z, n)
    end = float(solved.sol.t_max)
    flows.states[k], flows.times[k] = _state(rest, solved.sol(end), n), end
    if not solved.success:  # else the same would be tried for ever
        flows.status[k] = FAILED
    return stored


def _state(rest: AlignedRest, z: Array, n: int) -> Array:
    y = rest.state(z[:n] * math.exp(z[n]), math.exp(z[n + 2]))
    y[rest.R] = rest.sign * math.sqrt(1.0 - math.exp(z[n + 1]))
    return y
