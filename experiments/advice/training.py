"""The settings of a training script, and the problem of the theory that they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ...results.checks import integer, number
from ...results.errors import InputError
from ...teacher_student.parameters import PARAMETERS
from ...teacher_student.problem import Problem


@dataclass(frozen=True)
class NetworkTraining:
    """What a script that trains a network with torch's SGD sets, in its own units.

    A unit has ``fan_in`` inputs of mean 0 and variance 1, and steps ``w -= learning_rate * buf``,
    ``buf = momentum * buf + grad + weight_decay * w``; gamma alike. The theory's inputs have the
    variance ``1 / fan_in``; its weights are ``sqrt(fan_in)`` times these, so that exactly
    ``eta = fan_in * learning_rate`` and ``lambda = weight_decay`` (`problem`): its time is steps
    over fan_in, and gamma learns at ``eta / fan_in``, which is the learning rate.

    Attributes
    ----------
    batch_size
        M, examples of a step.
    statistics_size
        m, examples that share their batch statistics; M if None.
    learning_rate
        Of weights and gamma, of a step, above 0.
    momentum
        From 0 to below 1.
    weight_decay
        Of the weights, at least 0, coupled as torch's SGD has it; gamma does not decay.
    fan_in
        Fan-in of a unit: inputs, or channels times the kernel's area.
    steps_per_epoch
        Above 0; None if epochs do not matter.
    start_norm
        Length ``|w|`` of a unit's weights at the start, above 0.
    activation
        A name or a formula in ``h``.
    noise
        Variance of the label noise, at least 0, in units of the teacher field's variance.
    kurtosis
        Excess kurtosis of the pre-activations, above -2; 0 is that of a Gaussian.
    data
        A ``.npy`` or ``.csv`` file of pre-activations, one column a neuron, instead of a kurtosis.
    running_momentum
        rho of the running statistics, above 0 and at most 1.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> training = NetworkTraining(batch_size=128, learning_rate=0.1, fan_in=576, weight_decay=5e-4)
    >>> round(training.problem.eta, 9), training.problem.weight_decay
    (57.6, 0.0005)
    """

    batch_size: int = 32
    statistics_size: int | None = None
    learning_rate: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0
    fan_in: int = 512
    steps_per_epoch: float | None = None
    start_norm: float = 1.0
    activation: str = "relu"
    noise: float = 0.0
    kurtosis: float = 0.0
    data: str | None = None
    running_momentum: float = 0.1

    def __post_init__(self) -> None:
        for name in ("learning_rate", "start_norm"):
            number(name, getattr(self, name), above=0.0)
        if self.steps_per_epoch is not None:
            number("steps_per_epoch", self.steps_per_epoch, above=0.0)
        number("running_momentum", self.running_momentum, above=0.0, most=1.0)
        number("kurtosis", self.kurtosis, above=-2.0)
        integer("fan_in", self.fan_in, 1)
        integer("batch_size", self.batch_size, 2)
        if self.data is not None and self.kurtosis != 0.0:
            raise InputError("kurtosis", self.kurtosis, "accepted without data, which has its own")
        if not math.isfinite(self.learning_rate * self.fan_in):
            raise InputError("learning_rate", self.learning_rate, "too large for this fan-in")
        _ = self.problem  # it checks the other numbers

    @property
    def problem(self) -> Problem:
        """The same in the units of the theory."""
        shared = {name: getattr(self, name) for name in _SHARED}
        return Problem(scheme="bn", eta=self.learning_rate * self.fan_in, l0=self.start_norm,
                       **shared)  # fmt: skip

    def changed(self, change: Mapping[str, Any]) -> NetworkTraining:
        """The same with other values.

        Examples of an epoch stay what they are if the batch size changes, unless the steps of an
        epoch are changed as well.

        Raises
        ------
        ValueError
            For an unknown name, and a value that is not accepted.

        Examples
        --------
        >>> NetworkTraining(steps_per_epoch=100.0).changed({"batch_size": 8}).steps_per_epoch
        400.0
        """
        known = [field.name for field in fields(self)]
        for name in change:
            if name not in known:
                raise InputError("change", name, f"one of {' '.join(known)} is accepted", known)
        steps = self.steps_per_epoch
        other = replace(self, **change)
        if steps is None or "steps_per_epoch" in change or "batch_size" not in change:
            return other
        return replace(other, steps_per_epoch=steps * self.batch_size / other.batch_size)


#: What the theory calls by the same name.
_SHARED = tuple(field.name for field in fields(NetworkTraining) if field.name in PARAMETERS)
