"""Template: scatter and mean of a step's elements, over sampled batches, at one point of a table.

The label noise enters the residual signal as ``delta = delta_0 + sqrt(S) delta_1``, and an
element is of degree two in it: ``E_0 + sqrt(S) E_1 + S E_2``. Covariances are then
``C_0 + S C_1 + S^2 C_2``, with terms of odd order in the noise zero by symmetry, and one table
serves every noise.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .system import AVERAGED, SCATTERING, activation, elements

#: Powers of uhat, and sums of a batch: of delta_0, delta_1, both times z, and three squares.
POWERS, SIGNALS = 4, 7
COUNT = SCATTERING + AVERAGED
PAIRS = SCATTERING * (SCATTERING + 1) // 2
#: Numbers summed: the weight, means of E_0 E_1 E_2, products for C_0 C_1 C_2.
SUMS = 1 + 3 * COUNT + 3 * PAIRS


@kernel
def fill_sums(
    uhat: np.ndarray,
    z: np.ndarray,
    xi: np.ndarray,
    x0: float,
    x1: float,
    q: float,
    shift: float,
    rho: float,
    across: float,
    ubar: float,
    s: float,
    sums: np.ndarray,
) -> tuple[float, float]:
    """Batch means of ``uhat^i`` times the seven signals; returns the means of z and uhat z."""
    M = uhat.size
    sums[:] = 0.0
    zbar = zuhat = 0.0
    for k in range(M):
        g, slope = activation(shift + q * (x0 + x1 * uhat[k]))
        target = activation(rho * (ubar + s * uhat[k]) + across * z[k])[0]
        clean, noisy = slope * (target - g), slope * xi[k]
        power = 1.0 / M
        zbar += z[k] * power
        zuhat += z[k] * uhat[k] * power
        for i in range(POWERS):
            sums[0, i] += power * clean
            sums[1, i] += power * noisy
            sums[2, i] += power * clean * z[k]
            sums[3, i] += power * noisy * z[k]
            sums[4, i] += power * clean * clean
            sums[5, i] += power * clean * noisy
            sums[6, i] += power * noisy * noisy
            power *= uhat[k]
    return zbar, zuhat


@kernel
def fill_elements(
    sums: np.ndarray,
    zbar: float,
    zuhat: float,
    ubar: float,
    s: float,
    M: float,
    trial: np.ndarray,
    by_noise: np.ndarray,
) -> None:
    """The elements' coefficients ``E_0, E_1, E_2`` in the noise, from three noises."""
    d, z, e = np.empty(POWERS), np.empty(POWERS), np.empty(POWERS)
    for n in range(3):
        root = 0.0 if n == 0 else 3.0 - 2.0 * n  # sqrt(S) = 0, 1, -1
        for i in range(POWERS):
            d[i] = sums[0, i] + root * sums[1, i]
            z[i] = sums[2, i] + root * sums[3, i]
            e[i] = sums[4, i] + 2.0 * root * sums[5, i] + root * root * sums[6, i]
        elements(d, z, e, zbar, zuhat, ubar, s, M, trial[n])
    for i in range(COUNT):
        by_noise[0, i] = trial[0, i]
        by_noise[1, i] = 0.5 * (trial[1, i] - trial[2, i])
        by_noise[2, i] = 0.5 * (trial[1, i] + trial[2, i]) - trial[0, i]


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
    total: np.ndarray,
) -> None:
    """Add the weighted sums over batches to ``total``, shape (SUMS,).

    Parameters
    ----------
    batches
        ``uhat, z, xi`` of shape (n, M); ``ubar, s, x0, x1, weight`` of shape (n,), the random
        part of the field being ``x0 + x1 uhat``.
    q, shift, rho
        The point: the field is ``shift + q X``, its correlation with the teacher's rho.
    """
    uhat, z, xi, ubar, s, x0, x1, weight = batches
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    sums, trial, E = np.empty((SIGNALS, POWERS)), np.empty((3, COUNT)), np.empty((3, COUNT))
    for b in range(weight.size):
        zbar, zuhat = fill_sums(
            uhat[b], z[b], xi[b], x0[b], x1[b], q, shift, rho, across, ubar[b], s[b], sums
        )
        fill_elements(sums, zbar, zuhat, ubar[b], s[b], float(uhat.shape[1]), trial, E)
        w = weight[b]
        total[0] += w
        at = 1
        for n in range(3):
            for i in range(COUNT):
                total[at] += w * E[n, i]
                at += 1
        for i in range(SCATTERING):
            for j in range(i, SCATTERING):
                total[at] += w * E[0, i] * E[0, j]
                total[at + PAIRS] += w * (E[1, i] * E[1, j] + E[0, i] * E[2, j] + E[2, i] * E[0, j])
                total[at + 2 * PAIRS] += w * E[2, i] * E[2, j]
                at += 1


@kernel
def moments(total: np.ndarray, out: np.ndarray) -> None:
    """From sums to moments: C_0, C_1, C_2 of every pair, then mean E_0 and E_2 of the averaged."""
    mean = total[1 : 1 + 3 * COUNT].reshape(3, COUNT) / total[0]
    at = 0
    for i in range(SCATTERING):
        for j in range(i, SCATTERING):
            for n in range(3):
                out[3 * at + n] = total[1 + 3 * COUNT + n * PAIRS + at] / total[0]
            out[3 * at] -= mean[0, i] * mean[0, j]
            out[3 * at + 1] -= mean[0, i] * mean[2, j] + mean[2, i] * mean[0, j]
            out[3 * at + 2] -= mean[2, i] * mean[2, j]
            at += 1
    for i in range(AVERAGED):
        out[3 * PAIRS + 2 * i] = mean[0, SCATTERING + i]
        out[3 * PAIRS + 2 * i + 1] = mean[2, SCATTERING + i]
