"""Population normalisation (PN): three ways to get at the statistics of the population."""

from __future__ import annotations

import torch
from torch import nn

from ..recipe.processes import world
from .moments import batch_moments, channels
from .norms import Norm, wide


class PopulationNorm(Norm):
    """PN, the reference: statistics of the batch's last ``extra`` images, which have no loss.

    They are independent of the images that have one, and the gradient goes through them.
    """

    def __init__(self, count: int, layer: nn.Module, extra: int) -> None:
        super().__init__(count, layer)
        self.extra = extra

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training, of the extra images as well."""
        x = wide(input)
        mean, variance = batch_moments(x[-(self.extra // world()) :], self.running_mean)
        self.remember(mean, variance)
        return self.field(x, mean, variance).to(input.dtype)


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
        x = wide(input)
        mean, variance = batch_moments(x, self.running_mean)
        with torch.no_grad():
            inverse = torch.rsqrt(self.running_var + self.eps)
            r = (torch.sqrt(variance + self.eps) * inverse).clamp(1 / self.most_r, self.most_r)
            d = ((mean - self.running_mean) * inverse).clamp(-self.most_d, self.most_d)
        ratio = r * torch.rsqrt(variance + self.eps)
        scale, shift = self.weight * ratio, self.bias + self.weight * (d - mean * ratio)
        self.remember(mean, variance)
        return torch.addcmul(channels(shift, x), x, channels(scale, x)).to(input.dtype)


class ConstantNorm(RenormNorm):
    """PN with running statistics and no gradient through any: to show that it barely trains."""

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training."""
        if not self.warm:
            return super().train_field(input)
        x = wide(input)
        # Copies: the running statistics move on before the backward pass asks for them.
        result = self.field(x, self.running_mean.clone(), self.running_var.clone())
        self.remember(*batch_moments(x.detach(), self.running_mean))
        return result.to(input.dtype)
