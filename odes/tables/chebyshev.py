"""Chebyshev interpolation on one, two or three axes, also inside compiled flows.

A table travels in a flow's parameters as a flat array: the three axes' sizes and ranges, the
number of moments, then the coefficients, moment by moment.
"""

from __future__ import annotations

import math

import numpy as np

from ...codegen.jit import kernel, sum_kernel

Array = np.ndarray
#: Numbers before the coefficients: three sizes, three lower and three upper ends, how many.
HEADER = 10


def nodes(size: int, low: float, high: float) -> Array:
    """Chebyshev nodes of the first kind on [low, high]; the middle, for one node."""
    angle = (np.arange(size) + 0.5) * math.pi / size
    return (low + high) / 2 + (high - low) / 2 * np.cos(angle)


def coefficients(values: Array) -> Array:
    """Coefficients of the interpolant, from values at the nodes of the first three axes."""
    from scipy.fft import dct

    for axis in range(3):
        size = values.shape[axis]
        values = dct(values, type=2, axis=axis) / size
        first = [slice(None)] * values.ndim
        first[axis] = slice(0, 1)
        values[tuple(first)] /= 2
    return values


def pack(values: Array, ranges: Array) -> Array:
    """A flat table from values of shape (size, size, size, moments) and ranges (3, 2)."""
    header = [*values.shape[:3], *ranges[:, 0], *ranges[:, 1], values.shape[3]]
    by_moment = np.moveaxis(coefficients(values), 3, 0)
    return np.concatenate([np.array(header, dtype=float), by_moment.ravel()])


@kernel
def fill_basis(y: float, low: float, high: float, basis: np.ndarray) -> bool:
    """Chebyshev polynomials at y; False outside the range."""
    x = (2.0 * y - low - high) / (high - low)
    basis[0] = 1.0
    if basis.size > 1:
        basis[1] = x
    for n in range(2, basis.size):
        basis[n] = 2.0 * x * basis[n - 1] - basis[n - 2]
    return basis.size == 1 or abs(x) <= 1.0 + 1e-9


@sum_kernel
def dot_at(x: np.ndarray, p: np.ndarray, at: int) -> float:
    """``x . p[at:]``."""
    row = p[at : at + x.size]
    total = 0.0
    for i in range(x.size):
        total += x[i] * row[i]
    return total


@kernel
def scale_axis(p: np.ndarray, start: int, q: float) -> float:
    """A scale on the axis of the table at ``p[start:]``: its logarithm, unless it begins at 0."""
    return q if p[start + 4] == 0.0 else math.log(max(q, 1e-300))


@kernel
def look_up(p: np.ndarray, start: int, y0: float, y1: float, y2: float, values: np.ndarray) -> None:
    """Fill ``values`` by the table at ``p[start:]``; with infinity outside its range.

    Parameters
    ----------
    p, start
        The flow's parameters, and where the table begins in them.
    y0, y1, y2
        The point.
    values
        Output, shape (moments,), or a little longer.
    """
    n0, n1, n2 = int(p[start]), int(p[start + 1]), int(p[start + 2])
    b0, b1, b2 = np.empty(n0), np.empty(n1), np.empty(n2)
    inside = fill_basis(y0, p[start + 3], p[start + 6], b0)
    inside = fill_basis(y1, p[start + 4], p[start + 7], b1) and inside
    inside = fill_basis(y2, p[start + 5], p[start + 8], b2) and inside
    values[:] = 0.0 if inside else math.inf
    if not inside:
        return
    inner = np.empty(n1 * n2)
    for j in range(n1):
        for k in range(n2):
            inner[j * n2 + k] = b1[j] * b2[k]
    weights = np.empty(n0 * inner.size)
    for i in range(n0):
        row = i * inner.size
        for j in range(inner.size):
            weights[row + j] = b0[i] * inner[j]
    at = start + HEADER
    for m in range(min(values.size, int(p[start + 9]))):
        values[m] = dot_at(weights, p, at)
        at += weights.size
