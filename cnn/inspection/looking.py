"""The passes of `inspect`: by batch, by population, and by the running statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..norms.moments import Pool, channels
from ..norms.norms import wide
from .drawing import drawn_labels, drawn_slopes
from .hooks import Passes, Statistics, by_batch, by_image, by_population
from .images import Loss, Seen, checked_loss
from .joint import Deviation, Joint, joint_gap, moved
from .prediction import Estimate, Slopes, estimate

Gradients = list[tuple[torch.Tensor | None, ...]]


@dataclass
class ByBatch:
    """What a pass with the batches' own statistics gave.

    Attributes
    ----------
    pools
        Moments of each norm's input, over all batches.
    losses
        Of each batch.
    gradients
        Of each batch, by the weights that were asked for.
    moments
        Of each norm and batch: mean and biased variance of each channel.
    """

    pools: dict[str, Pool] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    gradients: Gradients = field(default_factory=list)
    moments: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = field(default_factory=dict)


def by_batches(
    passes: Passes, seen: Seen, loss: Loss | None, weights: Sequence[nn.Parameter]
) -> ByBatch:
    """Every batch with its own statistics, as in training; with gradients if weights are given."""
    found = ByBatch()
    for batch in seen.batches:

        def treat(name: str, norm: _BatchNorm, x: torch.Tensor, count: int = len(batch[1])
                  ) -> torch.Tensor:  # fmt: skip
            field_ = by_image(x.detach(), count)
            found.pools.setdefault(name, Pool()).add(field_)
            variance, mean = torch.var_mean(wide(field_), (0, 2), correction=0)
            found.moments.setdefault(name, []).append((mean, variance))
            return by_batch(norm, x)

        with torch.set_grad_enabled(bool(weights)):
            value = checked_loss(loss, passes.run(batch[0], treat), batch)
            if weights:
                found.gradients.append(torch.autograd.grad(value, weights, allow_unused=True))
        found.losses.append(float(value.detach()))
    return found


def population(pools: dict[str, Pool], norms: dict[str, _BatchNorm]) -> dict[str, Statistics]:
    """The pooled moments, in the type that fields are normalised in."""
    found = {}
    for name, pool in pools.items():
        norm = norms[name.split("#")[0]]
        like = next((p for p in (norm.weight, norm.running_mean) if p is not None), None)
        kind = torch.float32 if like is None else like.dtype
        found[name] = Statistics(pool.mean.to(kind), pool.variance.clamp_min(0).to(kind))
    return found


@torch.no_grad()
def running_losses(passes: Passes, seen: Seen, loss: Loss | None) -> list[float]:
    """Each batch's loss as the network is deployed: with the running statistics it has."""
    return [float(checked_loss(loss, passes.run(batch[0], None), batch)) for batch in seen.batches]


class Predicted(NamedTuple):
    """Each layer's gap at M = 1, that of all at the size in use, and each batch's quiet loss."""

    estimates: dict[str, Estimate]
    joint: Joint | None
    losses: list[float]


def predictions(
    passes: Passes,
    seen: Seen,
    loss: Loss | None,
    found: ByBatch,
    known: dict[str, Statistics],
    seed: int,
) -> Predicted:
    """What is predicted, by one backward pass of each batch with statistics of the population.

    Half of the images have slopes whose mean square is the curvature by the network's answer (the
    Fisher information), the others those of the loss itself.
    """
    generator = torch.Generator().manual_seed(seed)
    slopes: dict[str, Slopes] = {}
    drawn: list[torch.Tensor] = []
    losses: list[float] = []
    for batch in seen.batches:
        recorder = _Recorder(known, slopes, len(batch[1]))
        output = passes.run(batch[0], recorder.treat)
        value = checked_loss(loss, output, batch)
        losses.append(float(value.detach()))
        chosen = torch.rand(len(batch[1]), generator=generator) < 0.5
        drawn.append(chosen)
        slopes_of = drawn_labels if loss is None else partial(drawn_slopes, loss)
        asked = slopes_of(output, batch, chosen.to(value.device), generator)
        torch.autograd.grad(asked, recorder.shifts, allow_unused=True)
    flags = torch.cat(drawn).numpy()
    place = np.repeat(np.arange(len(drawn)), [len(part) for part in drawn])
    estimates, moves = {}, np.zeros((len(flags), len(drawn)))
    for name, own in slopes.items():
        norm = passes.norms[name.split("#")[0]]
        gamma = gamma_of(norm)
        arrays = own.joined()
        estimates[name] = estimate(gamma, arrays, flags)
        deviation = _deviation(found.moments[name], known[name], norm.eps)
        moves += moved(gamma, arrays.a, arrays.b, deviation)
    return Predicted(estimates, joint_gap(moves, place, flags), losses)


def gamma_of(norm: _BatchNorm) -> np.ndarray:
    """Of each channel; ones where there is none."""
    if norm.weight is None:
        return np.ones(norm.num_features)
    gamma: np.ndarray = norm.weight.detach().cpu().double().numpy()
    return gamma


def _deviation(
    moments: list[tuple[torch.Tensor, torch.Tensor]], known: Statistics, eps: float
) -> Deviation:
    """How far each batch's statistics are from the population's."""
    mean, variance = (torch.stack(part).double() for part in zip(*moments, strict=True))
    inverse = torch.rsqrt(variance + eps)
    spread = torch.sqrt(known.variance.double() + eps) * inverse - 1
    away = (known.mean.double() - mean) * inverse
    return Deviation(spread.cpu().numpy(), away.cpu().numpy())


class _Recorder:
    """Normalises by the population, and keeps each image's slopes when they come back.

    The output may be changed in place by what follows: its hook still gets the gradient by the
    value before. ``shifts`` are zeros added to beta, so that there is something to differentiate
    by where every parameter is frozen, and no gradient by parameters is computed.
    """

    def __init__(
        self, known: dict[str, Statistics], slopes: dict[str, Slopes], images: int
    ) -> None:
        self.known, self.slopes, self.images = known, slopes, images
        self.shifts: list[torch.Tensor] = []

    def treat(self, name: str, norm: _BatchNorm, x: torch.Tensor) -> torch.Tensor:
        """The normalised field."""
        shift = torch.zeros(norm.num_features, device=x.device, requires_grad=True)
        self.shifts.append(shift)
        plain, known = x.detach(), self.known[name]
        y = by_population(norm, x, known) + channels(shift, x).to(x.dtype)
        inverse = torch.rsqrt(known.variance + norm.eps)
        u = by_image((plain - channels(known.mean, x)) * channels(inverse, x), self.images)
        own = self.slopes.setdefault(name, Slopes())
        own.m1.append(u.mean(2))
        own.m2.append(u.square().mean(2))

        def keep(gradient: torch.Tensor) -> None:
            slope = by_image(gradient.to(u.dtype), self.images)
            own.b.append(slope.sum(2))
            own.a.append((slope * u).sum(2))

        y.register_hook(keep)
        return y
