"""Moments of recorded pre-activations that zeta asks for, read in pieces (theory page 2).

The batch's mean and spread move the normalised field by ``-a - b u``, with variances ``1/M`` and
``(kurtosis + 2)/(4M)`` and the covariance ``skewness/(2M)``. The loss gap of a neuron is then, to
first order in 1/M and without any assumption on the law of its field,

    zeta = [A_0 + A_1 skewness + A_2 (kurtosis + 2) / 4] / (2 M),    A_k = E[g'(u)^2 u^k].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...results.errors import InputError
from ...teacher_student.activations import Activation
from ...teacher_student.formula_kernels import compiled_activation
from .block_errors import BlockSums, standard_errors
from .field_files import pieces

Array = np.ndarray
Progress = Callable[[int, int], None]
#: Rows that are needed at least.
FEWEST_ROWS = 128
#: Displacements of mean and spread, in standard deviations, by which slopes are found.
ASIDE = 0.05
#: Neurons whose blocks must be independent: a few are not, by chance.
MOSTLY = 0.75
#: Sums over a block: u^1 to u^4, then g'^2 u^0 to u^2.
SUMS = 7


class FieldMoments(NamedTuple):
    """Moments of every neuron, arrays of shape (neurons,); NaN for one that never changes.

    Attributes
    ----------
    skewness, kurtosis
        Of its field; the latter's excess.
    slopes
        ``A_0, A_1, A_2`` of the module's docstring, shape (3, neurons).
    skewness_sem, kurtosis_sem, part_sem
        Standard errors; the last of ``A_0 + A_1 skewness + A_2 (kurtosis + 2)/4``.
    rows, block_length
        Rows read, and the length of block that errors were taken from (of most neurons).
    resolved
        Whether blocks were long enough for what rows depend on.
    """

    skewness: Array
    kurtosis: Array
    slopes: Array
    skewness_sem: Array
    kurtosis_sem: Array
    part_sem: Array
    rows: int
    block_length: int
    resolved: bool


def field_moments(
    path: str | Path, activation: str, progress: Progress | None = None
) -> FieldMoments:
    """Read a file twice: for its means and spreads, then for everything else.

    Parameters
    ----------
    path
        ``.npy`` of shape (rows, neurons) or (rows,), or ``.csv`` with one column a neuron and
        perhaps a line of names. At least `FEWEST_ROWS` rows.
    activation
        A shipped name or a formula in ``h``.
    progress
        Called with (rows read, rows in all, or 0 when that is not known), both readings counted.

    Raises
    ------
    ValueError
        Naming the file, and what is accepted.
    """
    path = Path(path)
    try:
        centre, spread = _normalisation(path, progress)
        return _moments(path, centre, spread, activation, progress)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            "data",
            str(path),
            f"{error}; accepted is a .npy or .csv file of numbers, one column a neuron",
        ) from None


def _normalisation(path: Path, progress: Progress | None) -> tuple[Array, Array]:
    """Mean and standard deviation of every column; NaN for a spread of nothing but rounding."""
    rows, centre, sums = 0, np.zeros(0), np.zeros((2, 0))
    for piece, total in pieces(path):
        if not np.isfinite(piece).all():
            raise ValueError("holds a number that is not finite")
        if not rows:
            centre = piece.mean(axis=0)  # close to the mean: squares do not cancel
            sums = np.zeros((2, piece.shape[1]))
        off = piece - centre
        sums += [off.sum(axis=0), (off**2).sum(axis=0)]
        rows += len(piece)
        if progress:
            progress(rows, 2 * total)
    if rows < FEWEST_ROWS:
        raise ValueError(f"has {rows} rows; at least {FEWEST_ROWS} are accepted")
    first, second = sums / rows
    variance = second - first**2
    constant = variance <= 1e-14 * (second + centre**2 + 1e-300)
    return centre + first, np.sqrt(np.where(constant, np.nan, variance))


def _moments(
    path: Path, centre: Array, spread: Array, activation: str, progress: Progress | None
) -> FieldMoments:
    neurons = len(centre)
    slope_square = _slope_square(activation)
    sums, beside = BlockSums(SUMS * neurons), np.zeros((2, 2, 3, neurons))
    for u, total in _normalised(path, centre, spread):
        rows = [u, u**2, u**3, u**4, *_by_powers(slope_square(u), u)]
        sums.add(np.concatenate(rows, axis=1))
        for side, sign in enumerate((-1, 1)):
            for place, moved in enumerate((u - sign * ASIDE, u / (1 + sign * ASIDE))):
                found = _by_powers(slope_square(moved), moved)
                beside[place, side] += [x.sum(axis=0) for x in found]
        if progress:
            progress(total + sums.rows if total else sums.rows, 2 * total)
    by_mean, by_spread = (beside[:, 1] - beside[:, 0]) / (2 * ASIDE * sums.rows)
    mean = sums.mean.reshape(SUMS, neurons)
    off = sums.blocks.reshape(-1, SUMS, neurons) - mean
    return _estimated(mean, off, by_mean, by_spread, sums)


def _estimated(
    mean: Array, off: Array, by_mean: Array, by_spread: Array, sums: BlockSums
) -> FieldMoments:
    """Estimates, and errors from what every block contributes to them to first order."""
    skewness, kurtosis, slopes = mean[2], mean[3] - 3.0, mean[4:]
    p1, p2 = off[:, 0], off[:, 1]
    of_skewness = off[:, 2] - 3.0 * p1 - 1.5 * skewness * p2
    of_kurtosis = off[:, 3] - 4.0 * skewness * p1 - 2.0 * (kurtosis + 3.0) * p2
    of_slopes = [off[:, 4 + k] + by_mean[k] * p1 + by_spread[k] * p2 / 2 for k in range(3)]
    of_part = of_slopes[0] + of_slopes[1] * skewness + slopes[1] * of_skewness
    of_part += of_slopes[2] * (kurtosis + 2.0) / 4.0 + slopes[2] * of_kurtosis / 4.0
    found = [standard_errors(x) for x in (of_skewness, of_kurtosis, of_part)]
    changing = np.isfinite(kurtosis)
    some = changing.any()
    merged = [int(np.median(m[changing])) if some else 1 for _, m, _ in found]
    resolved = all(not some or r[changing].mean() > MOSTLY for _, _, r in found)
    first, second, third = (np.where(changing, error, np.nan) for error, _, _ in found)
    return FieldMoments(
        skewness,
        kurtosis,
        slopes,
        first,
        second,
        third,
        sums.rows,
        max(merged) * sums.length,
        resolved,
    )


def _normalised(path: Path, centre: Array, spread: Array) -> Iterator[tuple[Array, int]]:
    for piece, total in pieces(path):
        yield (piece - centre) / spread, total


def _by_powers(slope_square: Array, u: Array) -> list[Array]:
    return [slope_square, slope_square * u, slope_square * u**2]


def _slope_square(activation: str) -> Callable[[Array], Array]:
    kernels: Any = compiled_activation(Activation.named(activation))

    def found(u: Array) -> Array:
        slope: Array = kernels.evaluate(u)[1]
        return slope**2

    return found
