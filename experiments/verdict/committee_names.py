"""Runs of a committee under the names of the flow's units.

Runs that learn the teachers in another order than the flow are runs of the same law under other
names. Each is renamed as a whole to what is closest to the flow's last state. At a time the names
of the end are taken where they can be told: where the flow's state is farther from all of its own
renamings than runs scatter, and where runs are closer to one another by them. Elsewhere, on a
plateau, where a choice of names would choose among fluctuations, units keep the names of the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...odes.committee.flow import CommitteeFlow
from ...teacher_student.committee.symmetry import SAME, symmetry
from ...teacher_student.online.committee.runs import CommitteeRuns

Array = np.ndarray
#: A flow's state is apart from its renamings if it is so many times the runs' scatter.
APART = 6.0


@dataclass(frozen=True, eq=False)
class Named:
    """Runs by the names that they are judged by.

    Attributes
    ----------
    runs
        The runs; at the times ``by_flow`` units are renamed to the flow's.
    by_flow
        Shape (times,).
    permuted
        How many runs are renamed there.
    """

    runs: CommitteeRuns
    by_flow: Array
    permuted: int


def named(runs: CommitteeRuns, flow: CommitteeFlow) -> Named:
    """Name the runs' units as a flow's at the same times are."""
    runs = runs.as_named()
    none = Named(runs, np.zeros(runs.t.size, dtype=bool), 0)
    gamma = flow.values.get("gamma")
    turned = runs.matched((flow.R[-1], None if gamma is None else gamma[-1]))
    if not turned.renamed:
        return none
    close = _scatter(turned.values["R"])
    by_flow = told_apart(turned, flow) & (close < _scatter(runs.values["R"]))
    if not by_flow.any():
        return none
    values = {
        name: np.where(by_flow.reshape(1, -1, *(1,) * (of.ndim - 2)), turned.values[name], of)
        for name, of in runs.values.items()
    }
    return Named(replace(runs, values=values), by_flow, turned.renamed)


def told_apart(runs: CommitteeRuns, flow: CommitteeFlow) -> Array:
    """At which times names are beyond doubt: the flow is far from its renamings, shape (times,)."""
    found: Array = _separation(flow) > APART * _scatter(runs.values["R"])
    return found


def _scatter(R: Array) -> Array:
    """Root mean square distance of runs from their mean, over all cosines, shape (times,)."""
    found: Array = np.sqrt(R.var(axis=0).sum(axis=(-2, -1)))
    return found


def _separation(flow: CommitteeFlow) -> Array:
    """Distance of the flow's cosines from the closest of their renamings, shape (times,)."""
    own, a, R = symmetry(flow.problem), flow.problem.committee.a, flow.R
    K, closest = len(a), np.full(len(R), np.inf)
    for k in range(K):
        for other in range(k, K):
            choices = own.equal * int(a[k] == a[other]) + own.opposite * int(a[k] == -a[other])
            for signs in choices:
                if other == k and signs == SAME:
                    continue
                one = ((R[:, k] - signs.w * R[:, other]) ** 2).sum(axis=-1)
                # Two units that change places do so with the same signs.
                closest = np.minimum(closest, one if other == k else 2.0 * one)
    return np.sqrt(closest)
