"""Template: moments of a signal within a batch, over drawn batches, at one point of a table.

Given spread and direction of an example, its teacher's field has the mean ``rho s uhat`` and the
variance ``tau^2 = 1 - rho^2 + rho^2/m``: with xi its normal part, ``z / sqrt(1 - rho^2)`` is
``xi / tau`` in the mean over the batch's ``ubar``. Where the student's field holds ubar as well
it is drawn in pairs of opposite sign across xi, which leaves the same without the root.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

from .supervision import CLASSES, SHARPNESS, activation, signal

#: Labels that are less probable add nothing.
NEVER = 1e-30
#: The least ``sqrt(1 - rho^2)`` that is divided by.
ALIGNED = 1e-9


@kernel
def power(x: float, k: int) -> float:
    """x to a small whole power, also negative."""
    value = 1.0
    for _ in range(abs(k)):
        value *= x
    return value if k >= 0 else 1.0 / value


@kernel
def laurent(terms: np.ndarray, ubar: float, s: float) -> float:
    """Rows ``coefficient, power of ubar, power of s``, summed."""
    total = 0.0
    for i in range(terms.shape[0]):
        total += terms[i, 0] * power(ubar, int(terms[i, 1])) * power(s, int(terms[i, 2]))
    return total


@kernel
def chance_of(positive: bool, v: float, across: float) -> float:
    """The probability of a label: of a field ``N(v, across^2)``, or with K > 0 of v itself."""
    own = v if positive else -v
    if SHARPNESS == 0.0:
        return 0.5 * math.erfc(-own / max(across, 1e-300) * 0.7071067811865476)
    return 1.0 / (1.0 + math.exp(-min(700.0, max(-700.0, SHARPNESS * own))))


@kernel
def add_single(
    y: float,
    chance: float,
    across: float,
    field: float,
    batch: tuple[float, float, float],
    weight: float,
    singles: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add one label of one example: ``chance`` its weight, ``across`` that times its z."""
    o, slope = activation(field)
    delta = signal(y, o, slope, 1.0)
    for i in range(singles.shape[0]):
        factor = across if singles[i, 4] == 1 else chance
        factor *= power(delta, singles[i, 0]) * power(batch[0], singles[i, 1])
        out[i] += weight * factor * power(batch[1], singles[i, 2]) * power(batch[2], singles[i, 3])


