"""The verdict on a committee by its predicted covariance, as far as that reaches.

Tested are all of gamma, beta, A and C together, up to the time from which runs scatter too widely
to be small displacements of the flow: from there on, after a plateau that each leaves at a time of
its own, they never are again in the sense of the linear theory. What a sampled flow is off by is
a part of the covariance of the mean.
"""

from __future__ import annotations

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...odes.committee.packages import SAMPLING, route
from ...odes.fluctuations.committee import CommitteeFluctuations
from ...odes.fluctuations.committee_flow import lengths
from ...teacher_student.online.committee.runs import CommitteeRuns
from .chi_square import (
    FALLEN,
    MOST_TIMES,
    REMAINDER,
    ROUNDING,
    RTOL,
    VARIANCE_REMAINDER,
    ChiSquare,
    chi_square_of,
    directions_of,
)

Array = np.ndarray
#: Predicted standard deviation of an order parameter, in units of lengths, beyond which the linear
#: theory is left.
MOST_SPREAD = 0.1
#: Of a shift, what its differences leave uncertain; of a variance, likewise: closed, sampled, and
#: sampled with kinks.
UNCERTAIN_SHIFT = 0.1
UNCERTAIN = (0.01, 0.03, 0.06)


def resolved_committee(predicted: CommitteeFluctuations, dim: float) -> Array:
    """Whether runs scatter at the stored times, and no more than the theory covers."""
    problem = predicted.problem
    variances = np.einsum("tii->ti", predicted.covariance)
    scale = np.array([lengths(problem, y) for y in predicted.mean])
    relative = np.sqrt(np.maximum(variances, 0.0) / dim) / scale
    floor = np.minimum(ROUNDING, FALLEN * variances.max(axis=0))
    wide = (relative > MOST_SPREAD).any(axis=1)
    good: Array = (variances > floor).all(axis=1) & ~np.logical_or.accumulate(wide)
    return good


def _remainder(predicted: CommitteeFluctuations, dim: float) -> Array:
    order = REMAINDER * predicted.problem.M / dim
    found: Array = (order + UNCERTAIN_SHIFT) * np.abs(predicted.shift) / dim + RTOL
    return found


def remainders(predicted: CommitteeFluctuations, dim: float) -> dict[str, Array]:
    """What the prediction of a mean leaves out, by coordinate, each of shape (times,)."""
    return dict(zip(predicted.names, _remainder(predicted, dim).T, strict=True))


def uncertain(predicted: CommitteeFluctuations) -> float:
    """Relative error of a predicted variance by its own making."""
    if route(predicted.problem) != SAMPLING:
        return UNCERTAIN[0]
    return UNCERTAIN[1 + bool(predicted.problem.activation_.kinks)]


def flow_covariance(flow: CommitteeFlow) -> Array:
    """Covariance of a sampled flow's mean over scramblings, shape (times, n, times, n)."""
    space = flow.problem.committee.state_space
    each = space.pack_rows(flow.sampled)
    off = (each - each.mean(axis=0)).reshape(len(each), -1)
    # That of Student's t of as many degrees of freedom, where it has one.
    dof = len(each) - 1
    tails = dof / (dof - 2.0) if dof > 2 else 3.0
    times, n = each.shape[1:]
    return (tails * off.T @ off / (dof * len(each))).reshape(times, n, times, n)


def committee_chi_square(
    runs: CommitteeRuns, flow: CommitteeFlow, predicted: CommitteeFluctuations, until: int
) -> ChiSquare | None:
    """Test runs against a predicted mean and covariance, at the first ``until`` times.

    Returns
    -------
    ChiSquare or None
        None where no time has a scatter that the theory resolves.
    """
    good = np.flatnonzero(resolved_committee(predicted, runs.dim)[:until])
    if not good.size:
        return None
    kept = good[np.linspace(0, good.size - 1, min(MOST_TIMES, good.size)).round().astype(int)]
    space = runs.problem.committee.state_space
    names = {block.name: runs.values[block.name][:, kept] for block in space.blocks}
    expected = space.pack_rows({name: flow.values[name][kept] for name in names})
    shift = predicted.shift[kept] / runs.dim
    deviations = (space.pack_rows(names) - expected - shift).reshape(runs.runs, -1)
    single = predicted.trajectory_covariance[kept][:, :, kept] / runs.dim
    single = single.reshape(deviations.shape[1], -1)
    left_out = directions_of(_remainder(predicted, runs.dim)[kept])
    beside = left_out @ left_out.T
    if flow.sampled:
        beside = beside + flow_covariance(flow)[kept][:, :, kept].reshape(single.shape)
    allowed = VARIANCE_REMAINDER * runs.problem.M / runs.dim + uncertain(predicted)
    return chi_square_of(deviations, single, beside, allowed, kept.size)
