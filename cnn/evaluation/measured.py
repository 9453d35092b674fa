"""Loss gaps measured on real batches, in pools of images: the first order of every pool cancels.

A pool of images is normalised as one batch, then cut into batches of M. What single images do to
the statistics to first order adds up to what they do to the pool's, so that the difference of the
two losses scatters like 1/M in place of 1/sqrt(M). Drawn from N images without repetition, batches
of M have a gap of ``c share(M)``, ``share(M) = (N - M)/((N - 1) M)``, to first order in 1/M; so the
difference is ``c (share(M) - share(pool))``, and a gap is given as ``share(M)`` times the c found.
What is supposed of the pool is a first order at 512 images; none if the pool is all N.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..data.batches import DeviceImages
from ..networks.surgery import norms_of

Array = np.ndarray
Advance = Callable[[int], None]


def share(size: int, population: int) -> float:
    """What a first order in 1/M is multiplied by, for batches without repetition.

    Parameters
    ----------
    size
        Images of a batch, M.
    population
        Images that it is drawn from, N.

    Examples
    --------
    >>> round(16 * share(16, 2000), 4), share(100, 100)
    (0.9925, 0.0)
    """
    return (population - size) / ((population - 1) * size)


@torch.no_grad()
def measured(
    model: nn.Module,
    images: DeviceImages,
    layers: Sequence[str],
    sizes: Sequence[int],
    pools: tuple[int, int],
    seed: int,
    advance: Advance = lambda _: None,
) -> Array:
    """Gaps divided by the share of 1/M, one estimate a pool.

    Parameters
    ----------
    model
        A network in evaluation mode, with the population's statistics.
    images
        Its training images.
    layers
        Normalisations that use batch statistics, all of them at a time.
    sizes
        Batch sizes, at most half a pool.
    pools
        How many pools, and images of one.
    seed
        Of the images drawn.
    advance
        Called with the images that have passed since the last call.

    Returns
    -------
    Array
        Shape (pools, sizes): c of ``gap = c share(M)``, to first order the same for all sizes.
    """
    rng = np.random.default_rng(seed)
    count, most = pools
    found = np.empty((count, len(sizes)))
    with batch_statistics(model, layers):
        for row in found:
            drawn = torch.from_numpy(rng.choice(len(images), most, replace=False))
            x, labels = images.take(drawn)
            wholes: dict[int, float] = {}
            for place, size in enumerate(sizes):
                usable = most // size * size
                if usable not in wholes:
                    wholes[usable] = _mean_loss(model, x[:usable], labels[:usable], usable)
                parts = _mean_loss(model, x[:usable], labels[:usable], size)
                between = share(size, len(images)) - share(usable, len(images))
                row[place] = (parts - wholes[usable]) / between
            advance(most * (len(sizes) + len(wholes)))
    return found


def _mean_loss(model: nn.Module, x: torch.Tensor, labels: torch.Tensor, size: int) -> float:
    """Of images in batches of a size, each with its own statistics."""
    losses = [
        F.cross_entropy(model(part), answer).double()
        for part, answer in zip(x.split(size), labels.split(size), strict=True)
    ]
    return float(torch.stack(losses).mean())


@contextmanager
def batch_statistics(model: nn.Module, layers: Sequence[str]) -> Iterator[None]:
    """Only these normalisations use the batch's statistics; the others stay in evaluation."""
    norms = norms_of(model)
    for name in layers:
        norms[name].mode = "batch"
    try:
        yield
    finally:
        for name in layers:
            norms[name].mode = "normal"
