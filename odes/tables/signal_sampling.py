"""Template: scatter and mean of a step's elements for any loss, over sampled batches, at one point.

As `batch_sampling`, but for a signal that is no polynomial in the label noise: labels are drawn
with the noise that the table is made for.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import AVERAGED, SCATTERING, activation, drawn_label, elements, signal

#: Powers of uhat.
POWERS = 4
COUNT = SCATTERING + AVERAGED
PAIRS = SCATTERING * (SCATTERING + 1) // 2
#: Numbers summed: the weight, means, products of what scatters.
SUMS = 1 + COUNT + PAIRS


@kernel
def sample(
    batches: tuple[
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
    ],
    q: float,
    shift: float,
    rho: float,
    noise: float,
    total: np.ndarray,
) -> None:
    """Add the weighted sums over batches to ``total``, shape (SUMS,).

    Parameters
    ----------
    batches
        ``uhat, z, x`` of shape (n, M), with x what labels are drawn by; ``ubar, s, x0, x1,
        weight`` of shape (n,), the random part of the field being ``x0 + x1 uhat``.
    q, shift, rho
        The point: the field is ``shift + q X``, its correlation with the teacher's rho.
    noise
        The standard deviation of the label noise.
    """
    uhat, z, x, ubar, s, x0, x1, weight = batches
    M, across = uhat.shape[1], math.sqrt(max(0.0, 1.0 - rho * rho))
    d, za, e, E = np.empty(POWERS), np.empty(POWERS), np.empty(POWERS), np.empty(COUNT)
    for b in range(weight.size):
        zbar = zuhat = 0.0
        for i in range(POWERS):
            d[i] = za[i] = e[i] = 0.0
        for k in range(M):
            v = rho * (ubar[b] + s[b] * uhat[b, k]) + across * z[b, k]
            g, slope = activation(shift + q * (x0[b] + x1[b] * uhat[b, k]))
            delta = signal(drawn_label(v, noise, x[b, k]), g, slope, 1.0)
            power = 1.0 / M
            zbar += z[b, k] * power
            zuhat += z[b, k] * uhat[b, k] * power
            for i in range(POWERS):
                d[i] += power * delta
                za[i] += power * delta * z[b, k]
                e[i] += power * delta * delta
                power *= uhat[b, k]
        elements(d, za, e, zbar, zuhat, ubar[b], s[b], float(M), E)
        w = weight[b]
        total[0] += w
        for i in range(COUNT):
            total[1 + i] += w * E[i]
        at = 1 + COUNT
        for i in range(SCATTERING):
            for j in range(i, SCATTERING):
                total[at] += w * E[i] * E[j]
                at += 1


@kernel
def moments(total: np.ndarray, out: np.ndarray) -> None:
    """From sums to moments: covariances of every pair, then means of the averaged elements."""
    at = 0
    for i in range(SCATTERING):
        for j in range(i, SCATTERING):
            product = total[1 + i] * total[1 + j] / total[0]
            out[at] = (total[1 + COUNT + at] - product) / total[0]
            at += 1
    for i in range(AVERAGED):
        out[PAIRS + i] = total[1 + SCATTERING + i] / total[0]
