"""Population normalisation (PN): three ways to get at the statistics of the population."""

from __future__ import annotations

import torch
from torch import nn

from ..recipe.processes import world
from .normalise import Constants, affine, normalise
from .norms import Norm


class PopulationNorm(Norm):
    """PN, the reference: statistics of the batch's last ``extra`` images, which have no loss.

    They are independent of the images that have one, and the gradient goes through them.
    """

    def __init__(self, count: int, layer: nn.Module, extra: int) -> None:
        super().__init__(count, layer)
        self.extra = extra

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training, of the extra images as well."""
        first = len(input) - self.extra // world()
        moments = self.moments(input[first:])
        self.remember(*moments)
        return normalise(input, self.weight, self.bias, moments, self.rule(first=first))


class RenormNorm(Norm):
    """PN, the cheap way: forward with running statistics, backward through those of the batch.

    ``(h - mu)/s r + d`` with ``r = s/S`` and ``d = (mu - m)/S`` held constant: its value is
    ``(h - m)/S``. While ``warm`` is False it is BN. The bounds on r and d are those of batch
    renormalisation (Ioffe 2017): they keep a lagging ``m, S`` from running away, and within them
    the value is exact.
    """

    most_r, most_d = 3.0, 5.0

    def __init__(self, count: int, layer: nn.Module) -> None:
        super().__init__(count, layer, momentum=0.05)
        self.warm = False

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training."""
        if not self.warm:
            return super().train_field(input)
        mean, variance = moments = self.moments(input)
        inverse = torch.rsqrt(self.running_var + self.eps)
        r = (torch.sqrt(variance + self.eps) * inverse).clamp(1 / self.most_r, self.most_r)
        d = ((mean - self.running_mean) * inverse).clamp(-self.most_d, self.most_d)
        self.remember(mean, variance)
        constants = Constants(r, d)
        return normalise(input, self.weight, self.bias, moments, self.rule(), constants)


class ConstantNorm(RenormNorm):
    """PN with running statistics and no gradient through any: to show that it barely trains."""

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training."""
        if not self.warm:
            return super().train_field(input)
        scale = self.scale(self.running_var.clone())
        # Copies: the running statistics move on before the backward pass asks for them.
        result = affine(input, scale, self.bias, self.running_mean.clone())
        self.remember(*self.moments(input))
        return result
