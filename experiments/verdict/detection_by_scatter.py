"""How probably the verdict by the runs' own scatter sees an error: under momentum.

There the flow has the runs' inertia, and the largest studentised deviation is the measure
(`experiments.verdict.sign_flip`). To leading order in 1/N and in 1 over the inertia a run
scatters as in the limit of fixed momentum, and an error of a drift moves its mean as there: both
are those of the limit's fluctuations, so that nothing is simulated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...odes.flow.integrate import solve
from ...odes.fluctuations.covariance import Fluctuations
from ...teacher_student.online.runs import QUANTITIES
from .sign_flip import allowance

Array = np.ndarray
#: Every so many of the stored times are compared, and samples behind a probability.
EVERY, SAMPLES = 4, 4000
#: Variances of one run (times N) below this are no scatter.
SILENT = 1e-11


@dataclass(frozen=True)
class LargestDeviation:
    """What an error does to the deviations that are compared.

    Attributes
    ----------
    deviation, allowed
        Of the runs' mean, in standard deviations of one run at N = 1; and what the verdict allows
        for, times N, shape (comparisons,).
    draws
        Samples of the deviations of a true theory, of variance 1, shape (samples, comparisons).
    """

    deviation: Array
    allowed: Array
    draws: Array

    def power(self, runs: float, dim: float, alpha: float) -> float:
        """How often so many runs at N = dim are rejected.

        The law of the largest deviation is that of normal numbers, and its critical value that of
        Student's law with the same tail: what sign flips of few runs find.
        """
        from scipy.stats import norm, t

        critical = np.quantile(np.abs(self.draws).max(axis=1), 1.0 - alpha)
        critical = t.isf(norm.sf(critical), max(runs, 2.0) - 1.0)
        size = math.sqrt(runs * dim)
        found = np.abs(size * self.deviation + self.draws) - size * self.allowed / dim
        return float((found.max(axis=1) > critical).mean())


def largest_deviation(predicted: Fluctuations, response: Array, seed: int = 0) -> LargestDeviation:
    """The signal of a response of the order parameters, shape (times, n).

    Parameters
    ----------
    predicted
        Of the limit.
    response
        The deviation of their means.
    seed
        Of the samples.
    """
    which = [predicted.quantities.index(name) for name in QUANTITIES]
    slopes = predicted.slopes[::EVERY][:, which]
    count, n = len(slopes), response.shape[1]
    rows = np.zeros((count, len(which), count, n))
    rows[np.arange(count), :, np.arange(count)] = slopes
    by_state = rows.reshape(-1, count * n)
    whole = predicted.trajectory_covariance[::EVERY, :, ::EVERY].reshape(count * n, count * n)
    covariance = by_state @ whole @ by_state.T
    flow = solve(predicted.problem, times=predicted.t)
    allowed = np.stack(
        [allowance(predicted.problem.M, flow, name)[::EVERY] for name in QUANTITIES], axis=1
    ).ravel()
    kept = np.diag(covariance) > SILENT
    spread = np.sqrt(np.diag(covariance)[kept])
    shares, modes = np.linalg.eigh(covariance[kept][:, kept] / np.outer(spread, spread))
    normal = np.random.default_rng(seed).standard_normal((SAMPLES, spread.size))
    draws = normal * np.sqrt(np.maximum(shares, 0.0)) @ modes.T
    moved = (by_state @ response[::EVERY].ravel())[kept] / spread
    return LargestDeviation(moved, allowed[kept] / spread, draws)
