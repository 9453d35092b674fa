"""Lines of rests: where a student's scale is a product, nothing says what its factors are.

The field of ``frozen`` is ``gamma/frozen_std`` times the weights', so that without decays every
length has a gamma at which the drift of first order in the learning rate vanishes: training comes
to a line, at a place that the start says (theory, section 8). Noise moves students along it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .dynamics import SAME, Array, Dynamics
from .stability import eigenvalues

if TYPE_CHECKING:
    from .points import FixedPoint

#: Drifts over eta below this are none: roots are found to 1e-12 or so.
STILL = 1e-9
#: A flow that ends so close to a line came to it, and rests there if it drifts less than this.
NEAR, SETTLED = 0.1, 1e-4


@dataclass(frozen=True)
class RestLine:
    """Rests that differ in the length of the weights, and in the gamma that belongs to it.

    Attributes
    ----------
    Q, R, beta
        What they share: scale, overlap, and the trained shift (None if it is not trained).
    error
        Generalisation error.
    free
        The quantity that is free: ``"L"``; gamma follows from Q.
    stable
        Whether displacements across the line shrink, at L = l0 and at small learning rates.
    rests
        Whether students rest on the line at this learning rate; otherwise only in the limit of
        small ones, and noise moves them along it.
    growth
        The rate of ``ln L`` on the line at L = l0, in 1/time: 0 where they rest.
    end
        Order parameters at which the flow from the problem's start comes to rest on this line;
        None where it does not.
    reached
        Whether the flow from the problem's start comes to this line.
    """

    Q: float
    R: float
    beta: float | None
    error: float
    free: str
    stable: bool
    rests: bool
    growth: float
    end: Mapping[str, float] | None = None
    reached: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        table = {
            name: getattr(self, name) for name in ("Q", "R", "beta", "error", "free", "stable")
        }
        table |= {"rests": self.rests, "growth": self.growth, "reached": self.reached}
        return table | {"end": None if self.end is None else dict(self.end)}


def rest_lines(flow: Dynamics) -> tuple[RestLine, ...]:
    """All lines of rests of a problem: functions that rest at one length as at twice as much.

    Examples
    --------
    >>> import bntheory as bn
    >>> frozen = bn.Problem("identity", "frozen", frozen_std=1.4, eta=0.3)
    >>> [(round(line.Q, 6), round(line.R, 6), line.stable) for line in rest_lines(Dynamics(frozen))]
    [(1.0, 1.0, True), (0.0, 0.0, False), (-1.0, -1.0, True)]
    """
    if flow.normalised or "gamma" not in flow.problem.trained_scalars:
        return ()
    l0 = float(flow.problem.initial_state[flow.L])
    one, two = (flow.at_length(length, STILL) for length in (l0, 2.0 * l0))
    lines = [_line(flow, y) for y in one if any(_same(flow, y, other) for other in two)]
    return tuple(sorted(lines, key=lambda line: -line.Q))


def _line(flow: Dynamics, y: Array) -> RestLine:
    rests = flow.residual(y, flow.everything) < STILL
    growth = 0.0 if rests else flow.growth(y)
    across = eigenvalues(flow.jacobian(y, flow.kernels.FIRST_ORDER))
    stable = all(value.real < 0.0 for value in sorted(across, key=abs)[1:])
    own = flow.scale(y) + 0.0, float(y[flow.R]) + 0.0, _beta(flow, y), flow.error(y)
    return RestLine(*own, "L", stable, rests, growth)


def _same(flow: Dynamics, x: Array, y: Array) -> bool:
    """Whether two states, which move no output by themselves, are the same function."""
    apart = abs(flow.scale(x) - flow.scale(y)), abs(x[flow.R] - y[flow.R])
    shifts = abs((_beta(flow, x) or 0.0) - (_beta(flow, y) or 0.0))
    return max(*apart, shifts) < 10.0 * SAME


def _beta(flow: Dynamics, y: Array) -> float | None:
    scalars = flow.problem.trained_scalars
    return float(y[scalars.index("beta")]) if "beta" in scalars else None


def off_lines(points: list[FixedPoint], lines: tuple[RestLine, ...]) -> list[FixedPoint]:
    """The points that are on no line: which of a line's are found says nothing."""

    def on(point: FixedPoint, line: RestLine) -> bool:
        shift = abs((point.beta or 0.0) - (line.beta or 0.0))
        return max(abs(point.Q - line.Q), abs(point.R - line.R), shift) < 10.0 * SAME

    return [point for point in points if not any(on(point, line) for line in lines)]


def come_to(flow: Dynamics, y: Array, lines: tuple[RestLine, ...]) -> tuple[RestLine, ...]:
    """The lines, of which the one at the end y of a flow is marked, and its rest if it has one."""
    away = [max(abs(flow.scale(y) - line.Q), abs(y[flow.R] - line.R)) for line in lines]
    if not away or min(away) >= NEAR:
        return lines
    k = int(np.argmin(away))
    end = None
    if lines[k].rests and flow.residual(y, flow.everything) < SETTLED:
        named = zip(flow.problem.order_parameters, y, strict=True)
        end = {name: float(value) for name, value in named}
    return (*lines[:k], replace(lines[k], reached=True, end=end), *lines[k + 1 :])
