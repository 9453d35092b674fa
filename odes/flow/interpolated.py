"""A flow between its stored times, and how far that can be from the flow itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ...results.errors import InputError
from ...results.tabular import Tabular
from ...teacher_student.problem import Problem

Array = np.ndarray


@dataclass(frozen=True)
class Interpolated(Tabular):
    """What `Flow.at` returns: quantities at any times within a flow.

    Attributes
    ----------
    problem
        The setting.
    t
        The times asked for, steps / N, shape (times,), or () for a single one.
    values
        The flow's quantities, each of the shape of ``t``.
    deviation
        By quantity, how far the interpolation may be from the flow: its distance from the one that
        has every second stored time alone, which is farther off than it is; 0 at stored times.
    """

    _dimension: ClassVar[str] = "t"

    problem: Problem
    t: Array
    values: Mapping[str, Array]
    deviation: Mapping[str, Array]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: times, quantities, and ``deviation`` of the same shapes."""
        own = {"problem": self.problem.to_dict(), "t": self.t, **self.values}
        return {**own, "deviation": dict(self.deviation)}

    def columns(self) -> dict[str, Array]:
        """The CSV form: time, every quantity, and ``NAME_deviation`` of each."""
        off = {f"{name}_deviation": np.atleast_1d(v) for name, v in self.deviation.items()}
        own = {name: np.atleast_1d(values) for name, values in self.values.items()}
        return {"t": np.atleast_1d(self.t), **own, **off}

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json()}


def interpolate(problem: Problem, stored: Array, values: Mapping[str, Array], t: ArrayLike
                ) -> Interpolated:  # fmt: skip
    """Monotone cubics through stored values; they leave no range that the values keep to.

    Parameters
    ----------
    problem
        Of the flow.
    stored
        Times, increasing, shape (times,).
    values
        Of shape (times,), by quantity.
    t
        Times within those, a number or of shape (any,).

    Raises
    ------
    InputError
        For times outside.
    """
    try:
        asked = np.asarray(t, dtype=float)
    except (TypeError, ValueError):
        asked = np.full((), np.nan)
    accepted = "times are accepted, a number or a list"
    if stored.size:
        accepted = f"from {stored[0]:g} to {stored[-1]:g} is accepted, the flow's stored times"
    inside = bool(stored.size) and (asked >= stored[0]) & (asked <= stored[-1])
    if asked.ndim > 1 or not np.all(inside):
        raise InputError("t", t, accepted)
    coarse = np.unique([*range(0, len(stored), 2), len(stored) - 1])
    known = np.isin(asked, stored)
    fine = {name: _through(stored, v, asked) for name, v in values.items()}
    rough = {name: _through(stored[coarse], v[coarse], asked) for name, v in values.items()}
    off = {name: np.where(known, 0.0, np.abs(fine[name] - rough[name])) for name in values}
    return Interpolated(problem, asked, fine, off)


def _through(t: Array, y: Array, asked: Array) -> Array:
    from scipy.interpolate import PchipInterpolator

    if len(t) == 1:
        return np.full(asked.shape, float(y[0]))
    return np.asarray(PchipInterpolator(t, y)(asked))
