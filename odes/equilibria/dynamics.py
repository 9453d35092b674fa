"""Where a flow can come to rest: roots of its drift, found from many starts.

Two searches, because a normalised student's length never rests without weight decay: roots of
the first-order drift at a given L (the limit of small learning rates, Proposition 1), and roots
of the full right-hand side in all order parameters.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...results.errors import InputError
from ...teacher_student.optimisers import refuse_optimisers
from ...teacher_student.problem import Problem
from ...teacher_student.spectral import refuse_spectrum
from ..flow.flow_kernels import flow_kernels, flow_table, parameters
from ..flow.known_moments import next_region
from ..flow.running import running_error
from ..tables.regions import middle
from .farther import TOLERANCE, arrivals, farther_tables, largest_searched

Array = np.ndarray
NEIGHBOUR = 15
#: (Iterations from anywhere, and from the point at a neighbouring learning rate.)
#: Roots closer than this are one root; drifts below the second number are zero.
SAME, ZERO = 1e-6, 1e-8
#: A table's error moves an aligned root by less than the first number, and the drift there by at
#: most so many times the error.
ALIGNED, WRONG = 1e-4, 100.0
#: Beyond this a scale, a shift or a length is no longer in the region searched.
LARGEST, SMALLEST_LENGTH = 1e3, 1e-4
SCALES, OVERLAPS, SHIFTS = (0.3, 1.0, 3.0), (0.9, 0.3, -0.5, -0.95), (-0.5, 0.5)
#: Starting lengths: of a plain student, and of a normalised one in units of sqrt(eta Q / M).
LENGTHS, DISTANCES = (0.3, 1.0, 3.0), (0.0, 0.03)
EFFECTIVE_LENGTHS = (0.8, 1.2, 2.0, 5.0, 12.0)


class Dynamics:
    """The drift of one problem as a function of its order parameters, and its roots.

    Attributes
    ----------
    problem
        The setting, under momentum its limit; its start does not matter, but for ``l0``.
    normalised
        Whether the field does not depend on the length of the weights.
    """

    def __init__(self, problem: Problem) -> None:
        refuse_optimisers(problem, "points of rest are those of plain SGD")
        if isinstance(problem.eta, str):
            reason = "a constant learning rate is accepted; under a schedule nothing is at rest"
            raise InputError("eta", problem.eta, reason)
        refuse_spectrum(problem, "this search is for isotropic inputs")
        self.problem = problem = problem.limit
        self.kernels: Any = flow_kernels(problem)
        self.p = parameters(problem)
        space = problem.state_space
        self.size, self.R, self.L = space.size, space.place("R"), space.place("L")
        self.everything = np.arange(self.size)
        start = np.array(problem.initial_state)
        longer = start.copy()
        longer[self.L] *= 2.0
        self.normalised = bool(abs(self.scale(longer) - self.scale(start)) < 1e-12)
        #: The unknowns of the limit of small learning rates.
        self.quick = self.everything
        if self.normalised:
            self.quick = np.delete(self.everything, self.L)
        #: Tables of larger scales in which roots are looked for too.
        self.farther = farther_tables(self)
        self.largest_scale = largest_searched(self)

    @property
    def eta(self) -> float:
        """The learning rate."""
        return float(self.p[0])

    def scale(self, y: Array) -> float:
        """The field's scale Q."""
        return float(self.kernels.observables(y)[0])

    def error(self, y: Array) -> float:
        """The generalisation error."""
        return float(self.kernels.observables(y)[1])

    def drift(self, y: Array, order: int | None = None, eta: float | None = None) -> Array:
        """The right-hand side (or its first-order part) at a state."""
        dy = np.empty(self.size)
        self.kernels.drift(y, self._parameters(eta, y), order or self.kernels.FULL, dy)
        return dy

    def jacobian(self, y: Array, order: int | None = None, eta: float | None = None) -> Array:
        """Its derivatives by the state, shape (size, size)."""
        J = np.empty((self.size, self.size))
        order = order or self.kernels.FULL
        self.kernels.drift_jacobian(y, self._parameters(eta, y), order, self.everything, J)
        return J

    def growth(self, y: Array, eta: float | None = None) -> float:
        """The rate of log L."""
        return float(self.drift(y, eta=eta)[self.L] / y[self.L])

    def _parameters(self, eta: float | None, y: Array) -> Array:
        p = self.p.copy()
        if self.kernels.HAS_RANGE:
            region = next_region(self.problem, self.kernels, y, None)
            if region not in (None, middle(self.kernels.SINGULAR)):
                p = parameters(self.problem, region)
        p[0] = p[0] if eta is None else eta
        return p

    def residual(self, y: Array, free: Array, order: int | None = None) -> float:
        """The largest drift over eta; of L, that of log L."""
        dy = self.drift(y, order)
        dy[self.L] /= y[self.L]
        return float(np.abs(dy)[free].max() / self.eta)

    def limits(self) -> list[Array]:
        """The roots of the first-order drift: at L = l0, if the student is normalised."""
        lengths = (self.problem.initial_state[self.L],) if self.normalised else LENGTHS
        found = self.search(self._starts(OVERLAPS, lengths), self.quick, self.kernels.FIRST_ORDER)
        return self._distinct([*self._aligned(lengths), *found], ALIGNED)

    def _aligned(self, lengths: Sequence[float]) -> list[Array]:
        """Aligned roots whose drift of R is zero but for the error of a table.

        Newton's iteration finds those that this error has moved to |R| < 1, and none of those
        that it has moved beyond.
        """
        table = flow_table(self.problem)
        error = running_error(self.problem) if table is None else table.error
        if error is None:
            return []
        free, order = np.delete(self.quick, self.R), self.kernels.FIRST_ORDER
        found = self.search(self._starts((1.0, -1.0), lengths), free, order)
        wrong = WRONG * max(error, ZERO)
        return [y for y in found if abs(self.drift(y, order)[self.R]) < wrong * self.eta]

    def at_length(self, length: float, still: float) -> list[Array]:
        """The roots of the first-order drift at a length that this drift leaves as it is."""
        order = self.kernels.FIRST_ORDER
        free = np.delete(self.everything, self.L)
        found = self.search(self._starts(OVERLAPS, (length,)), free, order)
        return [y for y in found if self.residual(y, self.everything, order) < still]

    def rests(self, limits: Iterable[Array]) -> list[Array]:
        """The roots of the full right-hand side in all order parameters.

        Parameters
        ----------
        limits
            The roots of the first-order drift, near which the search begins.
        """
        starts = [self._near(y, length, d) for y in limits for length, d in self._around(y)]
        if not self.normalised:
            starts += list(self._starts(OVERLAPS, LENGTHS))
        return self.search(np.array(starts), self.everything, self.kernels.FULL) if starts else []

    def rest_near(self, y: Array, eta: float) -> Array | None:
        """The root of the full right-hand side at a learning rate that Newton reaches from y."""
        root, p = y.copy(), self._parameters(eta, y)
        k = self.kernels
        # Near the end of a branch the Jacobian is all but singular, and steps are rounding errors.
        if not k.newton(root, p, k.FULL, self.everything, 1e3 * TOLERANCE, NEIGHBOUR):
            return None
        dy = np.empty(self.size)
        k.drift(root, p, k.FULL, dy)
        dy[self.L] /= root[self.L]
        rests = np.abs(dy).max() < ZERO * eta * (1.0 + np.abs(root).max())
        return root if rests and self.is_known(root) else None

    def _around(self, y: Array) -> Iterable[tuple[float, float]]:
        if not self.normalised:
            return itertools.product((y[self.L],), DISTANCES)
        if self.scale(y) <= SAME:
            return ()  # nothing moves weights that the field does not use: they decay to 0
        unit = np.sqrt(self.eta * self.scale(y) / self.problem.M)
        return itertools.product([unit * x for x in EFFECTIVE_LENGTHS], DISTANCES)

    def _near(self, y: Array, length: float, distance: float) -> Array:
        start = y.copy()
        start[self.R] *= 1.0 - distance
        start[self.L] = length
        return start

    def _starts(self, overlaps: Sequence[float], lengths: Sequence[float]) -> Array:
        scales = [*SCALES, *(x for r, _ in self.farther for x in (1.2 * r.low, 0.4 * r.high))]
        grids: list[Sequence[float]] = [
            SHIFTS if name == "beta" else scales for name in self.problem.trained_scalars
        ]
        return np.array(list(itertools.product(*grids, overlaps, lengths)), dtype=float)

    def search(self, starts: Array, free: Array, order: int) -> list[Array]:
        """The distinct roots that Newton's iteration reaches, mirror images included."""
        candidates = arrivals(self.kernels, starts, self.p, order, free)
        for region, p in self.farther:
            inside = np.array([region.holds(self.scale(y), 0.0) for y in starts])
            candidates += arrivals(self.kernels, starts[inside], p, order, free)
        candidates = [self._tidy(y, free, order) for y in candidates]
        candidates += [self.mirror(y) for y in candidates]
        return self._distinct(y for y in candidates if self._is_root(y, free, order))

    def mirror(self, y: Array) -> Array:
        """The same student with both gamma and the weights' sign turned."""
        image = y.copy()
        if "gamma" in self.problem.trained_scalars:
            image[[self.problem.state_space.place("gamma"), self.R]] *= -1.0
        return image

    def _is_root(self, y: Array, free: Array, order: int) -> bool:
        inside = np.abs(y).max() < LARGEST and y[self.L] > SMALLEST_LENGTH
        return bool(inside and self.is_known(y) and self.residual(y, free, order) < ZERO)

    def is_known(self, y: Array) -> bool:
        """Whether the moments at a state, and next to it, are known."""
        return bool(self.kernels.field(y)[0] < 0.99 * self.kernels.LARGEST_SCALE)

    def _tidy(self, y: Array, free: Array, order: int) -> Array:
        """A degenerate root, which Newton's iteration only creeps up to, put in its place."""
        good_enough = max(self.residual(y, free, order), 1e-14)
        for overlap in (np.sign(y[self.R]), -np.sign(y[self.R]), 0.0):
            exact = np.where(np.abs(y) < 1e-4, 0.0, y)
            exact[self.R] = overlap
            near = np.abs(np.abs(exact) - np.abs(y)).max() < 1e-4
            if near and self.residual(exact, free, order) <= good_enough:
                return exact
        return y

    def _distinct(self, points: Iterable[Array], apart: float = SAME) -> list[Array]:
        """The first of every group of equal points; at Q = 0 only the constant output tells."""
        kept: dict[tuple[float, ...], Array] = {}
        for y in points:
            constant = abs(self.scale(y)) < SAME
            key = (0.0, self.error(y)) if constant else tuple(y.tolist())
            if not any(_equal(key, other, apart) for other in kept):
                kept[key] = y
        return sorted(kept.values(), key=lambda y: [-round(value, 6) for value in y.tolist()])


def _equal(x: tuple[float, ...], y: tuple[float, ...], apart: float) -> bool:
    same = len(x) == len(y)
    return same and max(abs(a - b) / (1 + abs(b)) for a, b in zip(x, y, strict=True)) < apart
