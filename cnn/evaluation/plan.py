"""How many images a bridge passes through its network, so that a layer takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from ..data.batches import DeviceImages
from ..networks.surgery import norms_of

#: Multiplications that a bridge may take in all where the least numbers of images allow it: one or
#: two minutes of one core.
BUDGET = 1.0e12
POOL = 512  # images of a pool, the largest batch


class Plan(NamedTuple):
    """Numbers of images.

    Attributes
    ----------
    recorded
        Looked at one by one, and in every sampled pass.
    pool
        Images of a pool.
    pools
        Pools that a single layer is measured on.
    together
        Pools that all layers together are measured on.
    passes
        Images that go through the network in all.
    """

    recorded: int
    pool: int
    pools: int
    together: int
    passes: int


def plan(
    model: nn.Module, images: DeviceImages, sizes: Sequence[int], seen: int | None = None
) -> Plan:
    """Numbers of images for a bridge: by the network's size, or with ``seen`` images a gap.

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
    layers, count = len(norms_of(model)), len(sizes)
    allowed = BUDGET / multiplications(model, images) / (layers * (count + 1))
    small = max(2 * max(sizes), POOL // 4)
    # A large network has smaller pools, since standard errors need several of them.
    pool = min(len(images), POOL if allowed > 8 * POOL else small, max(POOL, small))
    if seen is None:
        seen = int(min(4096, max(allowed / 3, 4 * pool)))
    pools = max(2, round(seen / pool))
    recorded = int(min(len(images), 2048, max(256, 2 * max(sizes), allowed / 3)))
    together = 4 * pools
    passes = recorded * (3 + layers * count) + pool * (count + 1) * (layers * pools + together)
    return Plan(recorded, pool, pools, together, passes + pool * together)


@torch.no_grad()
def multiplications(model: nn.Module, images: DeviceImages) -> int:
    """Of one image's way through the convolutions and linear layers."""
    found = []

    def hook(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        kernel = layer.weight
        assert isinstance(kernel, torch.Tensor)
        found.append(output.numel() * kernel[0].numel())

    kinds = nn.modules.conv._ConvNd | nn.Linear
    layers = [module for module in model.modules() if isinstance(module, kinds)]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        model(images.take(torch.arange(1))[0])
    finally:
        for handle in handles:
            handle.remove()
    return sum(found)
