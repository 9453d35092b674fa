"""How many images a bridge passes through its network, so that a layer takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from ..data.batches import DeviceImages
from ..networks.surgery import norms_of

#: Multiplications of the full plan, at most: one or two minutes of one core, or less.
BUDGET = 1.0e12


class Plan(NamedTuple):
    """Numbers of images.

    Attributes
    ----------
    recorded
        Looked at one by one, and in every sampled pass.
    sampled
        Batch sizes that every layer is sampled at; the others follow by first order.
    pool
        Images of a pool, the largest batch.
    pools
        Pools that a single layer is measured on, or 0: it is sampled only.
    together
        Pools that all layers together are measured on.
    joint
        Other pools, that these are predicted from.
    passes
        Images that go through the network in all.
    """

    recorded: int
    sampled: tuple[int, ...]
    pool: int
    pools: int
    together: int
    joint: int
    passes: int


def plan(
    model: nn.Module, images: DeviceImages, sizes: Sequence[int], seen: int | None = None
) -> Plan:
    """Numbers of images for a bridge: by the network's size, or with ``seen`` images a gap.

    A network too large for the full plan has each layer sampled in one pass, at one batch size, and
    measured not at all.

    Parameters
    ----------
    model
        A network with BN.
    images
        Its training images.
    sizes
        Batch sizes, at most half the images.
    seen
        Images that a gap of a single layer is measured on.
    """
    layers, all_sizes = len(norms_of(model)), tuple(sizes)
    pool = min(len(images), max(512, 2 * max(sizes)))
    pools = max(2, round((seen or 2048) / pool))
    most = min(len(images), max(2048, 2 * max(sizes)))
    full = _plan(layers, all_sizes, (most, all_sizes, pool, pools, 4 * pools, 12 * pools))
    if seen is not None or full.passes * multiplications(model, images) < BUDGET:
        return full
    least = min(len(images), max(256, 2 * max(sizes)))
    middle = (sorted(sizes)[len(sizes) // 2],)
    return _plan(layers, all_sizes, (least, middle, min(pool, least), 0, 8, 16))


def _plan(
    layers: int,
    sizes: tuple[int, ...],
    numbers: tuple[int, tuple[int, ...], int, int, int, int],
) -> Plan:
    """With the number of passes."""
    recorded, sampled, pool, pools, together, joint = numbers
    passes = recorded * (3 + layers * len(sampled)) + 2 * pool * joint
    passes += pool * (len(sizes) + 1) * (layers * pools + together)
    return Plan(*numbers, passes)


@torch.no_grad()
def multiplications(model: nn.Module, images: DeviceImages) -> int:
    """Of one image's way through the convolutions and linear layers."""
    training = model.training
    found = []

    def hook(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        kernel = layer.weight
        assert isinstance(kernel, torch.Tensor)
        found.append(output.numel() * kernel[0].numel())

    kinds = nn.modules.conv._ConvNd | nn.Linear
    layers = [module for module in model.modules() if isinstance(module, kinds)]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        model.eval()(images.take(torch.arange(1))[0])
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return sum(found)
