"""The chi-square test of whole trajectories against the predicted mean and covariance.

The runs' deviations from the predicted mean, over all times and order parameters, have the
covariance that theory page 6 predicts. Neighbouring times hold nearly the same numbers, so
that this matrix is singular but for rounding: it is brought to unit variances and cut off below a
share of its trace, and what is left are a few uncorrelated *modes* of known variance. Along them

* the mean over the runs gives a chi-square with one degree of freedom a mode;
* the runs' scatter about their own mean gives one with (runs - 1) a mode.

The two are independent for Gaussian runs, and one p-value covers both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ...odes.flow.records import RTOL
from ...odes.fluctuations.covariance import Fluctuations
from ...teacher_student.online.runs import Runs
from .step_tails import scatter_is_sampled

Array = np.ndarray
#: Stored times that enter at most, equally spaced among all.
MOST_TIMES = 60
#: Modes below this share of the trace are cut off; they would test the prediction's own error.
SMALLEST_SHARE = 1e-3
#: A run's spread in R may be this share of the way to |R| = 1: beyond, it is not Gaussian.
MOST_SPREAD = 0.5
#: What is left out of the prediction, in units of M/N: of the shift, of the variance.
REMAINDER, VARIANCE_REMAINDER = 1.0, 0.4
#: N times a run's variance drowns in rounding where it has fallen below this, and this share of
#: its maximum: a student that learns without noise stops scattering.
ROUNDING, FALLEN = 1e-11, 1e-6


@dataclass(frozen=True)
class ChiSquare:
    """Both tests.

    Attributes
    ----------
    mean, mean_dof, mean_p
        Chi-square of the mean, its degrees of freedom, its p-value.
    scatter, scatter_dof, scatter_p
        Chi-square of the runs' scatter, its degrees of freedom, its two-sided p-value beyond
        the allowance.
    times
        How many stored times entered.
    sampled
        Whether the runs hold enough steps for their scatter to be judged; its p-value is 1 if not.
    """

    mean: float
    mean_dof: int
    mean_p: float
    scatter: float
    scatter_dof: int
    scatter_p: float
    times: int
    sampled: bool = True

    @property
    def p_value(self) -> float:
        """One p-value for both, which are independent: that of the smaller one among two."""
        return -math.expm1(2 * math.log1p(-min(self.mean_p, self.scatter_p, 1 - 1e-16)))


def chi_square(runs: Runs, expected: Array, predicted: Fluctuations) -> ChiSquare | None:
    """Test runs against a predicted mean and covariance.

    Parameters
    ----------
    runs
        The runs, at the times of the prediction.
    expected
        The flow's order parameters without the shift of order 1/N, shape (times, n).
    predicted
        Covariance and shift.

    Returns
    -------
    ChiSquare or None
        None where no time has a scatter that the theory resolves.
    """
    kept = resolved_times(predicted, runs.dim)
    if not kept.size:
        return None
    names = runs.problem.order_parameters
    values = np.stack([runs.values[name] for name in names], axis=-1)[:, kept]
    shift = predicted.shift[kept] / runs.dim
    deviations = (values - expected[kept] - shift).reshape(runs.runs, -1)
    single = predicted.trajectory_covariance[kept][:, :, kept] / runs.dim
    single = single.reshape(deviations.shape[1], -1)
    left_out = directions_of(np.stack(
        [remainder(runs, shift[:, i]) for i in range(shift.shape[1])], axis=1
    ))  # fmt: skip
    allowed = VARIANCE_REMAINDER * runs.problem.M / runs.dim
    found = chi_square_of(deviations, single, left_out @ left_out.T, allowed, kept.size)
    if scatter_is_sampled(runs, predicted):
        return found
    return replace(found, scatter_p=1.0, sampled=False)


def chi_square_of(
    deviations: Array, single: Array, beside: Array, allowed: float, times: int
) -> ChiSquare:
    """Both tests of runs with a known covariance.

    Parameters
    ----------
    deviations
        Of the runs from their predicted mean, shape (runs, numbers).
    single
        Predicted covariance of one run, shape (numbers, numbers).
    beside
        Covariance of what the predicted mean is off by.
    allowed
        Relative error of a predicted variance.
    times
        How many stored times enter.
    """
    # scipy.stats takes half as long to import as the whole verdict takes.
    from scipy.special import chdtr, chdtrc

    count = len(deviations)
    share, modes = modes_of(single / count + beside)
    mean, dof = float(((deviations.mean(axis=0) @ modes) ** 2 / share).sum()), share.size
    # Modes of the covariance that the scatter is measured by: one that is there for what the
    # mean leaves out alone would have next to no variance here.
    own, modes = modes_of(single)
    along = deviations @ modes
    scatter = float((((along - along.mean(axis=0)) ** 2).sum(axis=0) / own).sum())
    tails = _heavy_tails(along / np.sqrt(own))
    scatter_dof = own.size * (count - 1)
    above = chdtrc(scatter_dof / tails, scatter / tails / (1 + allowed))
    below = chdtr(scatter_dof / tails, scatter / tails * (1 + allowed))
    scatter_p = float(min(1.0, 2 * min(above, below)))
    mean_p = float(chdtrc(dof, mean))
    return ChiSquare(mean, dof, mean_p, scatter, scatter_dof, scatter_p, times)


def _heavy_tails(scores: Array) -> float:
    """Variance of a run's sum of squared scores, in units of a Gaussian's; at least 1.

    Runs are sums of many steps and nearly Gaussian, but their squares notice what is left of a
    step's heavy tails, and noise that is multiplicative. Dividing a chi-square and its degrees
    of freedom by this number gives it the variance that it has.
    """
    runs, modes = scores.shape
    centred = (scores - scores.mean(axis=0)) * math.sqrt(runs / (runs - 1))
    return max(1.0, float((centred**2).sum(axis=1).var(ddof=1)) / (2 * modes))


def remainder(runs: Runs, shift: Array) -> Array:
    """What the prediction of a mean leaves out.

    Of order M/N relative to its shift, and what the flow's tolerance leaves undetermined.
    """
    size: Array = REMAINDER * runs.problem.M / runs.dim * np.abs(shift) + RTOL
    return size


def directions_of(sizes: Array) -> Array:
    """Remainders, shape (times, n), as directions of unknown amplitude, one an order parameter."""
    times, n = sizes.shape
    directions = np.zeros((times, n, n))
    for i in range(n):
        directions[:, i, i] = sizes[:, i]
    return directions.reshape(times * n, n)


def resolved(predicted: Fluctuations, dim: float) -> Array:
    """Whether runs scatter at the stored times, and in a way that the theory covers."""
    R = predicted.problem.order_parameters.index("R")
    variances = np.einsum("tii->ti", predicted.covariance)
    room = MOST_SPREAD * (1 - np.abs(predicted.mean[:, R]))
    spread = np.sqrt(np.maximum(variances[:, R], 0) / dim)
    floor = np.minimum(ROUNDING, FALLEN * variances.max(axis=0))
    good: Array = (variances > floor).all(axis=1) & (spread < room)
    return good


def resolved_times(predicted: Fluctuations, dim: float) -> Array:
    """Indices of so many stored times, at most, at which runs are judged."""
    good = np.flatnonzero(resolved(predicted, dim))
    if not good.size:
        return good
    chosen = np.linspace(0, good.size - 1, min(MOST_TIMES, good.size)).round().astype(int)
    times: Array = good[chosen]
    return times


def modes_of(covariance: Array) -> tuple[Array, Array]:
    """Variances and directions of the modes that are kept, as columns."""
    spread = np.sqrt(np.diag(covariance))
    variance, directions = np.linalg.eigh(covariance / np.outer(spread, spread))
    large = variance > SMALLEST_SHARE * variance.sum()
    return variance[large], directions[:, large] / spread[:, None]
