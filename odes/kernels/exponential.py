"""Template: exponential Adams steps, for a system part of which relaxes at rates of its own.

In a flow with inertia the velocities relax at kappa and 2 kappa. Those are integrated exactly;
what drives them is interpolated by a polynomial through the last steps, like the slopes of what
does not relax (rate 0: Adams' method). Multistep methods of this kind keep their order however
large the rates are (Hochbruck and Ostermann, Acta Numerica 19, 2010), so that a step is
as long as the slow part of the flow permits.
"""

import math

import numpy as np
from bntheory.codegen.jit import kernel

#: Most points behind a step, which is the order of its predictor; and rates: 0, kappa, 2 kappa.
HIGHEST_ORDER, RATES = 6, 3
#: Terms of a series within |z| < 1: the last is below rounding.
TERMS = 19


@kernel
def phi_functions(z: float, phi: np.ndarray) -> None:
    """Fill ``phi_k(z) = (phi_{k-1}(z) - 1/(k-1)!) / z``, ``phi_0 = exp``, for z <= 0."""
    last = phi.size - 1
    if z < -1.0:
        phi[0] = math.exp(z)
        factorial = 1.0
        for k in range(1, last + 1):
            phi[k] = (phi[k - 1] - 1.0 / factorial) / z
            factorial *= k
        return
    factorial = 1.0
    for k in range(2, last + 1):
        factorial *= k
    term = total = 1.0 / factorial
    for j in range(1, TERMS):
        term *= z / (last + j)
        total += term
    phi[last] = total
    for k in range(last - 1, -1, -1):
        factorial /= k + 1
        phi[k] = z * phi[k + 1] + 1.0 / factorial


@kernel
def step_weights(
    h: float,
    rate: float,
    nodes: np.ndarray,
    count: int,
    weights: np.ndarray,
    phi: np.ndarray,
    basis: np.ndarray,
) -> float:
    """Weights of Newton's polynomials over a step; returns how much of a start is left.

    Parameters
    ----------
    h, rate
        Of the step and of the relaxation.
    nodes
        Times of the points, in units of h from the step's start: 0, then negative ones.
    count
        How many points.
    weights
        Output: ``int_0^h exp(-rate (h - s)) prod_{i<j} (s/h - nodes_i) ds``, j = 0 to count.
    phi, basis
        Scratch, of at least count + 2 entries.
    """
    phi_functions(-rate * h, phi)
    for k in range(count + 2):
        basis[k] = 0.0
    basis[0] = 1.0
    for j in range(count + 1):
        total, factorial = 0.0, 1.0
        for k in range(j + 1):  # of s^k: k! phi_{k+1}
            total += basis[k] * factorial * phi[k + 1]
            factorial *= k + 1
        weights[j] = h * total
        if j < count:
            for k in range(j + 1, 0, -1):
                basis[k] = basis[k - 1] - nodes[j] * basis[k]
            basis[0] *= -nodes[j]
    return phi[0]


@kernel
def differences(nodes: np.ndarray, count: int, values: np.ndarray, table: np.ndarray) -> None:
    """Newton's divided differences of the columns of ``values``, into ``table``."""
    size = values.shape[1]
    for j in range(count):
        for i in range(size):
            table[j, i] = values[j, i]
    for level in range(1, count):
        for j in range(count - 1, level - 1, -1):
            inverse = 1.0 / (nodes[j] - nodes[j - level])
            for i in range(size):
                table[j, i] = (table[j, i] - table[j - 1, i]) * inverse
