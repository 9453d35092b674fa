"""`CommitteeRuns`: the result of a simulation of several units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....results.files import dataset
from ...committee.order import best_match, cosines, entries
from ..runs import Runs

if TYPE_CHECKING:
    import xarray

Array = np.ndarray
#: The dimensions of what has several numbers at a time.
DIMENSIONS = {
    "gamma": ("unit",),
    "beta": ("unit",),
    "A": ("unit", "teacher_unit"),
    "R": ("unit", "teacher_unit"),
    "C": ("unit", "other_unit"),
}


@dataclass(frozen=True)
class CommitteeRuns(Runs):
    """Simulated runs of a committee.

    Attributes
    ----------
    problem, dim, engine, seed, t, status, message, inputs
        As of `Runs`.
    values
        ``gamma`` (and ``beta``, where trained), shape (runs, times, K); ``A`` and the cosines
        ``R``, shape (runs, times, K, T); ``C``, shape (runs, times, K, K); ``error`` and
        ``specialisation``, shape (runs, times). ``error`` is against the clean teacher at
        population statistics: by quadrature, or of ``ln`` and ``rms`` on a fixed sample.
    blocks
        Empty: committees have isotropic inputs.
    """

    _drawn_by: ClassVar[str] = "committee_runs.draw_committee_runs"

    def matched(self) -> CommitteeRuns:
        """The same runs, with units renamed to those teachers that they learn in the end.

        A run whose units learn the teachers in another order is another run of the same law
        where equal units (of the same ``a_k``) start alike. Every run's units are permuted as a
        whole, such that at the last time the sum of the cosines with teacher ``k mod T`` is the
        largest. Error and specialisation do not change.

        Examples
        --------
        >>> import bntheory as bn
        >>> problem = bn.Problem("erf", "sgd", units=2, teacher_units=2, start="random")
        >>> runs = bn.simulate(problem, dim=50, runs=2, time=1, points=2).matched()
        >>> bool((runs.R[:, -1, 0, 0] + runs.R[:, -1, 1, 1] >= runs.R[:, -1].sum((1, 2)) / 2).all())
        True
        """
        order = best_match(self.values["R"][:, -1], self.problem.committee.a)
        values = dict(self.values)
        for name in values.keys() & DIMENSIONS.keys():
            at = order[:, None, :]
            made = np.take_along_axis(values[name], _like(at, values[name]), axis=2)
            if name == "C":
                made = np.take_along_axis(made, order[:, None, None, :], axis=3)
            values[name] = made
        return replace(self, values=values)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: arrays as ``A[t][k][n]``; gamma is null where there is none."""
        found = super().to_dict()
        for kind in ("mean", "sem", "std"):
            found[kind] = {"gamma": None} | dict(found[kind])
        return found

    def columns(self) -> dict[str, Array]:
        """The CSV form: a column a number, ``A_12_mean`` that of unit 1 and teacher 2."""
        table = {"t": self.t}
        for kind, of in (("mean", self.mean), ("sem", self.sem), ("std", self.std)):
            for name, values in of.items():
                table |= {f"{own}_{kind}": column for own, column in entries(name, values)}
        return table

    def to_dataset(self) -> xarray.Dataset:
        """All runs, with the dimensions run, t, unit, teacher_unit and other_unit."""
        return dataset(
            {n: (("run", "t", *DIMENSIONS.get(n, ())), v) for n, v in self.values.items()},
            {"t": self.t, "run": np.arange(self.runs)},
            {
                "problem": self.problem.to_json(),
                "dim": self.dim,
                "engine": self.engine,
                "inputs": self.inputs,
                "seed": self.seed,
                "status": self.status,
            },
        )


def _like(order: Array, values: Array) -> Array:
    """Indices along the units' axis, with as many dimensions as the values."""
    return order.reshape(*order.shape, *(1,) * (values.ndim - order.ndim))


def values_of_rows(
    rows: Array, a: Array, teacher: Array, trained: tuple[str, ...]
) -> dict[str, Array]:
    """What is read off stored rows ``gamma, beta, A, C``, shape (runs, times, numbers)."""
    K, T = len(a), len(teacher)
    ends = np.cumsum([K, K, K * T, K * K])
    gamma, beta, A, C = np.split(rows, ends[:-1], axis=-1)
    A, C = A.reshape(*rows.shape[:2], K, T), C.reshape(*rows.shape[:2], K, K)
    found = {"gamma": gamma, "beta": beta}
    values = {name: found[name] for name in ("gamma", "beta") if name in trained}
    return values | {"A": A, "R": cosines(A, C, teacher), "C": C}
