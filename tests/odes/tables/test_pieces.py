"""Tables in pieces, and of combinations: against the polynomials that they are made of."""

import json

import numpy as np
import pytest
from bntheory.odes.tables import chebyshev
from bntheory.odes.tables import look_up as pieces
from bntheory.odes.tables.combined import combined, weighted
from bntheory.odes.tables.look_up import BLOCK
from bntheory.odes.tables.look_up_lanes import GROUP, look_up_lanes
from bntheory.odes.tables.pieces import LARGEST_BOUND, in_pieces

MOMENTS = 19  # more than a block, and no whole number of them


def made(sizes, seed=0, moments=MOMENTS):
    """A table of smooth functions of its axes."""
    rng = np.random.default_rng(seed)
    ranges = np.array([(0.0, np.pi), (-0.5, 2.5), (-1.0, 1.0)])
    axes = [chebyshev.nodes(n, *r) for n, r in zip(sizes, ranges, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    x, y, z = (a[..., None] for a in (x, y, z))
    a, b, c, d = rng.uniform(0.3, 2.0, (4, moments))
    values = np.cos(a * x + 1.5) + (np.tanh(b * y) * np.sin(d * x) if sizes[1] > 1 else 0.0)
    return chebyshev.pack(values + (c * z if sizes[2] > 1 else 0.0), ranges), ranges


def read(table, points, rule):
    """What a table says at points."""
    rows = np.empty((len(points), -(-MOMENTS // BLOCK) * BLOCK))
    for point, row in zip(points, rows, strict=True):
        rule(table, 0, *point, row)
    return rows[:, :MOMENTS]


@pytest.mark.parametrize("sizes", [(20, 1, 1), (20, 34, 1), (16, 96, 1), (6, 8, 4)])
def test_pieces_are_the_polynomial_within_their_bound(sizes):
    table, ranges = made(sizes)
    cut = in_pieces(table)
    assert (cut[0] < 0) == (sizes[2] == 1)  # three axes stay as they are
    edges = [np.linspace(*r, 17) for r in ranges]  # ends of pieces, and of the range
    rng = np.random.default_rng(1)
    points = np.vstack([rng.uniform(*ranges.T, (200, 3)), np.array(edges).T])
    whole = read(table, points, chebyshev.look_up)
    sums = np.abs(table[10:].reshape(MOMENTS, -1)).sum(axis=1)
    difference = np.abs(read(cut, points, pieces.look_up) - whole) / np.maximum(1.0, sums)
    assert difference.max() < LARGEST_BOUND
    if sizes[2] == 1:  # a coefficient that is off is seen
        wrong = cut.copy()
        wrong[10:] *= 1.0 + 1e-6
        assert np.abs(read(wrong, points, pieces.look_up) - whole).max() > 1e-7


def test_what_pieces_do_not_resolve_is_read_as_it_is():
    rng = np.random.default_rng(2)
    rough = chebyshev.pack(rng.normal(size=(200, 1, 1, 2)), np.array([(0.0, 1.0)] * 3))
    assert in_pieces(rough) is rough


@pytest.mark.parametrize("sizes", [(20, 1, 1), (20, 34, 1), (6, 8, 4)])
def test_outside_of_its_range_a_table_is_infinite(sizes):
    cut = in_pieces(made(sizes)[0])
    outside = [(-0.1, 0.0, 0.0), (np.nan, 0.0, 0.0)] + [(1.0, 2.6, 0.0)] * (sizes[1] > 1)
    assert np.isinf(read(cut, outside, pieces.look_up)).all()
    assert np.isfinite(read(cut, [(1.0, 0.5, 0.0)], pieces.look_up)).all()


@pytest.mark.parametrize("moments", [5, MOMENTS])
@pytest.mark.parametrize("sizes", [(20, 1, 1), (20, 34, 1), (6, 8, 4)])
def test_lanes_read_what_each_reads(sizes, moments):
    table, ranges = made(sizes, moments=moments)
    points = 4 * GROUP + 7  # and some that fill no group
    at = np.random.default_rng(3).uniform(*ranges.T, (points, 3)).T.copy()
    together = slice(GROUP, 3 * GROUP)  # two groups, each on one piece
    middles = (ranges[:, 0] + 0.41 * (ranges[:, 1] - ranges[:, 0]))[:, None]
    at[:, together] = middles + 1e-3 * np.arange(2 * GROUP)
    at[0, [3, 2 * GROUP - 1, points - 1]] = 4.0  # outside: also of a group that is together
    found = np.empty((moments, points))
    look_up_lanes(in_pieces(table), at, found)
    each = read(in_pieces(table), at.T, pieces.look_up)[:, :moments]
    np.testing.assert_array_equal(found.T, each)
    assert np.isinf(found[:, [3, 2 * GROUP - 1, points - 1]]).all()
    assert np.isfinite(found).all(axis=0).sum() == points - 3


def test_combinations_are_sums_of_moments():
    table, _ = made((20, 34, 1))
    text = json.dumps([[[0, [1.0], [1.0]], [3, [1.0, -1.0], [1.0]]], [[18, [2.0], [1.0, 0.0]]]])
    point = (1.1, 0.4, 0.0)
    moments = read(table, [point], chebyshev.look_up)[0]
    expected = [moments[0] + 7.0 * moments[3], 0.25 * moments[18]]  # m - 1 and 2/m at m = 8
    found, cut = np.empty(2), np.empty(BLOCK)
    chebyshev.look_up(weighted(table, text, 8), 0, *point, found)
    pieces.look_up(combined(table, text, 8), 0, *point, cut)
    assert found == pytest.approx(expected, rel=1e-12)
    assert cut[:2] == pytest.approx(expected, rel=1e-9)
