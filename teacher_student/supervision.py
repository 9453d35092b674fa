"""What a problem trains its student with: loss, labels and their noise, resolved."""

from __future__ import annotations

from .labels import Labels, NoiseLaw
from .losses import Loss
from .parameters import PARAMETERS

#: The parameters that say with what a student is trained.
SUPERVISION = ("loss", "labels", "noise_law", "clip")


class Supervised:
    """The part of a problem that its loss and labels make up: a mixin of its fields."""

    loss: str
    labels: str
    noise_law: str
    clip: float | None

    @property
    def loss_(self) -> Loss:
        """The loss, resolved."""
        return Loss.named(self.loss)

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
    def squares(self) -> bool:
        """Whether it is the squared loss of teacher labels with Gaussian noise, and no more."""
        return self.unusual is None
