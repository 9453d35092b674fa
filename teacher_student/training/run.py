"""One run of SGD on a training set: batches, averaging, and when to call it converged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..formula_kernels import specialise
from ..problem import Problem
from ..regularization import decay
from .training_set import TrainingSet, training_kernels

Array = np.ndarray
STARTS = ("zero", "random", "xty")


@dataclass(frozen=True)
class Student:
    """A trained student with the training set's statistics: its field is ``shift + v.x``."""

    v: Array
    shift: float


@dataclass(frozen=True)
class Training:
    """How a training set is used: everything that is not part of the problem.

    Attributes
    ----------
    epochs
        Most passes over the data.
    replacement
        Whether a batch may hold an example twice, and an epoch miss one.
    start
        ``zero``, ``random``, or ``xty``: along ``X^T y``, in the span of the data.
    tolerance
        Two successive averages, each over twice as many epochs as the one before, closer than
        this (relative to the later one) end the run.
    """

    epochs: int
    replacement: bool
    start: str
    tolerance: float


class TrainingRun:
    """SGD on one training set, advanced epoch by epoch."""

    def __init__(
        self, problem: Problem, data: TrainingSet, training: Training, rng: np.random.Generator
    ):
        self.problem, self.data, self.training, self.rng = problem, data, training, rng
        self.kernels = training_kernels(problem)
        self.P, dim = data.X.shape
        self.steps = max(1, self.P // problem.M)
        self.numbers = problem.gamma_rate, decay(problem), problem.weight_decay
        has_gamma = "gamma" in problem.trained_scalars
        self.unit_length = has_gamma
        self.scalars = np.array([problem.q0 if has_gamma else 0.0, 0.0])
        length = problem.l0 if has_gamma else problem.q0
        self.w = start_weights(training.start, length * math.sqrt(dim), data, rng)
        self.center = data.X.mean(axis=0)
        self.covariance = np.empty((0, 0))
        if problem.scheme == "pn":
            self.covariance = np.cov(data.X, rowvar=False, bias=True)
        self.pushes: tuple[Array, ...] = ()
        if problem.momentum:
            self.scalars = np.append(self.scalars, [0.0, 0.0])
            self.pushes = np.zeros(dim), np.empty(dim)
        self.epoch = 0
        self.mean_w, self.mean_scalars = np.zeros(dim), np.zeros(2)
        self.averaged = 0

    def advance(self) -> None:
        """Do one epoch."""
        first = self.epoch * self.steps
        rates = rates_at(self.problem, first + np.arange(self.steps), self.w.size)
        head: tuple[Any, ...] = (self.data.X, self.data.y, self.batches(), rates, self.numbers)
        student = self.w, *self.pushes, self.scalars
        sums = self.mean_w, self.mean_scalars
        problem, kind = self.problem, ""
        if problem.momentum:
            kind = "_momentum"
            head = *head, (problem.momentum, problem.nesterov, problem.decoupled_decay)
        if problem.scheme == "pn":
            epoch = getattr(self.kernels, f"train_epoch_population{kind}")
            epoch(*head, *student, self.center, self.covariance, *sums)
        else:
            epoch = getattr(self.kernels, f"train_epoch{kind}")
            epoch(*head, (problem.m, np.zeros(0)), *student, self.unit_length, *sums)
        self.epoch += 1
        self.averaged += self.steps

    def batches(self) -> Array:
        """The examples of every batch of one epoch, shape (steps, M)."""
        shape = self.steps, self.problem.M
        if self.training.replacement:
            return self.rng.integers(self.P, size=shape)
        return self.rng.permutation(self.P)[: shape[0] * shape[1]].reshape(shape)

    @property
    def alive(self) -> bool:
        """Whether all numbers are finite and of reasonable size."""
        return bool(np.abs(self.scalars).max() < 1e8 and self.w @ self.w < 1e16)

    def current(self) -> Student:
        """The student as it stands."""
        return self._student(self.w, self.scalars[:2])

    def average(self) -> Student:
        """The student averaged since the last call; starts a new average."""
        student = self._student(self.mean_w / self.averaged, self.mean_scalars / self.averaged)
        self.mean_w[:], self.mean_scalars[:], self.averaged = 0.0, 0.0, 0
        return student

    def _student(self, w: Array, scalars: Array) -> Student:
        fields = self.data.X @ w
        mu, sigma, n2 = float(fields.mean()), float(fields.std()), float(w @ w)
        gamma, beta = scalars
        shift, scale = self.kernels.affine_student(mu, sigma, n2, gamma, beta, float(w.size))
        return Student(scale * w, shift)


def start_weights(start: str, norm: float, data: TrainingSet, rng: np.random.Generator) -> Array:
    """Weights of a given length at one of `STARTS`; a random one where all labels are 0."""
    dim = data.teacher.size
    if start == "zero":
        return np.zeros(dim)
    direction = data.X.T @ data.y
    if start == "random" or not direction.any():
        direction = rng.standard_normal(dim)
    return direction * (norm / np.linalg.norm(direction))


def rates_at(problem: Problem, steps: Array, dim: int) -> Array:
    """The learning rate at given steps; a formula is evaluated at ``t = steps / N``."""
    if not isinstance(problem.eta, str):
        return np.full(len(steps), problem.eta)
    rate = specialise(problem, "observables").learning_rate
    return np.array([rate(t, 0.0) for t in steps / dim])
