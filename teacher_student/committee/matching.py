"""Runs that learn the same under other names: their units are renamed before they are averaged.

A renaming gives every place k of a run one of its units, with the signs that leave the output
alone (`symmetry`). It is the one, by linear assignment, that brings the run closest to a reference:
another state (a flow's, or a run's), or the teachers themselves, place k that of teacher
``k mod T``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .symmetry import Signs, Symmetry

Array = np.ndarray
#: A pair that is no symmetry, in units of squared cosines: beyond what any other pair can cost.
NEVER = 1e6
#: What a place counts beyond the teachers: each teacher's best unit comes first.
LATER = 1e-3
#: Which quantities have a unit's sign: that of its weights, of gamma, of beta.
OF_WEIGHTS = ("A", "R", "C")


@dataclass(frozen=True, eq=False)
class Renaming:
    """One renaming a run.

    Attributes
    ----------
    order
        Shape (runs, K): place k is taken by unit ``order[run, k]``.
    signs
        Of the weights, gamma and beta of the unit that takes the place, shape (runs, K, 3).
    """

    order: Array
    signs: Array

    @property
    def renamed(self) -> Array:
        """Which runs are changed, shape (runs,)."""
        own = np.arange(self.order.shape[1])
        return (self.order != own).any(axis=1) | (self.signs != 1).any(axis=(1, 2))

    @property
    def inverse(self) -> Renaming:
        """What takes it back."""
        order = np.argsort(self.order, axis=1)
        return Renaming(order, np.take_along_axis(self.signs, order[..., None], axis=1))

    def of(self, name: str, values: Array) -> Array:
        """A quantity of shape (runs, times, ...), renamed; of a mere number it is the same."""
        if name not in ("gamma", "beta", *OF_WEIGHTS):
            return values
        column = {"gamma": 1, "beta": 2}.get(name, 0)
        found = _taken(values, self.order, self.signs[..., column], 2)
        if name == "C":
            found = _taken(found, self.order, self.signs[..., 0], 3)
        return found

    def __call__(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """All quantities of runs, renamed."""
        return {name: self.of(name, of) for name, of in values.items()}


def _taken(values: Array, order: Array, signs: Array, axis: int) -> Array:
    shape = [len(order)] + [1] * (values.ndim - 1)
    shape[axis] = order.shape[1]
    if (order == np.arange(order.shape[1])).all() and (signs == 1).all():
        return values
    taken = np.take_along_axis(values, order.reshape(shape), axis=axis)
    found: Array = taken * signs.reshape(shape)
    return found


def to_teachers(R: Array, gamma: Array | None, a: Array, symmetry: Symmetry) -> Renaming:
    """Place k for the unit that overlaps most with teacher ``k mod T``; gammas positive.

    Parameters
    ----------
    R, gamma
        Cosines, shape (runs, K, T), and scales, shape (runs, K), at one time; None where units
        have no gamma.
    a
        The second layer, shape (K,).
    symmetry
        Of the problem.

    Examples
    --------
    >>> from .symmetry import SAME, Symmetry
    >>> swapped = np.array([[[0.1, 0.9], [0.8, 0.0]]])
    >>> found = to_teachers(swapped, None, np.ones(2), Symmetry((SAME,), ()))
    >>> found.order.tolist(), found.of("R", swapped[:, None])[0, 0].tolist()
    ([[1, 0]], [[0.8, 0.0], [0.1, 0.9]])
    """
    K, T = R.shape[-2:]
    places = np.arange(K) % T
    weight = np.where(np.arange(K) < T, 1.0, LATER)[:, None]

    def cost(run: int, signs: Signs) -> Array:
        found: Array = -weight * signs.w * R[run][:, places].T
        if gamma is not None:  # a scale below 0 is another name for one above
            found = found + np.where(signs.gamma * gamma[run] < 0.0, 4.0 * K, 0.0)
        return found

    return _assigned(len(R), a, symmetry, cost)


def to_state(
    R: Array, gamma: Array | None, reference: tuple[Array, Array | None], a: Array,
    symmetry: Symmetry,
) -> Renaming:  # fmt: skip
    """The renaming that brings every run closest to one state.

    Parameters
    ----------
    R, gamma, a, symmetry
        As of `to_teachers`.
    reference
        Cosines, shape (K, T), and scales, shape (K,) or None.
    """
    own, scales = reference

    def cost(run: int, signs: Signs) -> Array:
        apart: Array = ((own[:, None] - signs.w * R[run][None]) ** 2).sum(axis=-1)
        if gamma is not None and scales is not None:
            size = max(float(np.mean(scales**2)), 1e-300)
            apart = apart + (scales[:, None] - signs.gamma * gamma[run][None]) ** 2 / size
        return apart

    return _assigned(len(R), a, symmetry, cost)


def _assigned(
    runs: int, a: Array, symmetry: Symmetry, cost: Callable[[int, Signs], Array]
) -> Renaming:
    """The cheapest assignment of units to places, each pair by the cheapest of its signs."""
    from scipy.optimize import linear_sum_assignment

    equal, opposite = np.equal.outer(a, a), np.equal.outer(a, -a)
    order, signs = np.empty((runs, len(a)), dtype=int), np.empty((runs, len(a), 3))
    choices = [(s, equal) for s in symmetry.equal] + [(s, opposite) for s in symmetry.opposite]
    for run in range(runs):
        costs = np.stack([np.where(may, cost(run, s), NEVER) for s, may in choices])
        rows, units = linear_sum_assignment(costs.min(axis=0))
        order[run] = units
        best = costs[:, rows, units].argmin(axis=0)
        signs[run] = np.array([choices[k][0] for k in best])
    return Renaming(order, signs)
