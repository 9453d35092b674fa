"""Inputs of several tensors: sequences and tables of them, an image a row in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import nn

#: What one batch feeds a network: a tensor, some in a row (``model(*inputs)``), or some by name
#: (``model(**inputs)``).
Inputs: TypeAlias = "torch.Tensor | tuple[torch.Tensor, ...] | dict[str, torch.Tensor]"
#: What a table of a batch calls its labels.
LABELS = ("labels", "label", "targets", "target")


def parts(inputs: Any) -> Iterator[Any]:
    """All of them, one after the other."""
    if isinstance(inputs, Mapping):
        yield from inputs.values()
    elif isinstance(inputs, list | tuple):
        yield from inputs
    else:
        yield inputs


def mapped(change: Callable[[torch.Tensor], torch.Tensor], inputs: Any) -> Inputs:
    """Each of them changed, in the same form."""
    if isinstance(inputs, Mapping):
        return {name: change(part) for name, part in inputs.items()}
    if isinstance(inputs, list | tuple):
        return tuple(change(part) for part in inputs)
    return change(inputs)


def joined(batches: Sequence[Inputs]) -> Inputs:
    """Those of several batches as one."""
    first = batches[0]
    if isinstance(first, dict):
        return {name: torch.cat([batch[name] for batch in batches]) for name in first}  # type: ignore[index]
    if isinstance(first, tuple):
        return tuple(torch.cat(column) for column in zip(*batches, strict=True))
    return torch.cat(list(batches))


def chosen(inputs: Inputs, rows: torch.Tensor) -> Inputs:
    """Some images of all."""
    return mapped(lambda part: part[rows], inputs)


def form(inputs: Inputs) -> Any:
    """The same for inputs that a network is given in the same way."""
    if isinstance(inputs, dict):
        return sorted(inputs)
    return len(inputs) if isinstance(inputs, tuple) else None


def divided(batch: Any) -> Any:
    """A table of a batch as a pair: all but the labels, and the labels; what is none stays."""
    if not isinstance(batch, Mapping):
        return batch
    name = next((name for name in LABELS if name in batch), None)
    if name is None:
        return batch
    return {key: part for key, part in batch.items() if key != name}, batch[name]


def answer(model: nn.Module, inputs: Inputs) -> Any:
    """What the network says: ``model(inputs)``, ``model(*inputs)`` or ``model(**inputs)``.

    Of an answer that has ``logits``, those.
    """
    if isinstance(inputs, dict):
        said = model(**inputs)
    else:
        said = model(*inputs) if isinstance(inputs, tuple) else model(inputs)
    return said if isinstance(said, torch.Tensor) else getattr(said, "logits", said)
