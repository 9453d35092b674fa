"""Looking up a table in pieces (`pieces`) inside compiled flows."""

from __future__ import annotations

import math

import numpy as np

from ...codegen.jit import inlined_kernel, lane_kernel
from . import chebyshev
from .chebyshev import HEADER

#: Terms on a piece of the only axis; of the first and of the second axis, on small pieces and on
#: large ones. The loops over terms are unrolled: each of these is compiled.
ALONE, SMALL, LARGE = 8, (10, 10), (12, 14)
#: Moments are summed in blocks of two registers; a few moments of two axes fill one of them.
BLOCK, HALF = 16, 8
#: Scratch space that a look-up in two axes takes.
SCRATCH = BLOCK * LARGE[0] + HALF
# Unsigned: an index that might count from the end is no straight code.
_U = np.uint64
_BLOCK, _HALF, _ALONE, _1 = _U(BLOCK), _U(HALF), _U(ALONE), _U(1)
_SMALL_FIRST, _SMALL_SECOND, _LARGE_FIRST, _LARGE_SECOND = map(_U, (*SMALL, *LARGE))
_SMALL_TERMS = SMALL[0] * SMALL[1]


@inlined_kernel
def placed(y: float, low: float, high: float, pieces: float) -> tuple[int, float]:
    """The piece of an axis in which a point is, -1 outside; and its place there, from -1 to 1."""
    x = (y - low) / (high - low)
    piece = min(max(int(x * pieces), 0), int(pieces) - 1)
    inside = abs(x - 0.5) <= 0.5 + 1e-9
    return piece if inside else -1, 2.0 * (x * pieces - piece) - 1.0


@inlined_kernel
def sum_one(p: np.ndarray, i: int, start: int, u: float, values: np.ndarray) -> None:
    """Fill ``values`` by a piece of one axis, as many whole blocks as there is room for."""
    of_table = _U(p[start + 9]) // _BLOCK
    at = _U(start + HEADER) + _U(i) * of_table * _ALONE * _BLOCK
    for block in range(min(of_table, _U(values.size) // _BLOCK)):
        for m in range(_BLOCK):
            last = at + (block * _ALONE + _ALONE - _1) * _BLOCK + m
            value = p[last]
            for k in range(_1, _ALONE):
                value = value * u + p[last - k * _BLOCK]
            values[block * _BLOCK + m] = value


@inlined_kernel
def sum_block(
    p: np.ndarray,
    at: int,
    u: float,
    w: float,
    sums: np.ndarray,
    values: np.ndarray,
    block: int,
    terms: tuple[int, int, int],
) -> None:
    """One block of moments on a piece of two axes: terms along each, and numbers in the block.

    The last loop is over two registers, since one over one register becomes no SIMD code: what
    it finds beyond half a block is not used.
    """
    first, second, width = terms
    row = first * width
    for m in range(row):
        last = at + (second - _1) * row + m
        value = p[last]
        for k in range(_1, second):
            value = value * w + p[last - k * row]
        sums[m] = value
    for m in range(_BLOCK):
        end = row - width + m
        value = sums[end]
        for k in range(_1, first):
            value = value * u + sums[end - k * width]
        values[block * _BLOCK + m] = value


@inlined_kernel
def sum_two(
    p: np.ndarray,
    piece: int,
    start: int,
    u: float,
    w: float,
    sums: np.ndarray,
    values: np.ndarray,
) -> None:
    """`sum_one` on a piece of two axes; ``sums`` is scratch, of `SCRATCH` numbers."""
    width, terms = _U(p[start + 9]), _U(p[start + 2])
    blocks = min(width // _BLOCK, _U(values.size) // _BLOCK)
    at = _U(start + HEADER) + _U(piece) * width * terms
    if width == _HALF:
        sum_block(p, at, u, w, sums, values, _U(0), (_SMALL_FIRST, _SMALL_SECOND, _HALF))
    elif terms == _U(_SMALL_TERMS):
        for block in range(blocks):
            sum_block(p, at, u, w, sums, values, block, (_SMALL_FIRST, _SMALL_SECOND, _BLOCK))
            at += terms * _BLOCK
    else:
        for block in range(blocks):
            sum_block(p, at, u, w, sums, values, block, (_LARGE_FIRST, _LARGE_SECOND, _BLOCK))
            at += terms * _BLOCK


#: Under another name: the generated code's `look_up` is the one below.
_look_up_packed = chebyshev.look_up


@lane_kernel
def look_up(p: np.ndarray, start: int, y0: float, y1: float, y2: float, values: np.ndarray) -> None:
    """`chebyshev.look_up` of a table in pieces or as it is; ``values`` in whole blocks.

    Parameters
    ----------
    p, start
        Numbers, and where the table begins in them.
    y0, y1, y2
        The point.
    values
        Output: the moments; infinite outside of the table's range.
    """
    if p[start] > 0.0:
        _look_up_packed(p, start, y0, y1, y2, values)
        return
    i, u = placed(y0, p[start + 3], p[start + 6], -p[start])
    j = 0
    if p[start + 1] == 0.0:
        if i >= 0:
            sum_one(p, i, start, u, values)
    else:
        j, w = placed(y1, p[start + 4], p[start + 7], -p[start + 1])
        if i >= 0 and j >= 0:
            sum_two(p, i * int(-p[start + 1]) + j, start, u, w, np.empty(SCRATCH), values)
    if i < 0 or j < 0:
        for m in range(values.size):
            values[m] = math.inf
