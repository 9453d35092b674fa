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
#: How closely the flow is followed.
RTOL = 1e-6
#: Newton's step at a root that it has reached, in units of the state.
NEAR = 0.1


@dataclass(frozen=True)
class Growth:
    """Powers of time between t = 1e4 and t = 1e5; None of what has no steady one.

    Attributes
    ----------
    Q, angle, L
        Of the scale, of ``arccos R`` (none where R is 1 to all digits) and of the length.
    """

    Q: float
    angle: float | None
    L: float | None

    def to_dict(self) -> dict[str, float | None]:
        """The JSON form."""
        return asdict(self)

    def words(self) -> str:
        """In a sentence."""
        named = {"Q grows": self.Q, "the angle arccos R goes": self.angle, "L goes": self.L}
        said = [f"{name} like t^{power:.3f}" for name, power in named.items() if power is not None]
        return f"{', '.join(said)} (from t = 1e4 to t = 1e5)"


def growth_without_end(problem: Problem) -> Growth | None:
    """By which powers a student grows whose training ends at no point; None if it does not.

    It is for other losses than the squared one, which pulls a scale that is too large back.
    """
    flow = solve(problem, times=np.array([0.0, *TIMES]), rtol=RTOL, atol=RTOL)
    if flow.t.size < len(TIMES) + 1:
        return None
    # A negative scale with R < 0 is the same student.
    angle = np.arccos(np.clip(np.sign(flow.Q) * flow.R, -1.0, 1.0))
    Q, turn, L = (_power(values[1:]) for values in (np.abs(flow.Q), angle, flow.L))
    return None if Q is None or Q < SMALLEST else Growth(Q, turn, L)


def _power(values: Array) -> float | None:
    """That of the last decade, if it is the one before's too."""
    if not (np.isfinite(values).all() and (values > 0.0).all()):
        return None
    before, last = np.diff(np.log10(values)) / np.diff(np.log10(TIMES))
    return float(last) if abs(last - before) <= STEADY * abs(last) else None


def creeps(flow: Dynamics, y: Array) -> bool:
    """Whether a root is none, but a state from which a scale grows ever more slowly.

    Its drift is small; so is its slope, and Newton's step is of the size of the state.
    """
    step = np.linalg.lstsq(flow.jacobian(y), flow.drift(y), rcond=1e-14)[0]
    return bool(np.abs(step).max() > NEAR * (1.0 + np.abs(y).max()))
