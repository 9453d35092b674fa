"""What the strings of a problem mean: its activation, scheme and schedule, resolved."""

from __future__ import annotations

from collections.abc import Mapping

from .activations import Activation
from .learning_rate import Schedule
from .named_numbers import put_in
from .schemes import Scheme


class Resolved:
    """The part of a `Problem` that hands out what its formulas stand for."""

    activation: str
    scheme: str
    eta: float | str
    train_beta: bool
    frozen_std: float
    parameters: Mapping[str, float]

    def formula(self, name: str) -> str:
        """The formula or name of a parameter, with numbers in place of named ones."""
        return put_in(getattr(self, name), self.parameters)

    @property
    def carried(self) -> tuple[str, ...]:
        """Named numbers that a compiled flow takes as such (`bntheory.teacher_student.carried`)."""
        return ()

    @property
    def activation_(self) -> Activation:
        """The activation, resolved."""
        return Activation.named(self.formula("activation"))

    @property
    def scheme_(self) -> Scheme:
        """The scheme, resolved."""
        return Scheme.named(self.formula("scheme"), self.train_beta, self.frozen_std)

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the learning rate, resolved; None where it is constant."""
        return Schedule(self.formula("eta")) if isinstance(self.eta, str) else None

    @property
    def uses_batch(self) -> bool:
        """Whether the student normalises by statistics of its batch."""
        return self.scheme_.uses_batch

    @property
    def trained_scalars(self) -> tuple[str, ...]:
        """The scalars trained beside the weights, of ``gamma`` and ``beta``."""
        return self.scheme_.trained_scalars
