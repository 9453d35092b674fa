"""The fixed points of a sampled flow: scrambled Sobol normals, and what they are symmetrised over.

One scrambling stays for a whole trajectory, so that the sampled right-hand side is one function;
several scramblings say how far off it is.
"""

from __future__ import annotations

from itertools import permutations, product
from typing import NamedTuple

import numpy as np

from ...teacher_student.sobol import sobol_points

Array = np.ndarray
#: Steps that are averaged at one state, unless told otherwise: of single examples; and of batches,
#: of which large ones take fewer, as they scatter less.
EXAMPLES, BATCHES, LARGE = 2**14, 2**12, 2**17
#: Points of one order of the units at least; examples of which the error is the mean.
LEAST, ERRORS = 2**6, 2**13
#: Deviates of one scrambling at most: 16 MB.
DEVIATES = 2**21
#: Orders of the units that are averaged over at most, all or none: up to K = T = 4.
MOST_ORDERS = 576
#: Dimensions of Sobol's sequence; beyond them points are random.
SOBOL = 21_201
#: Batches up to which the square of a step has infinite variance where points are plain.
HEAVY = 5


class Sampling(NamedTuple):
    """How closely a flow without closed averages is sampled.

    Attributes
    ----------
    scramblings
        Independent sets of points, 2 at least: the trajectory is the mean over them, and its
        standard error is found from their scatter. With few that is uncertain itself.
    steps
        Steps (batches, or examples where no batch is looked at) that are averaged at one
        state; by default as many as the batch size asks for.
    seed
        Of the scramblings.
    """

    scramblings: int = 8
    steps: int | None = None
    seed: int = 0


#: How closely, unless told otherwise.
USUAL = Sampling()


class Sample(NamedTuple):
    """How a flow is sampled.

    Attributes
    ----------
    units, teacher_units
        K and T.
    batch
        Examples that a step looks at together, 1 without batch statistics.
    steps
        Steps that are averaged, over all orders of the units.
    orders
        Those orders, each a row of K + T variables.
    """

    units: int
    teacher_units: int
    batch: int
    steps: int
    orders: tuple[tuple[int, ...], ...]

    @property
    def points_an_order(self) -> int:
        """Points of one order: a power of two."""
        most = DEVIATES / (self.batch * (self.units + self.teacher_units))
        wanted = min(most, max(LEAST, self.steps / len(self.orders)))
        return int(2 ** max(0, round(np.log2(wanted))))

    @property
    def tilted(self) -> bool:
        """Whether half of the points are drawn with one unit's spread made small more often."""
        return 1 < self.batch <= HEAVY


def orders(second: Array, teacher: Array) -> tuple[tuple[int, ...], ...]:
    """All orders of student and teacher units that leave a problem as it is.

    Parameters
    ----------
    second
        The student's second layer, shape (K,).
    teacher
        The teacher's overlaps, shape (T, T).

    Returns
    -------
    tuple of tuples
        Each of the K + T variables' indices; the order of the problem alone if there are too many.

    Examples
    --------
    >>> len(orders(np.ones(2), np.eye(2))), len(orders(np.array([1.0, 2.0]), np.eye(2)))
    (4, 2)
    """
    K, T = len(second), len(teacher)
    own = tuple(range(K + T))
    if np.prod([*range(1, K + 1), *range(1, T + 1)], dtype=float) > 100 * MOST_ORDERS:
        return (own,)
    students = [s for s in permutations(range(K)) if all(second[k] == second[s[k]] for k in s)]
    teachers = [t for t in permutations(range(T)) if (teacher[np.ix_(t, t)] == teacher).all()]
    if len(students) * len(teachers) > MOST_ORDERS:
        return (own,)
    return tuple((*s, *(K + n for n in t)) for s, t in product(students, teachers))


def default_steps(batch: int) -> int:
    """How many steps are averaged at one state, for batches of a size."""
    if batch == 1:
        return EXAMPLES
    return int(2 ** np.clip(np.floor(np.log2(LARGE / batch)), 6, np.log2(BATCHES)))


def packed_points(sample: Sample, seed: int) -> Array:
    """Header, orders, points and examples of one scrambling, as `kernels.sampled` takes them."""
    N, count = sample.units + sample.teacher_units, sample.points_an_order
    z = _normals(count, sample.batch * N, seed).reshape(count, sample.batch, N)
    plain = count
    if sample.tilted:
        plain = count // 2
        z[plain:, :, 0] = tilted(z[plain:, :, 0])
    header = [count, sample.batch, plain, len(sample.orders), ERRORS]
    errors = _normals(ERRORS, N, seed + 2**31)
    return np.concatenate([header, np.ravel(sample.orders), z.ravel(), errors.ravel()])


def tilted(deviates: Array) -> Array:
    """Batches whose spread has a law of two degrees of freedom less: small spreads come up.

    The sum of squares about the mean goes from chi^2 of M - 1 to that of M - 3, which in the
    mixture with plain batches makes ``E[1/s^4]`` finite for M = 4 and 5.

    Parameters
    ----------
    deviates
        Normal, shape (batches, M).
    """
    from scipy.stats import chi2

    M = deviates.shape[1]
    mean = deviates.mean(axis=1, keepdims=True)
    centred = deviates - mean
    square = (centred**2).sum(axis=1, keepdims=True)
    wanted = chi2.ppf(chi2.cdf(square, M - 1), M - 3)
    return np.asarray(mean + centred * np.sqrt(wanted / square))


def _normals(count: int, dimensions: int, seed: int) -> Array:
    from scipy.special import ndtri

    if dimensions > SOBOL:
        return np.random.default_rng(seed).standard_normal((count, dimensions))
    uniform = sobol_points(dimensions, seed, count)
    return np.asarray(ndtri(np.clip(uniform, 1e-16, 1.0 - 1e-16)))
