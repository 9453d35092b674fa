"""Normalisations of the kernels' lengths (WN), with parts of BN or without, and none at all."""

from __future__ import annotations

import torch
from torch import nn

from .moments import channels
from .norms import Norm


class WeightNorm(Norm):
    """WN: the kernels' lengths are taken out, and nothing of the batch is used."""

    subtracts = False
    divides = False
    uses_batch = False

    def __init__(self, count: int, layer: nn.Module) -> None:
        super().__init__(count, layer)
        self.unit: torch.Tensor
        self.register_buffer("unit", torch.ones(count))

    def gain(self) -> torch.Tensor:
        """``gamma c/|w|``."""
        axes = list(range(1, self.kernel.ndim))  # flattening would copy kernels in channels_last
        return self.weight * self.unit / torch.linalg.vector_norm(self.kernel, dim=axes)

    @torch.no_grad()
    def start(self, x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
        """Choose c so that the spread is gamma, and the shift for a mean that stays."""
        length = torch.linalg.vector_norm(self.kernel.flatten(1), dim=1)
        self.unit.copy_(length * torch.rsqrt(variance + self.eps))
        return super().start(x, mean, variance)


class MeanOnlyNorm(WeightNorm):
    """WN with the batch's mean subtracted."""

    subtracts = True
    uses_batch = True


class VarianceOnlyNorm(Norm):
    """Divided by the batch's spread about its mean, which is not subtracted.

    The kernels' lengths drop out, so there is nothing left of WN to take out.
    """

    subtracts = False


class NoNorm(Norm):
    """A shift alone: gamma stays 1, and the kernels are scaled once, by the first batch."""

    has_gamma = False
    subtracts = False
    divides = False
    uses_batch = False

    def __init__(self, count: int, layer: nn.Module) -> None:
        super().__init__(count, layer)
        self.weight.requires_grad_(False)

    def gain(self) -> torch.Tensor:
        """One."""
        return torch.ones_like(self.weight)

    @torch.no_grad()
    def start(self, x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
        """Scale the kernels and shift, so that fields have mean 0 and spread 1."""
        inverse = torch.rsqrt(variance + self.eps)
        self.kernel.mul_(inverse.reshape(-1, *[1] * (self.kernel.ndim - 1)))
        return super().start(x, mean, variance) * channels(inverse, x)
