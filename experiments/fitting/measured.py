"""A measured curve, in whatever form it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...odes.flow.trajectory import Flow
from ...results.errors import InputError
from ...teacher_student.online.runs import Runs

Array = np.ndarray
#: What can be measured of a run.
QUANTITIES = ("Q", "R", "L", "error")


@dataclass(frozen=True)
class Measured:
    """Quantities at times.

    Attributes
    ----------
    t
        Steps / N, shape (times,).
    values
        By quantity, each of shape (times,); NaN where nothing was measured.
    sem
        Standard errors, likewise; empty where they are not known.
    runs
        By quantity, shape (runs, times), of simulated runs; empty otherwise.
    """

    t: Array
    values: Mapping[str, Array]
    sem: Mapping[str, Array] = field(default_factory=dict)
    runs: Mapping[str, Array] = field(default_factory=dict)


def measured(data: Any) -> Measured:
    """A measured curve from runs, a table, or arrays by name.

    Parameters
    ----------
    data
        `bntheory.Runs`, `bntheory.Flow`; or a mapping, a table of pandas or a dataset with ``t``
        and some of ``Q R L error``, beside which ``R_sem`` is the standard error of ``R``.

    Raises
    ------
    InputError
        For data without times or quantities, or of different lengths.
    """
    if isinstance(data, Runs):
        own = {name: data.values[name] for name in QUANTITIES}
        means, sems = ({n: table[n] for n in QUANTITIES} for table in (data.mean, data.sem))
        return Measured(data.t, means, sems if data.runs > 1 else {}, own if data.runs > 1 else {})
    if isinstance(data, Flow):
        return Measured(data.t, {name: data.values[name] for name in QUANTITIES})
    try:
        t = np.asarray(data["t"], dtype=float)
        values = {n: np.asarray(data[n], dtype=float) for n in QUANTITIES if n in data}
        sem = {n: np.asarray(data[f"{n}_sem"], dtype=float) for n in values if f"{n}_sem" in data}
    except (TypeError, KeyError, ValueError, IndexError, AttributeError):
        t, values, sem = np.empty(0), {}, {}
    accepted = (
        "runs of bntheory.simulate are accepted, or a table with columns t and some of "
        f"{' '.join(QUANTITIES)} of one length (and R_sem, the standard error of R)"
    )
    if t.ndim != 1 or not t.size or not values:
        raise InputError("data", _shown(data), accepted)
    if any(column.shape != t.shape for column in (*values.values(), *sem.values())):
        raise InputError("data", _shown(data), accepted)
    if not np.isfinite(t).all() or t[0] < 0 or (np.diff(t) <= 0).any():
        raise InputError("data", _shown(data), "its times t are to increase, from 0 on")
    if sem and len(sem) < len(values):
        raise InputError("data", _shown(data), "standard errors are accepted of all or of none")
    return Measured(t, values, sem)


def _shown(data: Any) -> Any:
    return list(data) if isinstance(data, Mapping) else type(data).__name__
