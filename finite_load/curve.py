"""`generalization`: the error of a trained student against the load (paper, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..results.base import Result
from ..results.errors import InputError
from ..teacher_student.problem import Problem
from ..teacher_student.regularization import decay
from . import linear
from .relu import relu_student
from .student import STUDENTS, checked_loads, choice, decay_of_the_sum

SCHEMES = ("sgd", "wn", "pn", "bn")
#: What each status of a load means, in the words that stand beside a curve.
MEANING = {
    "converged": "replica-symmetric solution, confirmed by simulation in this regime",
    "exact": "exact as N grows",
    "unstable": "replica symmetry is unstable here: not a prediction",
    "unreached": "no descent tried reaches this minimum: not a prediction",
    "diverges": "the error diverges",
    "failed": "no solution found",
}
TRUSTED = ("exact", "converged")


@dataclass(frozen=True)
class Generalization(Result):
    """Generalisation error against load, by theory.

    Attributes
    ----------
    problem
        Activation, scheme, noise, batch size; its own ``zeta`` and ``weight_decay`` are those of
        the first load, per example.
    student, scheme, zeta, noise, decay_per
        What was asked. ``decay_per`` is ``'example'`` for ``pn`` and ``bn``, whose penalty is
        defined an example.
    alpha, error : ndarray, shape (loads,)
        Loads ``P/N`` and ``E (g(v.x) - g(w*.x))^2 / 2``; ``inf`` where it diverges, NaN where no
        solution was found (both are null in JSON).
    order_parameters
        ``m = v.w*/N`` and ``q = |v|^2/N``; for a ReLU student also ``V``, ``jump`` and
        ``breaking`` of :class:`bntheory.finite_load.relu.ReluStudent`.
    status : tuple of str
        Per load; see :data:`MEANING`.
    """

    _drawn_by: ClassVar[str] = "loads.draw_generalization"
    _dimension: ClassVar[str] = "alpha"

    problem: Problem
    student: str
    scheme: str
    zeta: float
    noise: float
    decay_per: str
    alpha: NDArray[np.float64]
    error: NDArray[np.float64]
    order_parameters: Mapping[str, NDArray[np.float64]]
    status: tuple[str, ...]

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Where theory may be shown as a prediction, shape (loads,)."""
        return np.array([status in TRUSTED for status in self.status])

    @property
    def message(self) -> str:
        """What is wrong where not everything may be trusted, in words; empty otherwise."""
        wrong = [s for s in MEANING if s in self.status and s not in TRUSTED]
        return "; ".join(
            f"{s} at {self.status.count(s)} of {len(self.status)} loads: {MEANING[s]}"
            for s in wrong
        )

    @property
    def label(self) -> str:
        """Scheme, decay and whether there is label noise, as a legend says it."""
        name = {"sgd": "vanilla SGD", "wn": "WN", "pn": "PN", "bn": "BN"}[self.scheme]
        if self.scheme == "bn":
            name += f", M = {self.problem.M}"
        elif self.zeta > 0.0:
            penalty = "weight decay" if self.scheme == "sgd" else "gamma decay"
            name += f" + {penalty} ζ = {self.zeta:.4g} per {self.decay_per}"
        return name if self.noise > 0.0 else f"{name}, no label noise"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``status`` and ``message`` beside them."""
        return {
            "problem": self.problem.to_dict(),
            "student": self.student,
            "scheme": self.scheme,
            "zeta": self.zeta,
            "noise": self.noise,
            "decay_per": self.decay_per,
            "alpha": self.alpha,
            "error": self.error,
            "order_parameters": dict(self.order_parameters),
            "status": list(self.status),
            "message": self.message,
        }

    def columns(self) -> dict[str, Any]:
        """The CSV form: one row a load."""
        table = {"alpha": self.alpha, "error": self.error, **self.order_parameters}
        return {**table, "status": list(self.status)}

    def _variables(self) -> dict[str, Any]:
        return {name: values for name, values in self.columns().items() if name != "status"}

    def _attributes(self) -> dict[str, Any]:
        attributes = {"student": self.student, "scheme": self.scheme, "zeta": self.zeta}
        attributes |= {"noise": self.noise, "decay_per": self.decay_per}
        return {**attributes, "problem": self.problem.to_json(), "status": ", ".join(self.status)}


def generalization(
    student: str = "identity",
    alpha: ArrayLike = 2.0,
    *,
    scheme: str = "wn",
    zeta: float | None = None,
    noise: float = 0.25,
    batch_size: int | None = None,
    decay_per: str = "sum",
) -> Generalization:
    """Return the generalisation error of a trained student against the load ``alpha = P / N``.

    Parameters
    ----------
    student : {'identity', 'relu'}
        Activation of student and teacher.
    alpha : array_like
        Loads ``> 0``.
    scheme : {'sgd', 'wn', 'pn', 'bn'}
        ``sgd`` and ``wn`` with decay are ridge: WN covers all of R^N and ``|v|^2 = N gamma^2``.
        ``pn`` normalises by the training set's own variance. ``bn`` is converged BN at small
        learning rate.
    zeta : float, optional
        Decay ``>= 0``. Default 0; for ``pn`` that of section 2 for the batch size. ``bn`` takes
        none.
    noise : float
        Label-noise variance ``S >= 0``.
    batch_size : int, optional
        ``M``, for ``bn`` and for the default of ``pn``; default 32.
    decay_per : {'sum', 'example'}
        ``sum``: ``lambda = zeta`` against the summed loss. ``example``: ``(zeta/2) gamma^2`` an
        example, ``lambda = alpha zeta``. For ``sgd`` and ``wn`` only.

    Returns
    -------
    Generalization
        Read ``status`` before believing ``error``.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Notes
    -----
    theory page 7. Linear students are exact: ridge by the Marchenko-Pastur law, BN as
    ``kappa_M`` times least squares. ReLU students are replica symmetric, and BN is represented
    by PN with ``zeta = 3/(8M)``.

    Examples
    --------
    >>> curve = generalization("identity", [0.5, 2.0], zeta=0.25)
    >>> curve.error.round(4).tolist()
    [0.3202, 0.0877]
    """
    choice("student", student, STUDENTS)
    choice("scheme", scheme, SCHEMES)
    if scheme == "bn" and zeta:
        raise InputError("zeta", zeta, "scheme='bn' has no decay of its own; 0 is accepted")
    loads = checked_loads(alpha)
    zeta = None if scheme == "bn" else zeta
    base = Problem(student, scheme, zeta=None if scheme == "sgd" else zeta, noise=noise,
                   batch_size=batch_size)  # fmt: skip
    if scheme in ("pn", "bn"):
        value = decay(base.replace(scheme="pn", zeta="auto" if zeta is None else zeta))
        m_and_q = _normalised(student, base, loads, value)
        shown = value if scheme == "pn" else 0.0
        problem, decay_per = base.replace(zeta=shown), "example"
    else:
        shown = 0.0 if zeta is None else zeta
        m_and_q = _ridge(student, loads, decay_of_the_sum(shown, loads, decay_per), noise)
        problem = training_problem(base, shown, float(loads[0]), decay_per)
    solved, status = m_and_q
    names = ("m", "q") if student == "identity" else ("m", "q", "V", "jump", "breaking")
    order_parameters = {name: getattr(solved, name) for name in names}
    return Generalization(
        problem, student, scheme, shown, base.noise, decay_per, loads, solved.error,
        order_parameters, status,
    )  # fmt: skip


def training_problem(problem: Problem, zeta: float, alpha: float, decay_per: str) -> Problem:
    """Return the problem whose training at load ``alpha`` has this decay, counted per example."""
    per_example = zeta / alpha if decay_per == "sum" else zeta
    if problem.scheme == "sgd":
        return problem.replace(weight_decay=per_example)
    return problem.replace(zeta=per_example)


def _ridge(
    student: str, loads: NDArray[np.float64], decays: NDArray[np.float64], noise: float
) -> tuple[Any, tuple[str, ...]]:
    if student == "relu":
        solved = relu_student(loads, decays, noise)
        return solved, solved.status
    return _exact(linear.ridge(loads, decays, noise))


def _normalised(
    student: str, problem: Problem, loads: NDArray[np.float64], zeta: float
) -> tuple[Any, tuple[str, ...]]:
    if student == "relu":
        solved = relu_student(loads, 0.0, problem.noise, zeta)
        return solved, solved.status
    if problem.scheme == "bn":
        return _exact(linear.batch_normalised(loads, problem.m, problem.noise))
    return _exact(linear.population_normalised(loads, zeta, problem.noise))


def _exact(solved: linear.LinearStudent) -> tuple[linear.LinearStudent, tuple[str, ...]]:
    finite = np.isfinite(solved.q)
    return solved, tuple("exact" if good else "diverges" for good in finite)
