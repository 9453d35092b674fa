"""The normalisations, as modules that take the place of a batch normalisation.

With ``h`` the output of the layer before (a kernel ``w`` a channel), ``mu``, ``s`` the mean and
the biased spread of ``h`` in the batch, over images and positions (theory page 1):

=================  ===============================================================================
``bn``             ``gamma (h - mu)/s + beta``
``ghost-bn:K``     the same, in groups of K images that follow each other
``pn:...``         the same with statistics of the population (`population_norms`)
``wn``             ``gamma c h/|w| + beta``, c fixed by the first batch so that the spread is 1
``wn+mean-bn``     ``gamma c (h - mu)/|w| + beta``
``wn+var-bn``      ``gamma h/s + beta``
``none``           ``h + beta``, the kernel scaled once so that the spread is 1 at first
=================  ===============================================================================

In evaluation ``mu`` and ``s`` are those of the population. All are ``scale h + shift`` with one
scale and one shift a channel; what differs is where those come from. In training the fields are
read as rarely as can be, with gradients in closed form: `bntheory.cnn.norms.normalise`.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from ...results.errors import InputError
from ..recipe.processes import world
from . import passes
from .moments import Pool, channels
from .normalise import Moments, Rule, affine, batch_norm, moments_of_all, normalise
from .passes import fast, wide


class Norm(_BatchNorm):
    """What all normalisations share; as it stands, BN in plain operations.

    ``weight`` is gamma, ``bias`` beta. ``mode`` is ``"normal"``; ``"batch"``: normalise with the
    batch as it comes, whatever the norm; ``"collect"``: add it to ``pool`` as well; ``"start"``:
    take what the first batch decides.

    Parameters
    ----------
    count
        Number of channels.
    layer
        The convolution or linear layer before; its kernels stay its own.
    momentum
        Weight of a new batch in the running statistics.
    """

    layer: nn.Module
    running_mean: torch.Tensor
    running_var: torch.Tensor
    has_gamma = True
    subtracts = True  # the mean
    divides = True  # by the spread
    uses_batch = True
    closed = True  # the backward pass, in training: not torch's own

    def __init__(self, count: int, layer: nn.Module, momentum: float = 0.1) -> None:
        super().__init__(count, momentum=momentum)
        # Not a submodule: the layer is registered where it stands in the network.
        object.__setattr__(self, "layer", layer)
        self.mode = "normal"
        self.pool = Pool()

    def __deepcopy__(self, memo: dict[int, object]) -> Norm:
        raise TypeError("rebuild the network instead of copying it: a norm belongs to its layer")

    def _check_input_dim(self, input: torch.Tensor) -> None:
        """Any number of dimensions will do."""

    @property
    def kernel(self) -> torch.Tensor:
        """The kernels of the layer before, one a channel."""
        kernel = self.layer.weight
        assert isinstance(kernel, torch.Tensor)
        return kernel

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Fields (B, C, ...) in, normalised fields of the same type out."""
        if self.mode != "normal":
            return self._look(wide(input)).to(input.dtype)
        if self.training:
            return self.train_field(input)
        return self.field(wide(input), self.running_mean, self.running_var).to(input.dtype)

    def gain(self) -> torch.Tensor:
        """What the fields are multiplied by, apart from the spread; one a channel."""
        return self.weight

    def scale(self, variance: torch.Tensor) -> torch.Tensor:
        """What the fields are multiplied by, one a channel."""
        return self.gain() * torch.rsqrt(variance + self.eps) if self.divides else self.gain()

    def field(self, x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
        """The normalised field, given the statistics to normalise with."""
        scale = self.scale(variance)
        shift = self.bias - mean * scale if self.subtracts else self.bias
        return torch.addcmul(channels(shift, x), x, channels(scale, x))

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training."""
        if not self.uses_batch:
            return affine(input, self.gain(), self.bias, torch.zeros_like(self.running_mean))
        if self.subtracts != self.divides and fast(input) is None and world() == 1:
            return self._plainly(input)
        moments = self.moments(input)
        self.remember(*moments)
        return normalise(input, self.gain(), self.bias, moments, self.rule())

    def _plainly(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training by torch's own gradients, faster on a CPU for a part of BN."""
        x = wide(input)
        variance, mean = torch.var_mean(x, [0, *range(2, x.ndim)], correction=0)
        self.remember(mean.detach(), variance.detach())
        return self.field(x, mean, variance).to(input.dtype)

    def moments(self, x: torch.Tensor) -> Moments:
        """Mean and variance of these fields in all processes, (1, C) each."""
        return moments_of_all(x.detach(), self.running_mean)

    def rule(self, groups: int = 1, first: int = 0) -> Rule:
        """What is done with the statistics of groups, or of images from a first one on."""
        return Rule(self.eps, self.subtracts, self.divides, groups, first)

    @torch.no_grad()
    def remember(
        self, mean: torch.Tensor, variance: torch.Tensor, momentum: float | None = None
    ) -> None:
        """Move the running statistics towards these, (C,) or (1, C)."""
        share = self.momentum if momentum is None else momentum
        assert share is not None
        self.running_mean.lerp_(mean.flatten().to(self.running_mean.dtype), share)
        self.running_var.lerp_(variance.flatten().to(self.running_var.dtype), share)

    @torch.no_grad()
    def start(self, x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
        """Take what the first batch decides; return its fields as they are from then on."""
        self.remember(mean, variance, 1.0)
        if not self.subtracts:
            self.bias -= self.weight * mean * torch.rsqrt(variance + self.eps)
        return x

    @torch.no_grad()
    def _look(self, x: torch.Tensor) -> torch.Tensor:
        mean, variance = (part[0] for part in self.moments(x))
        if self.mode == "start":
            x = self.start(x, mean, variance)
        elif self.mode == "collect":
            self.pool.add(x)
        return self.field(x, mean, variance)


class BatchNorm(Norm):
    """BN; in one process by torch's own kernel."""

    closed = False

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training."""
        if world() > 1:
            return super().train_field(input)
        return F.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, True,
            self.momentum or 0.0, self.eps,
        )  # fmt: skip


class GhostNorm(Norm):
    """BN in groups of ``size`` images that follow each other in the batch (ghost batches)."""

    def __init__(self, count: int, layer: nn.Module, size: int) -> None:
        super().__init__(count, layer)
        self.size = size

    def train_field(self, input: torch.Tensor) -> torch.Tensor:
        """The field in training."""
        if len(input) % self.size:
            raise InputError(
                "norm",
                f"ghost-bn:{self.size}",
                f"a batch of a multiple of {self.size} images in each process is accepted, not "
                f"{len(input)}",
            )
        groups = len(input) // self.size
        if passes.fast(input) is None:
            return batch_norm(input, self.weight, self.bias, self.eps, groups)
        moments = passes.moments(input.detach(), self.running_mean, groups)
        return normalise(input, self.weight, self.bias, moments, self.rule(groups))
