"""A finite training set and its reference solutions (theory page 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...results.checks import integer, number
from ..formula_kernels import specialise
from ..problem import Problem

Array = np.ndarray


def training_kernels(problem: Problem) -> Any:
    """The compiled kernels of a problem; PN takes BN's field, with the training set's statistics.

    The learning rate is passed in step by step, so a schedule compiles nothing.
    """
    scheme = "bn" if problem.scheme == "pn" else problem.scheme
    plain = problem.replace(scheme=scheme, eta=1.0, zeta=None)
    memory = ("online", "momentum") if problem.momentum else ()
    last = ("training", "training_momentum") if problem.momentum else ("training",)
    return specialise(plain, "batch_gradient", *memory, *last)


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
