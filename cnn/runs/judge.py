"""Judging a network: statistics of the population, losses and accuracies with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from ..data.batches import DeviceImages, moves_of_epoch
from ..networks.surgery import mode, norms_of
from ..norms.moments import Pool
from ..recipe.processes import rank, sum_over_processes, world

#: Images a batch when statistics are collected, and the most that they are collected from.
COLLECTED, MOST_COLLECTED = 500, 2500
JUDGE_SEED = 1  # of the augmentation of the images that statistics are collected from


class Score(NamedTuple):
    """Mean loss (cross-entropy, natural logarithm) and accuracy."""

    loss: float
    accuracy: float


def population(model: nn.Module, images: DeviceImages, augment: bool) -> dict[str, Pool]:
    """Moments of every normalisation's input over training images, pooled.

    The images pass in large batches, each normalised with its own statistics; the pooled moments
    are those of all batches together, variances divided by the count (biased).
    """
    training = model.training
    count = min(len(images), MOST_COLLECTED)
    moves = moves_of_epoch(JUDGE_SEED, 0, len(images), images.reach)[1] if augment else None
    for norm in norms_of(model).values():
        norm.pool = Pool()
    model.eval()
    with torch.no_grad(), mode(model, "collect"):
        for chosen in _shares(count, COLLECTED):
            model(images.take(chosen, moves[chosen] if moves is not None else None)[0])
    model.train(training)
    return {name: norm.pool for name, norm in norms_of(model).items()}


@contextmanager
def with_population(model: nn.Module, pools: dict[str, Pool]) -> Iterator[None]:
    """The network in evaluation mode with these statistics; it is itself again afterwards."""
    norms, training = norms_of(model), model.training
    before = {name: (n.running_mean.clone(), n.running_var.clone()) for name, n in norms.items()}
    try:
        for name, norm in norms.items():
            norm.remember(pools[name].mean, pools[name].variance, 1.0)
        model.eval()
        yield
    finally:
        for name, norm in norms.items():
            for statistic, value in zip(
                (norm.running_mean, norm.running_var), before[name], strict=True
            ):
                statistic.copy_(value)
        model.train(training)


@torch.no_grad()
def score(model: nn.Module, images: DeviceImages, most: int = 0, batch: int = 500) -> Score:
    """Loss and accuracy on all images, or the first ``most``, in evaluation mode."""
    training = model.training
    model.eval()
    sums = torch.zeros(3, dtype=torch.float64, device=images.labels.device)
    for chosen in _shares(min(len(images), most or len(images)), batch):
        x, labels = images.take(chosen)
        logits = model(x).float()
        loss = F.cross_entropy(logits, labels, reduction="sum").double()
        right = (logits.argmax(1) == labels).sum().double()
        sums += torch.stack([loss, right, torch.full_like(loss, len(labels))])
    model.train(training)
    loss, right, count = sum_over_processes(sums).tolist()
    return Score(loss / count, right / count)


def _shares(count: int, size: int) -> list[torch.Tensor]:
    """Indices of this process's images in batches; all processes have as many of each size."""
    usable = count - count % world()
    return list(torch.arange(usable)[rank() :: world()].split(max(1, size // world())))
