"""The verdict without a predicted covariance: a maximum over sign flips.

It serves where the scatter of a run has no prediction: batches so small that it is infinite, and
inputs that are not Gaussian. Standard errors are the runs' own; what is left of order 1/N is
allowed for by a declared bound. One p-value covers all the correlated comparisons: the largest
studentised deviation is referred to its distribution under random sign flips of the runs' own
deviations, which has their correlations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...odes.flow.trajectory import Flow
from ...teacher_student.online.runs import Runs

Array = np.ndarray
#: Sign flips behind a p-value; the smallest p-value is one over this plus one.
FLIPS = 4000
#: The declared allowance for the bias of a finite N, as a multiple of (distance travelled) / N.
#: Measured over schemes, activations and noises it stays below 1.5.
BIAS_FACTOR = 2.0


def bias_bound(runs: Runs, flow: Flow, name: str) -> Array:
    """What a mean of runs may deviate at finite N: a multiple of the distance travelled / N."""
    return allowance(runs.problem.M, flow, name) / runs.dim


def allowance(M: int, flow: Flow, name: str) -> Array:
    """N times `bias_bound`, for batches of M.

    The M examples of a batch are not quite orthogonal, which adds a term of order M/N to the
    growth of L alone.
    """
    travelled = np.maximum.accumulate(np.abs(flow.values[name] - flow.values[name][0]))
    bound: Array = BIAS_FACTOR * (M if name == "L" else 1) * travelled
    return bound


def p_value(
    runs: Runs, quantities: Sequence[str], largest: float, theory: Array | None = None
) -> float:
    """How often sign-flipped deviations of the runs reach ``largest`` somewhere.

    Parameters
    ----------
    runs, quantities
        What is tested, quantities of shape (runs, times).
    largest
        The largest studentised deviation that is seen.
    theory
        Of a theory that is itself a mean over independent samples, these samples, shape (samples,
        quantities x times): their deviations are flipped beside the runs'.
    """
    centred = np.concatenate(
        [runs.values[n] - runs.mean[n] for n in quantities], axis=1, dtype=float
    )
    spread = centred.std(axis=0)
    kept = spread > 1e-12
    centred, others = centred[:, kept] / spread[kept], None
    if theory is not None:
        others = (theory - theory.mean(axis=0))[:, kept] / spread[kept]
    n = len(centred)
    rng = np.random.default_rng(np.random.SeedSequence([runs.seed, n]))
    reached = 0
    for size in np.full(FLIPS // 500, 500):
        signs = rng.choice((-1.0, 1.0), size=(size, n))
        mean = signs @ centred / n
        square = (1.0 - mean**2) / (n - 1)
        if others is not None:
            flipped = rng.choice((-1.0, 1.0), size=(size, len(others))) @ others / len(others)
            mean = mean - flipped
            square = square + ((others**2).mean(axis=0) - flipped**2) / (len(others) - 1)
        sem = np.sqrt(square)
        reached += int((np.abs(mean / sem).max(axis=1, initial=0.0) >= largest).sum())
    return (1 + reached) / (1 + FLIPS)


def beyond(deviation: Array, allowed: Array, sem: Array) -> Array:
    """Signed deviation beyond what is allowed, in standard errors."""
    rest = np.sign(deviation) * np.maximum(np.abs(deviation) - allowed, 0.0)
    rest[np.abs(rest) < 1e-12 * (1.0 + np.abs(deviation))] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        z = rest / sem
    z[rest == 0.0] = 0.0
    return np.clip(z, -1e300, 1e300)
