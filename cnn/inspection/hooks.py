"""Hooks on a network's batch normalisations: each replaced for one pass, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from .nested import Inputs

Treat = Callable[[str, _BatchNorm, torch.Tensor], torch.Tensor]
Forward = Callable[[nn.Module, Inputs], torch.Tensor]
CONVOLUTIONS = nn.modules.conv._ConvNd


class Statistics(NamedTuple):
    """Mean and biased variance of each channel, in the type that the field is normalised in."""

    mean: torch.Tensor
    variance: torch.Tensor


def batch_norms(model: nn.Module) -> dict[str, _BatchNorm]:
    """All batch normalisations by name."""
    found = model.named_modules()
    return {name: module for name, module in found if isinstance(module, _BatchNorm)}


def uses_batches(norm: _BatchNorm) -> bool:
    """Whether it normalises by the batch as its flags are now."""
    return norm.training or norm.running_mean is None


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; flags, buffers and torch's generators are as before after it.

    Flags are set one by one: a network's own ``train`` may do more than that.
    """
    flags = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
    with torch.random.fork_rng(devices=list(devices)):
        try:
            for module, _ in flags:
                module.training = False
            yield
        finally:
            for module, flag in flags:
                module.training = flag
            with torch.no_grad():
                for buffer, before in buffers:
                    if not torch.equal(buffer, before):
                        buffer.copy_(before)


class Passes:
    """Passes of batches through a network whose batch normalisations are replaced.

    Parameters
    ----------
    model
        The network.
    norms
        Those that are replaced, by name.
    forward
        How the network's answer is got.
    """

    def __init__(self, model: nn.Module, norms: dict[str, _BatchNorm], forward: Forward) -> None:
        self.model, self.norms, self.forward = model, norms, forward

    def run(self, inputs: Inputs, treat: Treat | None) -> torch.Tensor:
        """The network's answer, each norm's output being what ``treat`` says.

        A norm that is passed twice has the name ``bn#2`` at the second time.
        """
        calls = dict.fromkeys(self.norms, 0)

        def hook(name: str) -> Callable[..., torch.Tensor]:
            def replace(
                norm: _BatchNorm, given: tuple[torch.Tensor, ...], _: torch.Tensor
            ) -> torch.Tensor:
                calls[name] += 1
                assert treat is not None
                called = name if calls[name] == 1 else f"{name}#{calls[name]}"
                return treat(called, norm, given[0])

            return replace

        hooks = []
        if treat is not None:
            hooks = [norm.register_forward_hook(hook(n)) for n, norm in self.norms.items()]
        try:
            return self.forward(self.model, inputs)
        finally:
            for one in hooks:
                one.remove()

    def feeders(self, inputs: Inputs) -> dict[str, tuple[str, nn.Module]]:
        """The convolution or linear layer whose output each norm is given, where there is one."""
        made: list[tuple[torch.Tensor, nn.Module]] = []  # kept alive, so that `is` means the same
        names = {module: name for name, module in self.model.named_modules()}
        layers = [m for m in names if isinstance(m, CONVOLUTIONS | nn.Linear)]
        found: dict[str, tuple[str, nn.Module]] = {}

        def keep(layer: nn.Module, _: object, output: torch.Tensor) -> None:
            made.append((output, layer))

        def treat(name: str, norm: _BatchNorm, x: torch.Tensor) -> torch.Tensor:
            for output, layer in made:
                if output is x:
                    found[name] = (names[layer], layer)
            return by_batch(norm, x)

        hooks = [layer.register_forward_hook(keep) for layer in layers]
        try:
            with torch.no_grad():
                self.run(inputs, treat)
        finally:
            for one in hooks:
                one.remove()
        return found


def by_batch(norm: _BatchNorm, x: torch.Tensor) -> torch.Tensor:
    """Normalised by the batch as it comes; no running statistics are touched."""
    return F.batch_norm(x, None, None, norm.weight, norm.bias, True, 0.0, norm.eps)


def by_population(norm: _BatchNorm, x: torch.Tensor, known: Statistics) -> torch.Tensor:
    """Normalised by statistics that are given."""
    return F.batch_norm(
        x, known.mean, known.variance, norm.weight, norm.bias, False, 0.0, norm.eps
    )  # fmt: skip


def by_image(x: torch.Tensor, images: int) -> torch.Tensor:
    """Fields as (images, channels, positions); rows of one image follow each other.

    Raises
    ------
    ValueError
        If there is no whole number of rows an image.
    """
    if len(x) % images:
        raise ValueError(f"{len(x)} rows at a batch normalisation do not belong to {images} images")
    x = x.flatten(2) if x.ndim > 2 else x[:, :, None]
    if len(x) == images:
        return x
    folded = x.reshape(images, len(x) // images, *x.shape[1:])
    return folded.transpose(1, 2).flatten(2)
