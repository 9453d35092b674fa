"""`CommitteeRuns`: the result of a simulation of several units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ....results.errors import InputError
from ....results.files import dataset
from ...committee.matching import Renaming, to_state, to_teachers
from ...committee.order import cosines, entries, specialisation
from ...committee.symmetry import symmetry
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
    renaming
        How units were renamed (`matched`), so that means are over runs that learn the same; None
        where every unit has the name that it started with. Runs of a start that is drawn are
        renamed to the teachers: there a unit's name means nothing.
    matched_to
        What they were renamed to: ``"teachers"``, ``"first"`` or ``"flow"``; else empty.
    picture
        What `plot` draws: ``"time"``, or ``"permutations"`` (`showing`).
    """

    _drawn_by: ClassVar[str] = "committee_runs.draw"

    renaming: Renaming | None = None
    matched_to: str = ""
    picture: str = "time"

    @property
    def renamed(self) -> int:
        """In how many runs units go by other names than those that they started with."""
        return 0 if self.renaming is None else int(self.renaming.renamed.sum())

    def matched(
        self, to: str | tuple[Array, Array | None] = "teachers", at: int = -1
    ) -> CommitteeRuns:
        """The same runs, with units renamed such that all runs learn the same.

        A run whose units learn the teachers in another order is another run of the same law
        where equal units (of the same ``a_k``) start alike; so is one whose signs differ where
        the output does not know them (`bntheory.teacher_student.committee.symmetry`). Every
        run's units are renamed as a whole, by linear assignment. The error does not change, the
        specialisation where signs do.

        Parameters
        ----------
        to
            ``"teachers"``: place k has the unit of the largest cosine with teacher ``k mod T``, and
            a positive gamma. ``"first"``: as close to the first run as can be. Or a state, a
            flow's say: its cosines, shape (K, T), and gammas, shape (K,), or None without.
        at
            Index of the stored time at which they are compared: the last.

        Raises
        ------
        InputError
            For another word.

        Examples
        --------
        >>> import bntheory as bn
        >>> problem = bn.Problem("erf", "sgd", units=2, teacher_units=2)
        >>> runs = bn.simulate(problem, dim=50, runs=2, time=1, points=2)
        >>> runs.matched().renamed
        0
        """
        runs = self.as_named()
        R, a = runs.values["R"][:, at], self.problem.committee.a
        gamma = runs.values["gamma"][:, at] if "gamma" in runs.values else None
        own, word = symmetry(self.problem), to if isinstance(to, str) else "flow"
        if isinstance(to, str) and to not in ("teachers", "first"):
            accepted = "teachers, first or a state's cosines and gammas are accepted"
            raise InputError("to", to, accepted, ("teachers", "first"))
        if word == "teachers":
            renaming = to_teachers(R, gamma, a, own)
        else:
            first = (R[0], None if gamma is None else gamma[0])
            renaming = to_state(R, gamma, first if isinstance(to, str) else to, a, own)
        values = _renamed(runs.values, renaming)
        return replace(runs, values=values, renaming=renaming, matched_to=word)

    def as_named(self) -> CommitteeRuns:
        """The same runs, every unit by the name that it started with."""
        if self.renaming is None:
            return self
        values = _renamed(self.values, self.renaming.inverse)
        return replace(self, values=values, renaming=None, matched_to="")

    def names(self) -> str:
        """What is to be said of names, in one sentence; empty where they are those of the start."""
        if self.renaming is None:
            return ""
        called = {"teachers": "the teachers", "first": "the first run", "flow": "the flow"}
        return (
            f"units of {self.renamed} of {self.runs} runs were renamed to match "
            f"{called[self.matched_to]} at the last stored time"
        )

    def showing(self, picture: str) -> CommitteeRuns:
        """The same runs with another picture: ``"time"``, or ``"permutations"``, of their names.

        Raises
        ------
        InputError
            For another.
        """
        accepted = ("time", "permutations")
        if picture not in accepted:
            raise InputError("picture", picture, "time or permutations is accepted", accepted)
        return replace(self, picture=picture)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: arrays as ``A[t][k][n]``; gamma is null where there is none."""
        found = super().to_dict()
        for kind in ("mean", "sem", "std"):
            found[kind] = {"gamma": None} | dict(found[kind])
        matched = {"to": self.matched_to, "renamed": self.renamed}
        return found | {"matched": matched if self.matched_to else None}

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
                "matched_to": self.matched_to,
            },
        )


def _renamed(values: Mapping[str, Array], renaming: Renaming) -> dict[str, Array]:
    """Values by other names; a sign of a unit's weights is one of its cosines."""
    found = renaming(values)
    if (renaming.signs != 1).any():
        found["specialisation"] = specialisation(found["R"])
    return found


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
