"""What a layer's batch statistics cost, from single images: the moments that `bridge` adds up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..data.batches import DeviceImages
from ..networks.surgery import norms_of
from ..norms.moments import channels
from ..norms.norms import Norm

RECORDED = 2048  # images whose fields are looked at one by one
FIELDS = 20_000  # rows that the kurtosis of neurons is estimated from


class Noise(NamedTuple):
    """What one layer's prediction needs: sums over channels, at M = 1; and recorded fields."""

    from_mean: float
    from_spread: float
    from_both: float
    from_residual: float
    uncorrelated: float
    fields: np.ndarray


def layer_noise(model: nn.Module, images: DeviceImages, seed: int) -> dict[str, Noise]:
    """Fisher informations and variances of every layer, the network in evaluation mode."""
    norms = norms_of(model)
    kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(name: str, norm: Norm) -> Callable[[nn.Module, Any, torch.Tensor], None]:
        def hook(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            kept[name] = (inputs[0].detach(), output)

        return hook

    hooks = [norm.register_forward_hook(keep(name, norm)) for name, norm in norms.items()]
    generator = torch.Generator().manual_seed(seed)
    seen: dict[str, list[dict[str, torch.Tensor]]] = {name: [] for name in norms}
    try:
        for chosen in torch.arange(min(RECORDED, len(images))).split(256):
            x, labels = images.take(chosen)
            logits = model(x)
            chances = logits.detach().softmax(1).cpu()
            drawn = torch.multinomial(chances, 1, generator=generator)[:, 0].to(logits.device)
            of_truth = torch.autograd.grad(
                F.cross_entropy(logits, labels, reduction="sum"),
                [output for _, output in kept.values()], retain_graph=True,
            )  # fmt: skip
            of_drawn = torch.autograd.grad(
                F.cross_entropy(logits, drawn, reduction="sum"),
                [output for _, output in kept.values()],
            )
            for name, truth, draw in zip(kept, of_truth, of_drawn, strict=True):
                seen[name].append(_per_image(norms[name], kept[name][0], truth, draw))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: summed(norm, seen[name]) for name, norm in norms.items()}


def standard(norm: Norm, x: torch.Tensor) -> torch.Tensor:
    """The field with mean 0 and variance 1 in the population."""
    inverse = torch.rsqrt(norm.running_var + norm.eps)
    return channels(inverse, x) * (x - channels(norm.running_mean, x))


def _per_image(
    norm: Norm, x: torch.Tensor, truth: torch.Tensor, drawn: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Of each image and channel: slopes by beta and gamma, means of u and u^2; and the fields."""
    over = list(range(2, x.ndim))
    u, truth, drawn = (part.double() for part in (standard(norm, x), truth, drawn))
    return {
        "b": truth.sum(over),
        "a": (truth * u).sum(over),
        "drawn_b": drawn.sum(over),
        "drawn_a": (drawn * u).sum(over),
        "m1": u.mean(over),
        "m2": u.square().mean(over),
        "fields": x.movedim(1, -1).flatten(0, -2),
    }


def summed(norm: Norm, parts: list[dict[str, torch.Tensor]]) -> Noise:
    """One layer's noise, from what is known of each of its images."""
    a, b, drawn_a, drawn_b, m1, m2, fields = (
        torch.cat([part[key] for part in parts])
        for key in ("a", "b", "drawn_a", "drawn_b", "m1", "m2", "fields")
    )
    gamma = norm.weight.detach().double()
    first, second = gamma * (m1 - m1.mean(0)), gamma * (m2 - m2.mean(0)) / 2
    by_mean, by_spread = drawn_b @ first.T, drawn_a @ second.T  # k_ij
    v1, v2 = m1.var(0, correction=0), m2.var(0, correction=0)
    covariance = (m1 * m2).mean(0) - m1.mean(0) * m2.mean(0)
    own = (b * first + a * second).sum(1).mean()
    bent = gamma * (a.mean(0) * (v1 / 2 + 3 * v2 / 8) + b.mean(0) * covariance / 2)
    alone = drawn_b.square().mean(0) * v1 / 2 + drawn_a.square().mean(0) * v2 / 8
    every = max(1, len(fields) // FIELDS)
    return Noise(
        _others(by_mean.square()) / 2,
        _others(by_spread.square()) / 2,
        _others(by_mean * by_spread),
        float(bent.sum() - own),
        float((gamma.square() * alone).sum()),
        fields[::every].cpu().numpy(),
    )


def _others(pairs: torch.Tensor) -> float:
    """The mean over pairs of different images."""
    count = len(pairs)
    return float((pairs.sum() - pairs.diagonal().sum()) / (count * (count - 1)))
