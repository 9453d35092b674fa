"""The loss gap measured by forward passes: batches of any size, one layer or all by batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from .hooks import Passes, Statistics, Treat, by_batch, by_population
from .images import Loss, Seen, checked_loss
from .nested import chosen

TOGETHER = "all"
LEAST_BATCHES = 40
Gaps = dict[int, dict[str, tuple[float, float]]]


def mixed(known: dict[str, Statistics], batched: Collection[str]) -> Treat:
    """Some layers by the batch, the others by the population."""

    def treat(name: str, norm: _BatchNorm, x: torch.Tensor) -> torch.Tensor:
        return by_batch(norm, x) if name in batched else by_population(norm, x, known[name])

    return treat


@torch.no_grad()
def measured_gaps(
    passes: Passes,
    seen: Seen,
    loss: Loss | None,
    known: dict[str, Statistics],
    sizes: Sequence[int],
    seed: int,
    each: bool,
) -> Gaps:
    """Mean loss with batch statistics in all layers minus that in none, and its sem.

    By batch size and layer; with ``each`` also of each layer alone. Batches are drawn from the
    images seen, as many as would pass all of them once, at least 40, the same for every layer. They
    are drawn with replacement, since the population whose statistics are taken is these images:
    without, batches would share too much with it.
    """
    inputs, labels = seen.joined()
    choices: dict[str, Collection[str]] = {name: [name] for name in known} if each else {}
    choices[TOGETHER] = list(known)
    found: Gaps = {}
    for size in sizes:
        rng = np.random.default_rng([seed, size])
        gaps: dict[str, list[float]] = {name: [] for name in choices}
        for _ in range(max(LEAST_BATCHES, seen.images // size)):
            drawn = torch.from_numpy(rng.integers(seen.images, size=size))
            drawn = drawn.to(labels.device)
            batch = chosen(inputs, drawn), labels[drawn]
            quiet = checked_loss(loss, passes.run(batch[0], mixed(known, ())), batch)
            for name, layers in choices.items():
                loud = checked_loss(loss, passes.run(batch[0], mixed(known, layers)), batch)
                gaps[name].append(float(loud - quiet))
        found[size] = {
            name: (float(np.mean(g)), float(np.std(g, ddof=1) / len(g) ** 0.5))
            for name, g in gaps.items()
        }
    return found