@kernel
def add_singles(
    draw: tuple[float, float, float, float, float],
    x0: np.ndarray,
    x1: np.ndarray,
    with_mean: bool,
    point: tuple[float, float, float, float],
    m: int,
    weight: float,
    singles: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add one draw to the moments of one example.

    Parameters
    ----------
    draw
        ``s, uhat, xi``, the batch's mean across xi, and the noise.
    x0, x1
        Laurent polynomials of the field ``shift + q (x0 + x1 uhat)``.
    with_mean
        Whether field or moments hold ubar.
    point
        ``q, shift, rho`` and the root of the noise variance.
    m, weight
        Examples that share statistics; the draw's weight.
    singles, out
        Rows of exponents ``delta, uhat, ubar, s, z``; their sums.
    """
    s, uhat, xi, beside, noise = draw
    q, shift, rho, spread = point
    across = math.sqrt(max(0.0, 1.0 - rho * rho))
    share = rho / math.sqrt(m)
    tau = math.sqrt(across * across + share * share)
    middle = rho * s * uhat
    v = middle + tau * xi
    for side in range(2 if with_mean else 1):
        ubar, z, part = 0.0, xi / tau, weight
        if with_mean:
            other = beside if side == 0 else -beside
            ubar = (share * xi + across * other) / tau / math.sqrt(m)
            z -= share / tau * other / max(across, ALIGNED)
            part *= 0.5
        f = shift + q * (laurent(x0, ubar, s) + laurent(x1, ubar, s) * uhat)
        batch = (uhat, ubar, s)
        if not CLASSES:
            y = activation(v)[0] + spread * noise
            add_single(y, 1.0, z, f, batch, part, singles, out)
        elif SHARPNESS == 0.0 and with_mean:
            add_single(1.0 if v > 0.0 else -1.0, 1.0, z, f, batch, part, singles, out)
        else:
            for k in range(2):
                y = 2.0 * k - 1.0
                if SHARPNESS == 0.0:
                    ratio = middle / tau
                    density = math.exp(-0.5 * ratio * ratio) * 0.3989422804014327
                    add_single(y, chance_of(k == 1, middle, tau), y * density / tau, f, batch,
                               part, singles, out)  # fmt: skip
                else:
                    chance = chance_of(k == 1, v, 0.0)
                    add_single(y, chance, chance * z, f, batch, part, singles, out)


@kernel
def signal_powers(
    f: float, v: float, across: float, normal: float, noise: float, powers: np.ndarray
) -> None:
    """The mean over labels of powers 0 to 2 of the signal, given an example's fields.

    ``v`` and ``across`` are mean and spread of the teacher's field; of signs they are averaged.
    """
    o, slope = activation(f)
    if not CLASSES:
        delta = signal(activation(v + across * normal)[0] + noise, o, slope, 1.0)
        powers[0], powers[1], powers[2] = 1.0, delta, delta * delta
        return
    powers[0], powers[1], powers[2] = 1.0, 0.0, 0.0
    at = v if SHARPNESS == 0.0 else v + across * normal
    up = chance_of(True, at, across)
    for k in range(2):
        chance = up if k == 1 else 1.0 - up
        if chance > NEVER:
            delta = signal(2.0 * k - 1.0, o, slope, 1.0)
            powers[1] += chance * delta
            powers[2] += chance * delta * delta


@kernel
def add_pairs(
    draw: tuple[float, float, float, float, float, float, float, float],
    x0: np.ndarray,
    x1: np.ndarray,
    point: tuple[float, float, float, float],
    m: int,
    weight: float,
    pairs: np.ndarray,
    one: np.ndarray,
    two: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add one draw to the moments of two examples; ``one`` and ``two`` are scratch.

    ``draw`` holds ``s, uhat_1, uhat_2``, the batch's mean, two teachers' normal parts and two
    noises; ``pairs`` rows of exponents ``delta, uhat, delta, uhat, ubar, s``; the others are as in
    `add_singles`.
    """
    s, first, second, mean, z1, z2, noise1, noise2 = draw
    q, shift, rho, spread = point
    across, ubar = math.sqrt(max(0.0, 1.0 - rho * rho)), mean / math.sqrt(m)
    centre, steep = shift + q * laurent(x0, ubar, s), q * laurent(x1, ubar, s)
    u1, u2 = ubar + s * first, ubar + s * second
    signal_powers(centre + steep * first, rho * u1, across, z1, spread * noise1, one)
    signal_powers(centre + steep * second, rho * u2, across, z2, spread * noise2, two)
    for i in range(pairs.shape[0]):
        a, b, c, d = pairs[i, 0], pairs[i, 1], pairs[i, 2], pairs[i, 3]
        both = one[a] * power(first, b) * two[c] * power(second, d)
        both += two[a] * power(second, b) * one[c] * power(first, d)
        out[i] += 0.5 * weight * both * power(ubar, pairs[i, 4]) * power(s, pairs[i, 5])


@kernel
def batch_signals(
    draws: tuple[
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
        np.ndarray,
    ],
    x0: np.ndarray,
    x1: np.ndarray,
    with_mean: bool,
    point: tuple[float, float, float, float],
    m: int,
    singles: np.ndarray,
    pairs: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill the moments, by sequence: shape (sequences, singles + pairs).

    ``draws`` are those of `signal_draws.Draws`; the other arguments are as in `add_singles` and
    `add_pairs`.
    """
    s, uhat, uhat2, weights, mean, z1, z2, noise1, noise2 = draws
    count, size = singles.shape[0], s.shape[1]
    one, two = np.empty(3), np.empty(3)
    for g in range(s.shape[0]):
        row = out[g]
        row[:] = 0.0
        for i in range(size):
            weight = weights[g, i] / size
            own = (s[g, i], uhat[g, i], z1[g, i], mean[g, i], noise1[g, i])
            add_singles(own, x0, x1, with_mean, point, m, weight, singles, row[:count])
            if pairs.shape[0] > 0:
                both = (
                    s[g, i],
                    uhat[g, i],
                    uhat2[g, i],
                    mean[g, i],
                    z1[g, i],
                    z2[g, i],
                    noise1[g, i],
                    noise2[g, i],
                )
                add_pairs(both, x0, x1, point, m, weight, pairs, one, two, row[count:])
