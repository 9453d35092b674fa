"""What an error of one drift does to the mean of runs, and how many runs show it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...odes.flow.flow_kernels import flow_kernels, parameters
from ...odes.fluctuations.covariance import Fluctuations
from ...odes.tables.regions import widened
from .chi_square import modes_of, resolved_times
from .detection_by_scatter import LargestDeviation

Array = np.ndarray
#: N times runs that nobody makes: an error that they do not show is never seen.
MOST_SAMPLE = 1e18


class Signal(NamedTuple):
    """Noncentrality of the chi-square for N times runs = 1, and its degrees of freedom."""

    size: float
    dof: int

    def power(self, runs: float, dim: float, alpha: float) -> float:
        """How often the mean's chi-square of so many runs at N = dim rejects.

        The verdict takes the smaller of two p-values: each is held to about half the level.
        """
        from scipy.stats import chi2, ncx2

        critical = chi2.isf(-math.expm1(0.5 * math.log1p(-alpha)), self.dof)
        return float(ncx2.sf(critical, self.dof, self.size * runs * dim))


def response(predicted: Fluctuations, i: int) -> Array:
    """The mean's deviation if the i-th drift is larger by a factor of 1 + (a small number)."""
    kernels = flow_kernels(predicted.problem)
    p = parameters(predicted.problem, widened(kernels.SINGULAR, predicted.extent))
    drift, response = np.empty(predicted.mean.shape[1]), np.zeros(predicted.mean.shape)
    push = np.zeros(predicted.mean.shape)
    for k, x in enumerate(predicted.mean):
        kernels.rhs(predicted.t[k], x, p, drift)
        push[k, i] = drift[i]
    for k, propagator in enumerate(predicted.propagators):
        half = 0.5 * (predicted.t[k + 1] - predicted.t[k])
        response[k + 1] = propagator @ (response[k] + half * push[k]) + half * push[k + 1]
    return response


def signal_of(predicted: Fluctuations, deviation: Array) -> tuple[Signal, float]:
    """The signal of a deviation, and the size of the shift (N = 1) in units of the deviation's."""
    kept = resolved_times(predicted, math.inf)
    single = predicted.trajectory_covariance[kept][:, :, kept]
    share, modes = modes_of(single.reshape(deviation[kept].size, -1))
    along = deviation[kept].ravel() @ modes
    shifted = predicted.shift[kept].ravel() @ modes
    size, left = (float((x**2 / share).sum()) for x in (along, shifted))
    return Signal(size, share.size), math.sqrt(left / size) if size > 0 else math.inf


def required(signal: Signal | LargestDeviation, dim: float, alpha: float, power: float) -> float:
    """How many runs at N = dim detect the error so often; infinite where none do."""
    from scipy.optimize import brentq

    def lacking(runs: float) -> float:
        return signal.power(runs, dim, alpha) - power

    high = 1.0
    while lacking(high) < 0.0:
        high *= 2.0
        if high * dim > MOST_SAMPLE:
            return math.inf
    return float(brentq(lacking, 0.0, high))
