"""How far the paper's approximation of a batch scheme is from the scheme itself.

The paper replaces BN by population normalisation with gamma decay (theory page 2), which
is right to first order in 1/M. Both have a flow, so their distance is computed, not sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...odes.flow.integrate import solve
from ...odes.flow.trajectory import Flow
from ...results.base import Result
from ...results.checks import integer
from ...results.errors import InputError
from ...teacher_student.committee.checks import refuse_committees
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem, refuse_running
from ...teacher_student.regularization import decay
from ...teacher_student.spectral import refuse_spectrum

Array = np.ndarray
Progress = Callable[[int, int], None]
QUANTITIES = ("Q", "R", "error")
SIZES = (4, 8, 16, 32, 64, 128)
APPROXIMATIONS = ("pn",)


@dataclass(frozen=True)
class Approximation(Result):
    """A batch scheme and its approximation over a range of batch sizes.

    Attributes
    ----------
    problem
        The setting; its batch size is replaced by each of `batch_sizes`.
    approximation
        ``"pn"``: population normalisation with the gamma decay of theory page 2.
    batch_sizes
        Shape (sizes,).
    zeta
        The gamma decay at each of them.
    exact, approximate
        The two flows at each of them, at the same times.
    """

    _drawn_by: ClassVar[str] = "regularization.draw_approximation"
    _dimension: ClassVar[str] = "batch_size"

    problem: Problem
    approximation: str
    batch_sizes: Array
    zeta: Array
    exact: tuple[Flow, ...]
    approximate: tuple[Flow, ...]

    def along(self, name: str) -> Array:
        """The largest difference of a quantity along the flow, for each batch size."""
        return np.array([np.abs(difference).max() for difference in self._differences(name)])

    def end(self, name: str) -> Array:
        """The difference (approximation minus exact) at the end, for each batch size."""
        return np.array([difference[-1] for difference in self._differences(name)])

    def _differences(self, name: str) -> list[Array]:
        pairs = zip(self.approximate, self.exact, strict=True)
        return [a.values[name] - e.values[name] for a, e in pairs]

    def verdict(self) -> str:
        """How far the approximation is off, in one sentence."""
        at = int(self.batch_sizes.argmax())
        off = ", ".join(f"{self.along(name)[at]:.3g} in {name}" for name in QUANTITIES)
        return (f"At M = {self.batch_sizes[at]:g}, {self.approximation} with gamma decay is never "
                f"farther from the exact flow than {off}.")  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "problem": self.problem.to_dict(),
            "approximation": self.approximation,
            "batch_size": self.batch_sizes,
            "zeta": self.zeta,
            "largest": {name: self.along(name) for name in QUANTITIES},
            "end": {name: self.end(name) for name in QUANTITIES},
        }

    def columns(self) -> dict[str, Array]:
        """The CSV form: a row a batch size."""
        table = {"batch_size": self.batch_sizes, "zeta": self.zeta}
        for name in QUANTITIES:
            table |= {f"{name}_largest": self.along(name), f"{name}_end": self.end(name)}
        return table

    def _attributes(self) -> dict[str, Any]:
        return {"problem": self.problem.to_json(), "approximation": self.approximation}


def approximate(
    problem: Problem,
    *,
    approximation: str = "pn",
    batch_sizes: Sequence[int] = SIZES,
    time: float = 20.0,
    points: int = 101,
    progress: Progress | None = None,
) -> Approximation:
    """How far PN with gamma decay is from an exact batch scheme over a range of batch sizes.

    Parameters
    ----------
    problem
        A batch scheme; its batch size does not matter.
    approximation
        ``"pn"``.
    batch_sizes
        Batch sizes M.
    time, points
        End of the flows in steps / N, and how many times are compared.
    progress
        Called with (work done, work in all) while tables are built.

    Returns
    -------
    Approximation

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> import bntheory as bn
    >>> found = bn.approximate(bn.Problem(activation="identity"), batch_sizes=[32, 64], time=5)
    >>> bool(found.along("Q")[1] < found.along("Q")[0])
    True
    """
    check_problem(problem)
    if approximation not in APPROXIMATIONS:
        raise InputError("approximation", approximation, f"{APPROXIMATIONS[0]} is accepted")
    refuse_committees(problem, "what PN is worth in place of BN")
    refuse_running(problem, "PN stands for the statistics of the batch")
    refuse_spectrum(problem, "the approximation is for isotropic inputs")
    if not problem.uses_batch:
        raise InputError("scheme", problem.scheme, "a batch scheme such as bn is accepted")
    sizes = [integer("batch_sizes", M, 1) for M in batch_sizes]
    if not sizes:
        raise InputError("batch_sizes", batch_sizes, "at least one batch size is accepted")
    exact, approximate, zeta = [], [], []
    for M in sizes:
        here = problem.replace(batch_size=M)
        other = here.replace(scheme="pn", zeta="auto", train_beta=False)
        flow = solve(here, time=time, points=points, progress=progress)
        exact.append(flow.raise_for_status())
        approximate.append(solve(other, time=time, points=points).raise_for_status())
        zeta.append(decay(other))
    return Approximation(
        problem, approximation, np.array(sizes), np.array(zeta), tuple(exact), tuple(approximate)
    )
