"""What a student errs in training mode and when it is deployed (theory page 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...odes.tables.running_law import RunningLaw
from ...results.base import Result
from ...teacher_student.options import Progress
from ...teacher_student.problem import Problem
from ...teacher_student.problem_checks import check_problem as check_is_problem
from .deployed import STATISTICS, Deployment
from .state import check_problem, state

Array = np.ndarray
#: Of the picture: examples that share statistics, and momenta of the running statistics.
SIZES = (4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128)
MOMENTA = (0.01, 0.1, 0.3, 1.0)

Numbers = Mapping[str, float | None]


class ErrorsBySize(NamedTuple):
    """Errors of one student against the number of examples that share statistics.

    Attributes
    ----------
    sizes
        Those numbers, shape (sizes,).
    own_batch, population
        Errors, shape (sizes,).
    running
        Errors by momentum, each of shape (sizes,); NaN where infinite.
    """

    sizes: Array
    own_batch: Array
    population: Array
    running: dict[float, Array]


@dataclass(frozen=True)
class Inference(Result):
    """The errors of one student in training mode and deployed.

    Errors are ``E (g(v) - g(f))^2 / 2`` against the clean teacher, in units of label squared, for
    the statistics ``own_batch`` (training mode), ``population`` and ``running``; a number that
    does not exist, as one that is infinite, is None.

    Attributes
    ----------
    problem
        The setting.
    Q, R
        The student's gamma and overlap.
    statistics_size
        m, examples that share batch statistics.
    running_momentum
        rho, torch's ``momentum`` of a norm; 0 where the running statistics lag, as is ``rho = r/N``
        in the limit of large N.
    error
        The three errors.
    zero_one
        How often the sign of the field is not the teacher's, for the same three; None for an
        activation whose output does not tell that sign, and for a gamma of 0.
    moments
        Of the running statistics in units of the true ones: ``tau``, the variance of the mean (0
        if none is subtracted); ``v_half`` and ``v_one``, the means of ``V^-1/2`` and ``V^-1`` of
        the variance (None if the student is not divided by it).
    best_gamma
        The gamma at which each error is smallest at this overlap.
    gap
        The error in training mode minus that of ``population`` and of ``running``.
    std
        Standard deviation of the deployed error over the running statistics that one student may
        end with.
    running_rate
        r of running statistics that lag behind the weights; None of others.
    """

    _drawn_by: ClassVar[str] = "inference.draw_inference"
    _dimension: ClassVar[str] = "statistics"

    problem: Problem
    Q: float
    R: float
    statistics_size: int
    running_momentum: float
    error: Numbers
    zero_one: Numbers | None
    moments: Numbers
    best_gamma: Numbers
    gap: Numbers
    std: float | None
    running_rate: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {**vars(self), "problem": self.problem.to_dict()}

    def columns(self) -> dict[str, list[Any]]:
        """The CSV form: one row for each of the three statistics."""
        zero_one = self.zero_one or {}
        return {
            "statistics": list(STATISTICS),
            "error": [self.error[name] for name in STATISTICS],
            "zero_one": [zero_one.get(name) for name in STATISTICS],
            "best_gamma": [self.best_gamma[name] for name in STATISTICS],
            "gap": [self.gap.get(name) for name in STATISTICS],
            "std": [None, 0.0, self.std],
        }

    def _attributes(self) -> dict[str, Any]:
        own = {"problem": self.problem.to_json(), "Q": self.Q, "R": self.R}
        sizes = {"statistics_size": self.statistics_size, "running_momentum": self.running_momentum}
        moments = {name: np.nan if v is None else v for name, v in self.moments.items()}
        return {**own, **sizes, **moments}

    @cached_property
    def by_size(self) -> ErrorsBySize:
        """The errors of the picture: at this Q and R, against the statistics size."""

        def student(m: int, rho: float) -> Deployment:
            return Deployment(self.problem, RunningLaw(m, rho), self.R)

        def column(name: str, rho: float) -> Array:
            errors = [student(m, rho).curve(name).error(self.Q) for m in SIZES]
            return np.array(errors, dtype=float)

        running = {rho: column("running", rho) for rho in MOMENTA}
        own, population = (column(name, MOMENTA[0]) for name in STATISTICS[:2])
        return ErrorsBySize(np.array(SIZES), own, population, running)


def inference(
    problem: Problem,
    *,
    running_momentum: float | None = None,
    at_q: float | None = None,
    at_r: float | None = None,
    time: float = 20.0,
    progress: Progress | None = None,
) -> Inference:
    """The error of a student with its own batch's, the population's and running statistics.

    Training mode normalises by the batch's own statistics; a deployed network by running ones, an
    exponential average whose law is exact here (theory page 8): the running mean scatters by tau
    and the running variance, the unbiased one, by ``2 rho/((2 - rho)(m - 1))``. Running statistics
    are those of weights that no longer move within ``1/rho`` steps; or, of a problem with a
    ``running_rate``, those that the flow has left behind, which scatter no more.

    Parameters
    ----------
    problem
        The setting; of scheme ``bn``, ``mean-only-bn`` or ``var-only-bn``, without a trained shift.
    running_momentum
        rho, above 0 and at most 1, torch's ``momentum`` of a norm; by default the problem's, or
        its ``running_rate``.
    at_q, at_r
        Gamma and overlap of the student; by default those at the end of the flow, which is the
        one state at which a ``running_rate`` says how far V is behind.
    time
        End of the flow, in steps / N.
    progress
        As for `bntheory.integrate`.

    Returns
    -------
    Inference
        Errors to about 1e-9 (relative to ``E g(v)^2``), and to about 1e-10 where identity, ReLU
        or leaky ReLU have closed forms; to about 1e-7 in training mode with ``var-only-bn``.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted; also if the flow does not reach its
        end.

    Examples
    --------
    >>> import bntheory as bn
    >>> found = bn.inference(bn.Problem("identity", batch_size=8), at_q=0.88, at_r=0.98)
    >>> [round(error, 4) for error in found.error.values()]
    [0.1087, 0.0248, 0.0284]
    """
    check_is_problem(problem)
    if running_momentum is not None:
        problem = problem.replace(running_momentum=running_momentum, running_rate=None)
    check_problem(problem)
    found = state(problem, at_q, at_r, time, progress)
    Q, student = found.Q, found.student(problem)
    error = _errors(student, Q)
    best = {name: curve.best() for name, curve in student.curves.items()}
    own = error["own_batch"]
    gap = {name: None if own is None or value is None else own - value
           for name, value in error.items() if name != "own_batch"}  # fmt: skip
    powers = {"v_half": 0.5, "v_one": 1.0}
    moments = {name: student.inverse_moment(p) for name, p in powers.items()}
    return Inference(
        problem, Q, found.R, problem.m, student.law.rho, error, student.zero_one(Q),
        {"tau": student.tau, **moments}, best, gap, student.scatter(Q), problem.running_rate,
    )  # fmt: skip


def _errors(student: Deployment, Q: float) -> dict[str, float | None]:
    return {name: curve.error(Q) for name, curve in student.curves.items()}
