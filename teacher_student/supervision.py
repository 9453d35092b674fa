"""What a problem trains its student with: loss, labels and their noise, resolved."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .labels import Labels, NoiseLaw
from .losses import Loss
from .named_numbers import put_in
from .parameters import PARAMETERS

#: The parameters that say with what a student is trained.
SUPERVISION = ("loss", "labels", "noise_law", "clip")

Array = np.ndarray


def class_error(problem: Supervised, Q: Array, R: Array) -> dict[str, Array]:
    """``error01`` of a student of classes: how often its field's sign is not the teacher's.

    ``arccos(R)/pi`` of a field without shift and with a positive scale; nothing for other labels.

    Parameters
    ----------
    problem
        The setting.
    Q, R
        Scale and overlap, of any shape.

    Examples
    --------
    >>> from bntheory import Problem
    >>> class_error(Problem(scheme="wn", labels="sign"), np.array([1.0]), np.array([0.0]))
    {'error01': array([0.5])}
    """
    if not problem.labels_.classes or problem.train_beta:
        return {}
    return {"error01": np.arccos(np.clip(np.where(Q < 0.0, -R, R), -1.0, 1.0)) / np.pi}


class Supervised:
    """The part of a problem that its loss and labels make up: a mixin of its fields."""

    loss: str
    labels: str
    noise_law: str
    clip: float | None
    parameters: Mapping[str, float]
    train_beta: bool

    @property
    def loss_(self) -> Loss:
        """The loss, resolved."""
        return Loss.named(put_in(self.loss, self.parameters))

    @property
    def labels_(self) -> Labels:
        """The labels, resolved."""
        return Labels.named(self.labels)

    @property
    def noise_law_(self) -> NoiseLaw:
        """The law of the label noise, resolved."""
        return NoiseLaw.named(self.noise_law)

    @property
    def unusual(self) -> tuple[str, object] | None:
        """The first of loss, labels, noise law and clipping that is not its default, if any."""
        for name in SUPERVISION:
            if getattr(self, name) != PARAMETERS[name].default:
                return name, getattr(self, name)
        return None

    @property
    def heavy_tails(self) -> bool:
        """Whether labels have noise that not all powers have a mean of."""
        return not (self.noise_law_.gaussian or self.labels_.classes)

    @property
    def squares(self) -> bool:
        """Whether it is the squared loss of teacher labels with Gaussian noise, and no more."""
        return self.unusual is None
