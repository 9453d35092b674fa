"""The loss gap of one layer's batch statistics to all orders in 1/M, by one sampled pass.

With the other layers at rest, a batch's statistics of a layer are means over its images of
``m1, m2`` (means of u and u^2 over an image's positions), which no other image of the batch
changes. So batches need not be run: each image of one pass is normalised by statistics of its own,
the mean of its ``m1, m2`` and those of M - 1 other images that are drawn for it. That is the law of
the batch, own image and all, and holds every order in 1/M and every kink of what follows.

To first order the gap of image i is ``-1/M sum_j k_ij`` over those drawn, whose mean over draws is
known (`k_ij` as in `bntheory.cnn.evaluation.bridge`, with the true labels). Its deviation from that
mean is taken off: what is left scatters like 1/M in place of 1/sqrt(M), which at M = 64 saves 9 of
10 images or more in the networks of the ``cpu`` preset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional as F

from ..data.batches import DeviceImages
from ..networks.surgery import norms_of
from ..norms.norms import Norm, wide
from .layer_noise import AT_ONCE, Moments, Record


@torch.no_grad()
def sampled_gaps(
    model: nn.Module, images: DeviceImages, name: str, record: Record, size: int, seed: int
) -> torch.Tensor:
    """The gap of one layer at batches of ``size``: an estimate by every image, to be averaged.

    Parameters
    ----------
    model
        The network in evaluation mode, with the population's statistics.
    images
        Its training images, of which the first are the record's.
    name
        The layer.
    record
        What `bntheory.cnn.evaluation.layer_noise.record` found.
    size
        Batch size M, at most the record's images.
    seed
        Of the draws.

    Returns
    -------
    torch.Tensor
        Shape (images of the record,), for batches drawn from these without repetition.
    """
    norm, moments = norms_of(model)[name], record.layers[name]
    count, device = len(record.losses), record.losses.device
    drawn = others(count, size, seed).to(device)
    batch = drawn + torch.eye(count, dtype=drawn.dtype, device=device)
    mean, square = batch @ moments["m1"] / size, batch @ moments["m2"] / size
    spread = torch.sqrt(norm.running_var + norm.eps).double()
    variance = (square - mean**2) * spread**2
    mean = norm.running_mean + spread * mean
    losses = []
    for chosen in torch.arange(count).split(AT_ONCE):
        x, labels = images.take(chosen)
        field = _apart(norm, mean[chosen].float(), variance[chosen].float())
        with replaced(norm, field):
            losses.append(F.cross_entropy(model(x), labels, reduction="none"))
    return (torch.cat(losses) - record.losses).double() - _known(norm, moments, drawn, size)


def others(count: int, size: int, seed: int) -> torch.Tensor:
    """Which ``size - 1`` others share each image's batch, shape (count, count), 0 or 1.

    Examples
    --------
    >>> drawn = others(5, 3, 0)
    >>> drawn.sum(1).tolist(), float(drawn.diagonal().sum())
    ([2.0, 2.0, 2.0, 2.0, 2.0], 0.0)
    """
    generator = torch.Generator().manual_seed(seed)
    places = torch.rand(count, count, generator=generator).fill_diagonal_(2.0)
    first = places.topk(size - 1, dim=1, largest=False).indices
    return torch.zeros(count, count, dtype=torch.float64).scatter_(1, first, 1.0)


@contextmanager
def replaced(norm: Norm, field: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """A normalisation gives another function of its input for a while."""

    def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        return field(wide(inputs[0])).to(output.dtype)

    handle = norm.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _apart(
    norm: Norm, mean: torch.Tensor, variance: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The field normalised by statistics of each image's own, shape (images, C)."""
    scale = norm.scale(variance)
    shift = norm.bias - mean * scale

    def field(x: torch.Tensor) -> torch.Tensor:
        a, b = (part.reshape(*part.shape, *[1] * (x.ndim - 2)) for part in (scale, shift))
        return torch.addcmul(b, x, a)

    return field


def _known(norm: Norm, moments: Moments, drawn: torch.Tensor, size: int) -> torch.Tensor:
    """The first order of each image's gap in the others drawn, less its mean over draws."""
    gamma = norm.weight.double()
    k = moments["b"] @ (gamma * moments["m1"]).T + moments["a"] @ (gamma * moments["m2"] / 2).T
    mean = (k.sum(1) - k.diagonal()) / (len(k) - 1)
    return ((size - 1) * mean - (drawn * k).sum(1)) / size
