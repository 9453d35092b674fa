"""Looking up a table in pieces at many points at once, of flows in lanes.

Neighbours are mostly on the same piece: a group of them is then summed in one loop over the
group, which reads every coefficient once. Where they are not, one is looked up after the other.
"""

from __future__ import annotations

import math

import numpy as np

from ...codegen.jit import inlined_kernel, lane_kernel
from . import chebyshev
from .chebyshev import HEADER
from .look_up import (
    _ALONE,
    _BLOCK,
    _HALF,
    _SMALL_FIRST,
    _SMALL_SECOND,
    _U,
    BLOCK,
    SCRATCH,
    _1,
    sum_one,
    sum_two,
)

#: Neighbours that are looked up together: two registers' worth.
GROUP = 16
_GROUP = _U(GROUP)
_look_up_packed = chebyshev.look_up


@inlined_kernel
def place_lanes(
    y: np.ndarray, low: float, high: float, pieces: float, piece: np.ndarray, u: np.ndarray
) -> None:
    """`look_up.placed` of many points; ``piece`` as floats."""
    for k in range(y.size):
        x = (y[k] - low) / (high - low)
        found = min(max(math.floor(x * pieces), 0.0), pieces - 1.0)
        piece[k] = found if abs(x - 0.5) <= 0.5 + 1e-9 else -1.0
        u[k] = 2.0 * (x * pieces - found) - 1.0


@inlined_kernel
def group_of_one(p: np.ndarray, at: int, first: int, u: np.ndarray, found: np.ndarray) -> None:
    """The moments of a group on one piece of one axis."""
    for m in range(_U(found.shape[0])):
        last = at + (m // _BLOCK * _ALONE + _ALONE - _1) * _BLOCK + m % _BLOCK
        for k in range(first, first + _GROUP):
            x, value = u[k], p[last]
            for j in range(_1, _ALONE):
                value = value * x + p[last - j * _BLOCK]
            found[m, k] = value


@inlined_kernel
def group_of_two(
    p: np.ndarray, at: int, first: int, u: np.ndarray, w: np.ndarray, found: np.ndarray
) -> None:
    """The moments of a group on one piece of two axes, that are at most half a block."""
    row = _SMALL_FIRST * _HALF
    for m in range(_U(found.shape[0])):
        last = at + _SMALL_SECOND * row - _HALF + m
        for k in range(first, first + _GROUP):
            x, y, value = u[k], w[k], 0.0
            for i in range(_SMALL_FIRST):
                inner = p[last - i * _HALF]
                for j in range(_1, _SMALL_SECOND):
                    inner = inner * y + p[last - i * _HALF - j * row]
                value = value * x + inner
            found[m, k] = value


@lane_kernel
def in_one_axis(p: np.ndarray, at: np.ndarray, found: np.ndarray) -> None:
    """`look_up_lanes` of a table in pieces of one axis."""
    moments, points = found.shape
    values = np.empty(-(-moments // BLOCK) * BLOCK)
    piece, u = np.empty(points), np.empty(points)
    place_lanes(at[0], p[3], p[6], -p[0], piece, u)
    for first in range(0, points, GROUP):
        alike = 0
        if first + GROUP <= points:
            for k in range(_GROUP):
                alike += piece[_U(first) + k] == piece[_U(first)]
        if alike == GROUP and piece[first] >= 0.0:
            begin = _U(HEADER) + _U(piece[first]) * _U(p[9]) * _ALONE
            group_of_one(p, begin, _U(first), u, found)
            continue
        for k in range(first, min(first + GROUP, points)):
            inside = piece[k] >= 0.0
            if inside:
                sum_one(p, int(piece[k]), 0, u[k], values)
            for m in range(moments):
                found[m, k] = values[m] if inside else math.inf


@lane_kernel
def in_two_axes(p: np.ndarray, at: np.ndarray, found: np.ndarray) -> None:
    """`look_up_lanes` of a table in pieces of two axes."""
    moments, points = found.shape
    values, sums = np.empty(-(-moments // BLOCK) * BLOCK), np.empty(SCRATCH)
    piece, second = np.empty(points), np.empty(points)
    u, w = np.empty(points), np.empty(points)
    place_lanes(at[0], p[3], p[6], -p[0], piece, u)
    place_lanes(at[1], p[4], p[7], -p[1], second, w)
    for k in range(points):
        both = piece[k] * -p[1] + second[k]
        piece[k] = both if min(piece[k], second[k]) >= 0.0 else -1.0
    for first in range(0, points, GROUP):
        alike = 0
        if first + GROUP <= points and p[9] == _HALF:
            for k in range(_GROUP):
                alike += piece[_U(first) + k] == piece[_U(first)]
        if alike == GROUP and piece[first] >= 0.0:
            begin = _U(HEADER) + _U(piece[first]) * _U(p[9]) * _U(p[2])
            group_of_two(p, begin, _U(first), u, w, found)
            continue
        for k in range(first, min(first + GROUP, points)):
            inside = piece[k] >= 0.0
            if inside:
                sum_two(p, int(piece[k]), 0, u[k], w[k], sums, values)
            for m in range(moments):
                found[m, k] = values[m] if inside else math.inf


@lane_kernel
def look_up_lanes(p: np.ndarray, at: np.ndarray, found: np.ndarray) -> None:
    """`look_up` of many points in the table ``p``.

    Parameters
    ----------
    p
        The table.
    at
        The points, shape (3, points).
    found
        Output, shape (moments, points).
    """
    if p[0] < 0.0 and p[1] == 0.0:
        in_one_axis(p, at, found)
    elif p[0] < 0.0:
        in_two_axes(p, at, found)
    else:
        moments, points = found.shape
        values = np.empty(moments)
        for k in range(points):
            _look_up_packed(p, 0, at[0, k], at[1, k], at[2, k], values)
            for m in range(moments):
                found[m, k] = values[m]
