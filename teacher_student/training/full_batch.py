"""Full-batch reference solutions for SGD on a training set (theory page 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.optimize

from ...results.checks import number
from ...results.errors import InputError
from ..problem import Problem
from ..regularization import decay
from .run import Student, start_weights
from .train import fresh_error
from .training_set import TrainingSet

Array = np.ndarray
#: A minimum counts as found when a fresh start from it gains less than this part of the loss. Its
#: gradient does not tell: examples with y < 0 rest at the kink h = 0, where it jumps.
SETTLED = 1e-7
RESTARTS = 30


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
    """A minimum found with all examples at once: weight, loss, and whether it was reached."""

    v: Array
    loss: float
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

    options = {"maxiter": 5000, "maxfun": 10_000, "gtol": 1e-10, "ftol": 1e-15}
    v, value = start, math.inf
    for _ in range(RESTARTS):  # at a kink the memory of earlier gradients misleads: forget it
        before = value
        found = scipy.optimize.minimize(loss, v, jac=True, method="L-BFGS-B", options=options)
        v, value = found.x, float(found.fun)
        if before - value <= SETTLED * value:
            return FullBatchSolution(v, value, True)
    return FullBatchSolution(v, value, False)


def solve_full_batch(
    problem: Problem, alpha: float, *, dim: int, runs: int, seed: int, start: str
) -> dict[str, Any]:
    """Errors of full-batch solutions on the training sets that `train` would draw.

    Returns
    -------
    dict
        Means ``error, m, q``, the error's ``sem``, and the counts ``used, converged``.

    Raises
    ------
    ValueError
        For a scheme or activation that has no full-batch loss here.
    """
    if problem.scheme not in ("sgd", "wn", "pn") or problem.activation not in ("identity", "relu"):
        raise InputError(
            "method",
            "full-batch",
            f"schemes sgd, wn, pn with identity or relu are accepted, not "
            f"{problem.scheme} with {problem.activation}",
        )
    rows, converged = [], 0
    for child in np.random.SeedSequence(seed).spawn(runs):
        data_rng, start_rng = (np.random.default_rng(s) for s in child.spawn(2))
        data = TrainingSet.draw(problem, alpha, dim, data_rng)
        v, found = _minimum(problem, data, start, start_rng)
        rows.append((fresh_error(problem, data, Student(v, 0.0)), *data.overlaps(v)))
        converged += found
    error, m, q = np.array(rows).T
    sem = float(error.std(ddof=1) / math.sqrt(runs)) if runs > 1 else math.nan
    means = {"error": float(error.mean()), "m": float(m.mean()), "q": float(q.mean())}
    return {**means, "sem": sem, "used": runs, "converged": converged}


def _minimum(
    problem: Problem, data: TrainingSet, start: str, rng: np.random.Generator
) -> tuple[Array, bool]:
    """The minimum of one problem's loss; decays are counted per example in a problem."""
    zeta = decay(problem)
    pn = zeta if problem.scheme == "pn" else 0.0
    ridge = problem.weight_decay if problem.scheme == "sgd" else zeta - pn
    ridge *= len(data.y) / data.teacher.size
    if problem.activation == "identity":
        return ridge_solution(data, ridge) / (1.0 + pn), True
    first = start_weights(start, math.sqrt(data.teacher.size), data, rng)
    found = relu_solution(data, ridge, first, pn)
    return found.v, found.converged
