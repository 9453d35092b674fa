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

from .chebyshev import HEADER
from .look_up import ALONE, BLOCK, HALF, LARGE, SMALL

Array = np.ndarray
#: Numbers of pieces of the only axis, the first that suffices is taken.
ALONE_PIECES = (32, 64, 128)
#: Terms along two axes, and numbers of pieces of each: the first that suffice.
TWO_AXES = ((SMALL, 16, 32), (SMALL, 32, 32), (LARGE, 8, 16), (LARGE, 8, 32), (LARGE, 8, 64))
#: The largest difference from the table itself, in units of the larger of 1 and the sum
#: of a moment's coefficients: below what a
#: step of a flow is asked for, and far below the table's own error.
LARGEST_BOUND = 1e-10


def in_pieces(packed: Array) -> Array:
    """A packed table in pieces, or as it is.

    Parameters
    ----------
    packed
        From `chebyshev.pack`.

    Examples
    --------
    >>> from bntheory.odes.tables.chebyshev import nodes, pack
    >>> from bntheory.odes.tables.look_up import look_up
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
        for pieces in ALONE_PIECES:
            alone, bound = _on_pieces(values[:, :, 0], pieces, ALONE)  # moment, piece, term
            if bound <= LARGEST_BOUND:
                return _packed(packed, pieces, 0, (alone @ _powers(ALONE)).transpose(1, 2, 0))
        return packed
    for terms, first, second in TWO_AXES:
        # moment, term of the first axis, piece and term of the second
        along, bound = _on_pieces(values, second, terms[1])
        if bound > LARGEST_BOUND:
            continue
        # moment, piece and term of the second axis, piece and term of the first
        both, more = _on_pieces(along.transpose(0, 2, 3, 1), first, terms[0], fixed=(1,))
        if bound + more <= LARGEST_BOUND:
            powers = np.tensordot(both @ _powers(terms[0]), _powers(terms[1]), axes=(2, 0))
            return _packed(packed, first, second, powers.transpose(2, 1, 4, 3, 0))
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
    axes, moments = 1 if second == 0 else 2, powers.shape[-1]
    terms = math.prod(powers.shape[axes:-1])
    few = terms == math.prod(SMALL) and moments <= HALF
    block = HALF if few else BLOCK
    blocks = -(-moments // block)
    room = np.zeros((*powers.shape[:-1], blocks * block))
    room[..., :moments] = powers
    rows = room.reshape(*powers.shape[:-1], blocks, block)
    rows = np.moveaxis(rows, -2, axes)
    header = packed[:HEADER].copy()
    header[:3], header[9] = (-first, -second, terms), blocks * block
    return np.concatenate([header, rows.ravel()])
