"""`Ending`: where flows or simulated runs ended, which is all that a quantity may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...odes.equilibria.stability import learning_rate_bound
from ...odes.flow.records import AtEnd
from ...odes.flow.rows import COLUMNS, OUTSIDE, Flows
from ...teacher_student.parameters import RUNNING_PARAMETERS
from ...teacher_student.problem import Problem
from ...teacher_student.schedule import learning_rate

Array = np.ndarray
#: What the bound on the learning rate depends on, besides l0.
BOUND_DEPENDS = ("gamma_rate", "zeta", "noise", "batch_size", "weight_decay",
                 "statistics_size", "momentum", *RUNNING_PARAMETERS, "l0", "condition")  # fmt: skip


@dataclass(frozen=True)
class Ending:
    """Where flows or runs that share their formulas ended; arrays of shape (flows,).

    Attributes
    ----------
    problem
        The formulas, and every number that no column gives.
    columns
        Values by parameter name.
    Q, R, L, error
        At the end; NaN where it was not reached.
    rate
        The learning rate there, under momentum that of the limit; NaN likewise.
    diverged
        1 or 0; NaN where that is not known.
    passages
        By level, when the error first fell to it; NaN if it did not. Only of levels asked for.
    plateau
        The longest time the error took to fall by a tenth; NaN if it never did, or was not
        asked for.
    spread
        Of the field ``w.x`` at the end, where inputs with a spectrum make it another than L.
    """

    problem: Problem
    columns: Mapping[str, Array]
    Q: Array
    R: Array
    L: Array
    error: Array
    rate: Array
    diverged: Array
    passages: Mapping[float, Array]
    plateau: Array
    spread: Array | None = None

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """``eta_max`` of Proposition 2, and the largest stable eta at L = l0; of flows only."""
        names = [name for name in BOUND_DEPENDS if name in self.columns]
        keys = np.array([self.columns[name] for name in names]).reshape(-1, len(self.Q)).T
        unique, inverse = np.unique(keys, axis=0, return_inverse=True)
        bounds = np.full((len(unique), 2), np.nan)
        for k, key in enumerate(unique):
            other = dict(zip(names, (float(x) for x in key), strict=True))
            found = learning_rate_bound(self.problem.replace(**other))
            if found is not None:
                bounds[k] = found
        eta_max, largest = bounds[inverse.ravel()].T
        return eta_max, largest


def ending_of_flows(columns: Mapping[str, Array], flows: Flows, record: AtEnd) -> Ending:
    """Where flows ended that were solved with some columns."""
    complete = flows.status == flows.kernels.COMPLETE

    def at_end(values: Array) -> Array:
        return np.where(complete, values, np.nan)

    problem = flows.problem
    state = flows.order_parameters
    Q, error = flows.observed()
    diverged = (flows.status == flows.kernels.DIVERGED).astype(float)
    times = np.where(np.isfinite(record.passages), record.passages, np.nan)
    return Ending(
        problem, columns, at_end(Q), at_end(state["R"]), at_end(state["L"]), at_end(error),
        rate=at_end(_rates(flows, record.ends)),
        diverged=np.where(flows.status == OUTSIDE, np.nan, diverged),
        passages=dict(zip(record.levels, times.T, strict=True)),
        plateau=at_end(np.where(record.plateaus > 0, record.plateaus, np.nan)),
        spread=at_end(state["spread"]) if "spread" in state else None,
    )  # fmt: skip


def _rates(flows: Flows, ends: Array) -> Array:
    """The learning rate at the end of every flow."""
    if not isinstance(flows.problem.eta, str):
        rates: Array = flows.numbers[:, COLUMNS["eta"]]
        return rates
    times, where = np.unique(ends, return_inverse=True)
    return np.array([learning_rate(flows.problem.limit, t) for t in times])[where.ravel()]
