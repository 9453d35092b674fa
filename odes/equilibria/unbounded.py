"""Training that ends at no point: a scale that grows for ever, and by which power of time.

A student that looks at one example and learns signs is all but right about each of them in the
end, and makes its scale larger for ever: of the logistic and the hinge loss like t^(1/3), while its
angle to the teacher falls like t^(-1/3) (theory page 9).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ...teacher_student.problem import Problem
from ..flow.integrate import solve
from .dynamics import Dynamics

Array = np.ndarray
#: Ends of the decades of time over which powers are measured.
TIMES = (1e3, 1e4, 1e5)
#: A power is one if it is as large, and changes by no more, of itself, from one decade to the
#: next: one third by 2%, where a logarithm's would change by a quarter.
SMALLEST, STEADY = 0.05, 0.1
#: Newton's step at a root that it has reached, in units of the state.
NEAR = 0.1


@dataclass(frozen=True)
class Growth:
    """Powers of time between t = 1e4 and t = 1e5.

    Attributes
    ----------
    Q, angle, L
        Of the scale, of ``arccos R`` (0 where it is no longer seen) and of the length.
    """

    Q: float
    angle: float
    L: float

    def to_dict(self) -> dict[str, float]:
        """The JSON form."""
        return asdict(self)

    def words(self) -> str:
        """In a sentence."""
        return (
            f"Q grows like t^{self.Q:.3f}, the angle arccos R like t^{self.angle:.3f} and L like "
            f"t^{self.L:.3f} (from t = 1e4 to t = 1e5)"
        )


def growth_without_end(problem: Problem) -> Growth | None:
    """By which powers a student grows whose training ends at no point; None if it does not."""
    flow = solve(problem, times=np.array([0.0, *TIMES]))
    if flow.t.size < len(TIMES) + 1:
        return None
    angle = np.maximum(np.arccos(np.clip(flow.R, -1.0, 1.0)), np.finfo(float).tiny)
    Q, turn, L = (_powers(values) for values in (np.abs(flow.Q), angle, flow.L))
    if min(Q) < SMALLEST or abs(Q[1] - Q[0]) > STEADY * Q[1]:
        return None
    return Growth(*map(float, (Q[1], turn[1], L[1])))


def _powers(values: Array) -> Array:
    """Of each decade."""
    ends = np.log10(values[1:])
    powers: Array = np.diff(ends) / np.diff(np.log10(TIMES))
    return powers


def creeps(flow: Dynamics, y: Array) -> bool:
    """Whether a root is none, but a state from which a scale grows ever more slowly.

    Its drift is small; so is its slope, and Newton's step is of the size of the state.
    """
    step = np.linalg.lstsq(flow.jacobian(y), flow.drift(y), rcond=1e-14)[0]
    return bool(np.abs(step).max() > NEAR * (1.0 + np.abs(y).max()))
