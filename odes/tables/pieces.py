"""A table in pieces: what compiled flows read is a neighbourhood, not every coefficient.

A table is a polynomial (`chebyshev`). On each of a few equal pieces of its axes it is expanded
anew, and what is beyond a low degree is left out: the sum of the coefficients that are left out
bounds the difference. Where that is not below `LARGEST_BOUND`, or a table has three axes, it is
read as it is. The numbers of pieces stand, negative, in the place of the axes' sizes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial.chebyshev import cheb2poly, chebvander

from ...codegen.jit import inlined_kernel, lane_kernel
from . import chebyshev
from .chebyshev import HEADER

Array = np.ndarray
#: Terms on a piece, along the first axis and along the second, or the only one; the loops over
#: them are unrolled.
TERMS, INNER = 12, 14
#: Pieces of the axis of a table with one, and of the axes of a table with two; at most so many.
ALONE, FIRST, SECOND, MOST = 8, 8, 16, 64
#: The largest difference from the table itself, in units of the larger of 1 and the sum
#: of a moment's coefficients: below what a
#: step of a flow is asked for, and far below the table's own error.
LARGEST_BOUND = 1e-10
#: Moments are summed in blocks of two registers; and the scratch space that this takes.
BLOCK = 16
SCRATCH = BLOCK * TERMS
# Unsigned: an index that might count from the end is no straight code.
_U = np.uint64
_BLOCK, _LAST, _BELOW = _U(BLOCK), _U(TERMS - 1), _U(TERMS - 2)
_INNER_LAST, _INNER_BELOW = _U(INNER - 1), _U(INNER - 2)
_ROW, _COLUMN, _SQUARE = _U(SCRATCH), _U(INNER * BLOCK), _U(INNER * SCRATCH)


def in_pieces(packed: Array) -> Array:
    """A packed table in pieces, or as it is.

    Parameters
    ----------
    packed
        From `chebyshev.pack`.

    Examples
    --------
    >>> from bntheory.odes.tables.chebyshev import nodes, pack
    >>> ranges = np.array([(0.0, 1.0), (0.0, 0.0), (0.0, 0.0)])
    >>> values = np.exp(nodes(20, 0.0, 1.0)).reshape(20, 1, 1, 1)
    >>> found = np.empty(BLOCK)
    >>> look_up(in_pieces(pack(values, ranges)), 0, 0.5, 0.0, 0.0, found)
    >>> round(float(found[0]), 12)
    1.6487212707
    """
    n0, n1, n2 = (int(size) for size in packed[:3])
    if n2 > 1:
        return packed
    values = packed[HEADER:].reshape(-1, n0, n1)
    if n1 == 1:
        alone, bound = _on_pieces(values[:, :, 0], ALONE, INNER)  # moment, piece, term
        powers = (alone @ _powers(INNER)).transpose(1, 2, 0)
        return _packed(packed, ALONE, 0, powers) if bound <= LARGEST_BOUND else packed
    pieces = SECOND
    while pieces <= MOST:
        # moment, term of the first axis, piece and term of the second
        second, bound = _on_pieces(values, pieces, INNER)
        # moment, piece and term of the second axis, piece and term of the first
        both, more = _on_pieces(second.transpose(0, 2, 3, 1), FIRST, TERMS, fixed=(1,))
        if bound + more <= LARGEST_BOUND:
            powers = np.tensordot(both @ _powers(TERMS), _powers(INNER), axes=(2, 0))
            return _packed(packed, FIRST, pieces, powers.transpose(2, 1, 4, 3, 0))
        pieces *= 2
    return packed


def _on_pieces(
    values: Array, pieces: int, terms: int, fixed: tuple[int, ...] = ()
) -> tuple[Array, float]:
    """Chebyshev coefficients on each piece of the last axis, and a bound on what is left out.

    Parameters
    ----------
    values
        Coefficients along all axes, but the first, of the moments, and those that are fixed.
    pieces, terms
        How many.
    fixed
        Axes of pieces that were made before.

    Returns
    -------
    coefficients, bound
        The last axis becomes two, of pieces and of terms. A Chebyshev polynomial is at most 1.
    """
    size = values.shape[-1]
    angle = (np.arange(size) + 0.5) * np.pi / size
    to_series = np.cos(np.outer(np.arange(size), angle)) * 2.0 / size
    to_series[0] /= 2.0
    centres = (2.0 * np.arange(pieces) + 1.0 - pieces) / pieces
    at = centres[:, None] + np.cos(angle) / pieces
    anew = np.tensordot(values, to_series @ chebvander(at, size - 1), axes=(-1, 2))
    left_out = np.abs(anew[..., terms:]).sum(axis=-1)
    others = tuple(k for k in range(1, left_out.ndim - 1) if k not in fixed)
    bounds = left_out.sum(axis=others).reshape(len(values), -1).max(axis=1)
    whole = np.abs(values).sum(axis=(*others, -1)).reshape(len(values), -1).max(axis=1)
    return anew[..., :terms], float((bounds / np.maximum(1.0, whole)).max())


def _powers(terms: int) -> Array:
    """Row k: the k-th Chebyshev polynomial in powers."""
    rows = [cheb2poly(row[: k + 1]) for k, row in enumerate(np.eye(terms))]
    return np.array([np.pad(row, (0, terms - row.size)) for row in rows])


def _packed(packed: Array, first: int, second: int, powers: Array) -> Array:
    """A flat table: its header, and of every piece, for a block of moments, all powers.

    Parameters
    ----------
    first, second
        Pieces of the axes.
    powers
        Of shape (pieces, powers, moments), or (pieces, pieces, powers, powers, moments).
    """
    moments = powers.shape[-1]
    blocks = -(-moments // BLOCK)
    room = np.zeros((*powers.shape[:-1], blocks * BLOCK))
    room[..., :moments] = powers
    rows = room.reshape(*powers.shape[:-1], blocks, BLOCK)
    rows = np.moveaxis(rows, -2, 1 if second == 0 else 2)
    header = packed[:HEADER].copy()
    header[:3], header[9] = (-first, -second, 1.0), blocks * BLOCK
    return np.concatenate([header, rows.ravel()])


@inlined_kernel
def placed(y: float, low: float, high: float, pieces: float) -> tuple[int, float]:
    """The piece of an axis in which a point is, -1 outside; and its place there, from -1 to 1."""
    x = (y - low) / (high - low)
    piece = min(max(int(x * pieces), 0), int(pieces) - 1)
    inside = abs(x - 0.5) <= 0.5 + 1e-9
    return piece if inside else -1, 2.0 * (x * pieces - piece) - 1.0


@inlined_kernel
def fill_one(p: np.ndarray, start: int, y: float, values: np.ndarray) -> bool:
    """Fill ``values`` by the table of one axis at ``p[start:]``; False outside its range.

    Parameters
    ----------
    p, start
        Numbers, and where the table begins in them.
    y
        The point.
    values
        Output: the moments, in as many whole blocks as there is room for.
    """
    i, u = placed(y, p[start + 3], p[start + 6], -p[start])
    if i >= 0:
        of_table = _U(p[start + 9]) // _BLOCK
        at, blocks = _U(start + HEADER) + _U(i) * of_table * _COLUMN, _U(values.size) // _BLOCK
        for block in range(min(of_table, blocks)):
            for m in range(_BLOCK):
                value = p[at + block * _COLUMN + _INNER_LAST * _BLOCK + m]
                for k in range(_INNER_LAST):
                    value = value * u + p[at + block * _COLUMN + (_INNER_BELOW - k) * _BLOCK + m]
                values[block * _BLOCK + m] = value
    return i >= 0


@inlined_kernel
def fill_two(
    p: np.ndarray, start: int, y0: float, y1: float, sums: np.ndarray, values: np.ndarray
) -> bool:
    """`fill_one` of a table of two axes; ``sums`` is scratch, of `SCRATCH` numbers."""
    i, u = placed(y0, p[start + 3], p[start + 6], -p[start])
    j, w = placed(y1, p[start + 4], p[start + 7], -p[start + 1])
    inside = i >= 0 and j >= 0
    if inside:
        of_table = _U(p[start + 9]) // _BLOCK
        at = _U(start + HEADER) + (_U(i) * _U(-p[start + 1]) + _U(j)) * of_table * _SQUARE
        for block in range(min(of_table, _U(values.size) // _BLOCK)):
            for m in range(_ROW):
                value = p[at + block * _SQUARE + _INNER_LAST * _ROW + m]
                for k in range(_INNER_LAST):
                    value = value * w + p[at + block * _SQUARE + (_INNER_BELOW - k) * _ROW + m]
                sums[m] = value
            for m in range(_BLOCK):
                value = sums[_LAST * _BLOCK + m]
                for k in range(_LAST):
                    value = value * u + sums[(_BELOW - k) * _BLOCK + m]
                values[block * _BLOCK + m] = value
    return inside


#: Under another name: the generated code's `look_up` is the one below.
_look_up_packed = chebyshev.look_up


@lane_kernel
def look_up(p: np.ndarray, start: int, y0: float, y1: float, y2: float, values: np.ndarray) -> None:
    """`chebyshev.look_up` of a table in pieces or as it is; ``values`` in whole blocks."""
    if p[start] > 0.0:
        _look_up_packed(p, start, y0, y1, y2, values)
        return
    if p[start + 1] == 0.0:
        inside = fill_one(p, start, y0, values)
    else:
        inside = fill_two(p, start, y0, y1, np.empty(SCRATCH), values)
    if not inside:
        for m in range(values.size):
            values[m] = math.inf


@lane_kernel
def look_up_lanes(p: np.ndarray, at: np.ndarray, found: np.ndarray) -> None:
    """`look_up` of many points in the table ``p``, one after the other.

    Parameters
    ----------
    p
        The table.
    at
        The points, shape (3, points).
    found
        Output, shape (moments, points).
    """
    moments, points = found.shape
    values, sums = np.empty(-(-moments // BLOCK) * BLOCK), np.empty(SCRATCH)
    if p[0] < 0.0 and p[1] == 0.0:
        for k in range(points):
            inside = fill_one(p, 0, at[0, k], values)
            for m in range(moments):
                found[m, k] = values[m] if inside else math.inf
    elif p[0] < 0.0:
        for k in range(points):
            inside = fill_two(p, 0, at[0, k], at[1, k], sums, values)
            for m in range(moments):
                found[m, k] = values[m] if inside else math.inf
    else:
        for k in range(points):
            _look_up_packed(p, 0, at[0, k], at[1, k], at[2, k], values)
            for m in range(moments):
                found[m, k] = values[m]
