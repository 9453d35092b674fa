"""The batches that a network is looked at with, and what its answer to them costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from ...results.errors import InputError
from .nested import LABELS, Inputs, divided, form, joined, mapped, parts
from .prediction import BLOCKS

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Batch = tuple[Inputs, torch.Tensor]
ACCEPTED = (
    "pairs (inputs, labels) of tensors, an image a row, are accepted; inputs may be several in a "
    f"sequence or by name, and a table by name with one of {', '.join(LABELS)} is a pair, too"
)


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
        return joined(inputs), torch.cat(labels)


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
    if any(form(inputs) != form(taken[0][0]) for inputs, _ in taken):
        raise InputError("batches", "of several forms", "batches of one form are accepted")
    for _, labels in taken:
        if len(labels) < 2:
            raise InputError("batches", f"one of {len(labels)}", "at least 2 images a batch")
    if seen.images < 2 * BLOCKS:
        reason = f"at least {2 * BLOCKS} images in all are accepted"
        raise InputError("batches", f"{seen.images} images", reason)
    return seen


def _pair(batch: Any, device: torch.device) -> Batch:
    """One batch, checked."""
    pair = divided(batch)
    two = isinstance(pair, list | tuple) and len(pair) == 2
    found = [*parts(pair[0]), pair[1]] if two else []
    if len(found) < 2 or not all(isinstance(p, torch.Tensor) and p.ndim for p in found):
        raise InputError("batches", f"one of {type(batch).__name__}", ACCEPTED)
    if len({len(part) for part in found}) > 1:
        reason = "as many labels as inputs are accepted"
        raise InputError("batches", _shapes(found), reason)
    return mapped(lambda part: part.to(device), pair[0]), pair[1].to(device)


def _shapes(tensors: list[torch.Tensor]) -> str:
    return " and ".join(str(tuple(part.shape)) for part in tensors)


def shape_of(batch: Batch) -> str:
    """How messages name a batch."""
    inputs, labels = batch
    return f"inputs {_shapes([*parts(inputs)])}, labels {tuple(labels.shape)}"


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
