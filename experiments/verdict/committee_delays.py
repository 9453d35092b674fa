"""After a plateau a run is the flow with a delay of its own.

What noise has done on an unstable plateau decides when it is left: the mean of runs is then no
flow, however little they scatter later on. But every run goes the flow's way, so that their mean
lies within what the flow is at these delays.
"""

from __future__ import annotations

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...teacher_student.committee.order import first_rise
from ...teacher_student.online.committee.runs import CommitteeRuns

Array = np.ndarray
#: Specialisation that a flow has after a plateau, at least; delays that are tried.
LEAST, TRIED = 0.1, 41


def delays(runs: CommitteeRuns, flow: CommitteeFlow) -> tuple[float, float] | None:
    """The smallest and the largest delay, the flow's own 0 between them.

    They are those of half of the specialisation that the flow reaches.

    Returns
    -------
    tuple or None
        None where the flow does not specialise, or a run has not by the end.
    """
    if flow.specialisation.max() < LEAST:
        return None
    level = 0.5 * float(flow.specialisation.max())
    own = first_rise(flow.t, flow.specialisation, level)
    found = np.array([first_rise(runs.t, one, level) - own for one in runs.specialisation])
    if not np.isfinite(found).all():
        return None
    return min(0.0, float(found.min())), max(0.0, float(found.max()))


def envelope(t: Array, values: Array, range_of: tuple[float, float]) -> Array:
    """How far a flow's number is from itself at these delays, shape (times,).

    Beyond the last stored time it is taken to change as much as it did before.

    Examples
    --------
    >>> t = np.array([0.0, 1.0, 2.0, 3.0])
    >>> envelope(t, np.array([0.0, 0.0, 1.0, 1.0]), (0.0, 1.0)).tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    shifted = t[None] - np.linspace(*range_of, TRIED)[:, None]
    after = 2.0 * values[-1] - np.interp(2.0 * t[-1] - shifted, t, values)
    found = np.where(shifted > t[-1], after, np.interp(shifted, t, values))
    reached: Array = np.abs(found - values).max(axis=0)
    return reached
