"""What a layer's batch statistics cost, from single images: the moments that `bridge` adds up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..data.batches import DeviceImages
from ..networks.surgery import norms_of
from ..norms.moments import channels
from ..norms.norms import Norm

FIELDS = 20_000  # rows that the kurtosis of neurons is estimated from
AT_ONCE = 256
Advance = Callable[[int], None]
Moments = dict[str, torch.Tensor]


class Record(NamedTuple):
    """What single images do in a quiet network.

    Attributes
    ----------
    layers
        By normalisation, of each image and channel, shape (images, C): slopes ``b, a`` of its loss
        by beta and gamma, ``drawn_b, drawn_a`` with a label drawn from the network's answer, and
        means ``m1, m2`` of u and u^2 over positions; ``fields``, shape (rows, C).
    losses
        Of each image, shape (images,).
    """

    layers: dict[str, Moments]
    losses: torch.Tensor


class Noise(NamedTuple):
    """What one layer's prediction needs: sums over channels, at M = 1; and recorded fields."""

    from_mean: float
    from_spread: float
    from_both: float
    from_residual: float
    uncorrelated: float
    fields: np.ndarray


def record(
    model: nn.Module,
    images: DeviceImages,
    count: int,
    seed: int,
    advance: Advance = lambda _: None,
) -> Record:
    """Slopes and moments of the first ``count`` images, the network in evaluation mode.

    Parameters
    ----------
    model
        A network with BN, its statistics those of the population.
    images
        Its training images.
    count
        Images looked at one by one.
    seed
        Of the labels drawn for the Fisher information.
    advance
        Called with the images that have passed since the last call, both ways counted.
    """
    norms = norms_of(model)
    kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(name: str) -> Callable[[nn.Module, Any, torch.Tensor], None]:
        def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            kept[name] = (inputs[0].detach(), output)

        return hook

    hooks = [norm.register_forward_hook(keep(name)) for name, norm in norms.items()]
    generator = torch.Generator().manual_seed(seed)
    seen: dict[str, list[Moments]] = {name: [] for name in norms}
    losses = []
    try:
        for chosen in torch.arange(count).split(AT_ONCE):
            found, slopes = _slopes(model, images, chosen, kept, generator)
            losses.append(found)
            for name, truth, drawn in zip(kept, *slopes, strict=True):
                part = _per_image(norms[name], kept[name][0], truth, drawn)
                every = max(1, len(part["fields"]) * count // (len(chosen) * FIELDS))
                part["fields"] = part["fields"][::every].cpu()  # else gigabytes in large networks
                seen[name].append(part)
            advance(3 * len(chosen))
    finally:
        for hook in hooks:
            hook.remove()
    return Record({name: joined(parts) for name, parts in seen.items()}, torch.cat(losses))


def joined(parts: Sequence[Moments]) -> Moments:
    """The moments of some images, one after the other."""
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def _slopes(
    model: nn.Module,
    images: DeviceImages,
    chosen: torch.Tensor,
    kept: dict[str, tuple[torch.Tensor, torch.Tensor]],
    generator: torch.Generator,
) -> tuple[torch.Tensor, list[tuple[torch.Tensor, ...]]]:
    """Losses of images, and their slopes by every normalised field: for true and drawn labels."""
    x, labels = images.take(chosen)
    logits = model(x)
    chances = logits.detach().softmax(1).cpu()
    drawn = torch.multinomial(chances, 1, generator=generator)[:, 0].to(logits.device)
    outputs = [output for _, output in kept.values()]
    losses = F.cross_entropy(logits, labels, reduction="none")
    of_truth = torch.autograd.grad(losses.sum(), outputs, retain_graph=True)
    of_drawn = torch.autograd.grad(F.cross_entropy(logits, drawn, reduction="sum"), outputs)
    return losses.detach(), [of_truth, of_drawn]


def standard(norm: Norm, x: torch.Tensor) -> torch.Tensor:
    """The field with mean 0 and variance 1 in the population."""
    inverse = torch.rsqrt(norm.running_var + norm.eps)
    return channels(inverse, x) * (x - channels(norm.running_mean, x))


def _per_image(norm: Norm, x: torch.Tensor, truth: torch.Tensor, drawn: torch.Tensor) -> Moments:
    """Of each image and channel: slopes by beta and gamma, means of u and u^2; and the fields."""
    over = list(range(2, x.ndim))
    u = standard(norm, x)
    sums = {
        "b": truth.sum(over),
        "a": (truth * u).sum(over),
        "drawn_b": drawn.sum(over),
        "drawn_a": (drawn * u).sum(over),
        "m1": u.mean(over),
        "m2": u.square().mean(over),
    }
    fields = x.movedim(1, -1).flatten(0, -2)
    return {**{key: value.double() for key, value in sums.items()}, "fields": fields}


def summed(norm: Norm, part: Moments) -> Noise:
    """One layer's noise, from what is known of each of its images."""
    a, b, drawn_a, drawn_b, m1, m2 = (
        part[key] for key in ("a", "b", "drawn_a", "drawn_b", "m1", "m2")
    )
    gamma = norm.weight.detach().double()
    first, second = gamma * (m1 - m1.mean(0)), gamma * (m2 - m2.mean(0)) / 2
    by_mean, by_spread = drawn_b @ first.T, drawn_a @ second.T  # k_ij
    v1, v2 = m1.var(0, correction=0), m2.var(0, correction=0)
    covariance = (m1 * m2).mean(0) - m1.mean(0) * m2.mean(0)
    own = (b * first + a * second).sum(1).mean()
    bent = gamma * (a.mean(0) * (v1 / 2 + 3 * v2 / 8) + b.mean(0) * covariance / 2)
    alone = drawn_b.square().mean(0) * v1 / 2 + drawn_a.square().mean(0) * v2 / 8
    return Noise(
        _others(by_mean.square()) / 2,
        _others(by_spread.square()) / 2,
        _others(by_mean * by_spread),
        float(bent.sum() - own),
        float((gamma.square() * alone).sum()),
        part["fields"].numpy(),
    )


def _others(pairs: torch.Tensor) -> float:
    """The mean over pairs of different images."""
    count = len(pairs)
    return float((pairs.sum() - pairs.diagonal().sum()) / (count * (count - 1)))
