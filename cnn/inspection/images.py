"""The batches that a network is looked at with, and what its answer to them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from ...results.errors import InputError
from .prediction import BLOCKS

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Batch = tuple[torch.Tensor, torch.Tensor]
ACCEPTED = "pairs (inputs, labels) of tensors, an image a row, are accepted"


class Seen(NamedTuple):
    """What is looked at: batches on the network's device; the size in use is that of the first."""

    batches: list[Batch]

    @property
    def batch_size(self) -> int:
        """Images that share statistics in the batches as they come."""
        return len(self.batches[0][1])

    @property
    def sizes(self) -> list[int]:
        """Images of each batch."""
        return [len(labels) for _, labels in self.batches]

    @property
    def images(self) -> int:
        """In all batches."""
        return sum(self.sizes)

    def joined(self) -> Batch:
        """All images in one."""
        inputs, labels = zip(*self.batches, strict=True)
        return torch.cat(inputs), torch.cat(labels)


def take_batches(batches: Iterable[Any], limit: int, device: torch.device) -> Seen:
    """The first few batches.

    Raises
    ------
    InputError
        If there are none, or they are no pairs of tensors, or too few images.
    """
    try:
        found = list(islice(iter(batches), limit))
    except TypeError:
        raise InputError("batches", type(batches).__name__, f"an iterable of {ACCEPTED}") from None
    taken = [_pair(batch, device) for batch in found]
    if not taken:
        raise InputError("batches", "none", ACCEPTED)
    seen = Seen(taken)
    for _, labels in taken:
        if len(labels) < 2:
            raise InputError("batches", f"one of {len(labels)}", "at least 2 images a batch")
    if seen.images < 2 * BLOCKS:
        reason = f"at least {2 * BLOCKS} images in all are accepted"
        raise InputError("batches", f"{seen.images} images", reason)
    return seen


def _pair(batch: Any, device: torch.device) -> Batch:
    """One batch, checked."""
    pair = isinstance(batch, list | tuple) and len(batch) == 2
    if not pair or not all(isinstance(part, torch.Tensor) and part.ndim for part in batch):
        raise InputError("batches", f"one of {type(batch).__name__}", ACCEPTED)
    inputs, labels = batch
    if len(inputs) != len(labels):
        shapes = f"{tuple(inputs.shape)} and {tuple(labels.shape)}"
        raise InputError("batches", shapes, "as many labels as inputs are accepted")
    return inputs.to(device), labels.to(device)


def shape_of(batch: Batch) -> str:
    """How messages name a batch."""
    inputs, labels = batch
    return f"inputs {tuple(inputs.shape)}, labels {tuple(labels.shape)}"


def checked_loss(loss: Loss | None, output: Any, batch: Batch) -> torch.Tensor:
    """The loss of a batch: cross-entropy unless told otherwise.

    Raises
    ------
    InputError
        If the answer and the labels have no such loss, or it is not finite.
    """
    if loss is None:
        good = isinstance(output, torch.Tensor) and output.ndim == 2
        if not good or batch[1].ndim != 1 or batch[1].is_floating_point():
            given = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output)
            reason = (
                "without a loss of your own, logits (images, classes) and whole labels (images,) "
                f"are accepted; the network's answer is {given}"
            )
            raise InputError("batches", shape_of(batch), reason)
        classes = output.shape[1]
        if not 0 <= int(batch[1].min()) <= int(batch[1].max()) < classes:
            raise InputError("batches", shape_of(batch), f"labels below {classes} are accepted")
        value = F.cross_entropy(output.float(), batch[1])
    else:
        value = loss(output, batch[1])
    if value.ndim or not bool(torch.isfinite(value)):
        reason = "a loss that is one finite number, the mean over images, is accepted"
        raise InputError("loss" if loss else "batches", shape_of(batch), reason)
    return value
