"""The axes of a sweep's grid, checked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...results.checks import integer, number
from ...results.errors import InputError
from ...teacher_student.parameters import RANGED_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import MOST_STEPS

Array = np.ndarray
#: Whole numbers that a simulation takes as a range: default, least and most value.
WHOLE = {"dim": (1000, 3, MOST_STEPS), "seed": (0, 0, 2**63 - 1)}

#: Whole numbers of a problem, checked together.
SIZES = ("batch_size", "statistics_size")


def checked_axes(problem: Problem, grid: Mapping[str, Any], simulate: bool) -> dict[str, Array]:
    """The grid as arrays, every value checked as `Problem` checks it."""
    axes = {}
    for name, given in grid.items():
        known = (*RANGED_PARAMETERS, *problem.parameters, "time", *(WHOLE if simulate else ()))
        if name not in known:
            also = "" if simulate or name not in WHOLE else "; with simulate also for dim, seed"
            accepted = ", ".join(known)
            raise ValueError(
                f"unknown parameter {name!r}; a range is accepted for {accepted}{also}"
            )
        try:
            values = np.atleast_1d(np.asarray(given, dtype=None if name in WHOLE else float))
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim != 1 or not values.size or values.dtype.kind not in "iuf":
            raise InputError(name, given, "a list of numbers is accepted")
        if name in WHOLE:
            _, least, most = WHOLE[name]
            values = np.array([integer(name, v.item(), least, most) for v in values])
        elif name not in SIZES:
            _check_values(problem, name, values)
        axes[name] = values
    _check_sizes(problem, {name: axes[name] for name in SIZES if name in axes})
    return axes


def _check_sizes(problem: Problem, sizes: Mapping[str, Array]) -> None:
    """Check all pairs: sizes are whole and one divides the other, which is no interval."""
    for pair in itertools.product(*sizes.values()):
        problem.replace(**dict(zip(sizes, map(_whole, pair), strict=True)))


def _whole(value: float) -> float:
    """The value as it was typed, if it is whole: an error shows it."""
    return int(value) if float(value).is_integer() else float(value)


def _check_values(problem: Problem, name: str, values: Array) -> None:
    """Check a range by its extremes: what a number must satisfy is an interval."""
    if name == "eta" and isinstance(problem.eta, str):
        raise InputError("eta", problem.eta, "a range replaces a number, not a schedule")
    if name == "momentum" and isinstance(problem.eta, str):
        raise InputError("momentum", values.tolist(), "a range is accepted with a constant eta")
    if name == "l0" and "gamma" not in problem.trained_scalars:
        raise InputError(
            "l0",
            values.tolist(),
            f"scheme={problem.scheme!r} has no gamma, its length starts at q0",
        )
    extremes = [values.min(), values.max(), *values[~np.isfinite(values)][:1]]
    for value in extremes:
        if name == "time":
            number("time", float(value), above=0.0)
        else:
            problem.replace(**{name: float(value)})
