"""A finite training set and its reference solutions (theory.md, section 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.optimize

from ..results.checks import integer, number
from .hooks import specialise
from .problem import Problem

Array = np.ndarray
KERNELS = "teacher_student/training_kernels.py"


def training_kernels(problem: Problem):  # type: ignore[no-untyped-def]
    """The compiled kernels of a problem; PN takes BN's field, with the training set's statistics.

    The learning rate is passed in step by step, so a schedule compiles nothing.
    """
    scheme = "bn" if problem.scheme == "pn" else problem.scheme
    plain = problem.replace(scheme=scheme, eta=1.0, zeta=None)
    return specialise(KERNELS, plain, "teacher_student/batch_gradient.py")


@dataclass(frozen=True)
class TrainingSet:
    """``P = alpha N`` examples of one teacher.

    Attributes
    ----------
    X : ndarray, shape (P, N)
        Inputs, ``N(0, I/N)``.
    y : ndarray, shape (P,)
        Labels ``g(w*.x) + sqrt(S) xi``.
    teacher : ndarray, shape (N,)
        ``w*``, of squared length N.
    """

    X: Array
    y: Array
    teacher: Array

    @classmethod
    def draw(
        cls, problem: Problem, alpha: float, dim: int, rng: np.random.Generator
    ) -> TrainingSet:
        """Draw a training set.

        Parameters
        ----------
        problem
            Its activation and noise are used.
        alpha
            Load ``P / N > 0``; ``P`` is the nearest whole number, at least 1.
        dim
            ``N >= 2``.
        rng
            Source of all its numbers.

        Raises
        ------
        ValueError
            If a number is out of range.

        Examples
        --------
        >>> data = TrainingSet.draw(Problem(scheme="sgd"), 2.0, 50, np.random.default_rng(0))
        >>> data.X.shape
        (100, 50)
        """
        alpha, dim = number("alpha", alpha, above=0.0), integer("dim", dim, 2)
        X = rng.standard_normal((max(1, round(alpha * dim)), dim)) / math.sqrt(dim)
        teacher = rng.standard_normal(dim)
        teacher *= math.sqrt(dim) / np.linalg.norm(teacher)
        y = np.empty(len(X))
        training_kernels(problem).clean_labels(X @ teacher, y)
        y += math.sqrt(problem.noise) * rng.standard_normal(len(X))
        return cls(X, y, teacher)

    def overlaps(self, v: Array) -> tuple[float, float]:
        """``m = v.w*/N`` and ``q = |v|^2/N`` of an effective weight."""
        return float(v @ self.teacher / v.size), float(v @ v / v.size)


def ridge_solution(data: TrainingSet, decay: float = 0.0) -> Array:
    """The minimum of ``|y - X v|^2 / 2 + (decay/2) |v|^2``, for a linear student.

    Parameters
    ----------
    data
        The training set.
    decay
        ``lambda >= 0``; at 0 the least-squares solution of minimal norm.

    Returns
    -------
    ndarray, shape (N,)

    Raises
    ------
    ValueError
        If the decay is negative.
    """
    decay = number("decay", decay, least=0.0)
    if decay == 0.0:
        return scipy.linalg.lstsq(data.X, data.y)[0]
    normal = data.X.T @ data.X + decay * np.eye(data.X.shape[1])
    return scipy.linalg.solve(normal, data.X.T @ data.y, assume_a="pos")


@dataclass(frozen=True)
class FullBatchSolution:
    """A minimum found with all examples at once: weight, loss, and whether it converged."""

    v: Array
    loss: float
    gradient_norm: float
    converged: bool


def relu_solution(
    data: TrainingSet, decay: float, start: Array, zeta: float = 0.0
) -> FullBatchSolution:
    """A local minimum of a ReLU student's loss, by L-BFGS from ``start``.

    The loss is ``sum (y - max(0, h))^2 / 2 + zeta |h|^2 / 2 + (decay/2) |v|^2`` with ``h = X v``;
    ``zeta`` is PN's decay. It has many minima: the answer depends on the start.

    Parameters
    ----------
    data
        The training set.
    decay, zeta
        Both at least 0.
    start
        Where the search begins, shape (N,).

    Returns
    -------
    FullBatchSolution
        ``gradient_norm`` is relative to that at the start.

    Raises
    ------
    ValueError
        If a decay is negative.
    """
    decay, zeta = number("decay", decay, least=0.0), number("zeta", zeta, least=0.0)

    def loss(v: Array) -> tuple[float, Array]:
        h = data.X @ v
        residual = np.maximum(h, 0.0) - data.y
        value = residual @ residual + zeta * (h @ h) + decay * (v @ v)
        return 0.5 * value, data.X.T @ (residual * (h > 0) + zeta * h) + decay * v

    options = {"maxiter": 20_000, "maxfun": 40_000, "gtol": 1e-10, "ftol": 1e-15}
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    before, after = (float(np.linalg.norm(loss(v)[1])) for v in (start, found.x))
    return FullBatchSolution(found.x, float(found.fun), after / before, after < 1e-4 * before)
