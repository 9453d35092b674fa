"""`bntheory.cnn.inspect`: a network with batch normalisations, looked at by hooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from ...results.checks import integer
from ...results.errors import InputError
from .hooks import Forward, Passes, Statistics, batch_norms, unchanged, uses_batches
from .images import Loss, Seen, checked_loss, shape_of, take_batches
from .looking import ByBatch, Predicted, by_batches, population, predictions, running_losses
from .measuring import measured_gaps
from .nested import answer
from .optimisers import Turning, check_optimiser, group_of, turnings
from .report import Inspection, Losses
from .rows import gap_columns, layer_row, notes_on

#: What a message says of an error that a network raises: so much of it.
QUOTED = 200


def inspect(
    model: nn.Module,
    batches: Iterable[Any],
    optimiser: Optimizer | None = None,
    *,
    loss: Loss | None = None,
    forward: Forward | None = None,
    limit: int = 16,
    measure: Sequence[int] = (),
    each: bool = False,
    seed: int = 0,
) -> Inspection:
    """Look at the batch normalisations of a network; nothing of it is changed.

    Hooks see a few batches pass three times: with each batch's own statistics, with those of all
    batches together (the population; with one backward pass, from which the loss gap of every layer
    is predicted), and with the running statistics. Everything but the batch normalisations is in
    evaluation mode, so dropout is not seen. Flags, statistics, gradients, hooks and torch's
    generators are afterwards what they were.

    Parameters
    ----------
    model
        Any network with ``BatchNorm1d/2d/3d`` or ``SyncBatchNorm`` that normalise by batches
        (``model.train()``); those that are frozen in evaluation mode are left frozen.
    batches
        Pairs (inputs, labels) of tensors, an image a row, such as a ``DataLoader``; inputs may be
        several, in a sequence or by name. Tables with ``labels`` (``label``, ``targets``,
        ``target``) are such pairs by name. The size of the first batch is the batch size in use.
    optimiser
        The optimiser that trains it: rates and rotations are told with its state as it is.
    loss
        Of (answer, labels), the mean over images; its second derivatives by the answer take the
        place of the Fisher information. By default cross-entropy of logits (images, classes).
    forward
        The answer, of (model, inputs); by default ``model(inputs)``, ``model(*inputs)`` of several
        or ``model(**inputs)`` by name, and the ``logits`` of an answer that has some.
    limit
        Batches that are taken.
    measure
        Batch sizes at which the gap of all layers is measured too, by forward passes.
    each
        Whether that of each layer alone is measured as well: as many passes more as layers.
    seed
        Of drawn labels and measured batches.

    Returns
    -------
    Inspection
        A table by layer, and what one may ask of it.

    Raises
    ------
    InputError
        For a network without batch normalisation, or whose batch normalisations are all frozen;
        for batches that are not what it takes.

    Examples
    --------
    >>> import torch
    >>> from bntheory.cnn import inspect
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8),
    ...                             torch.nn.ReLU(), torch.nn.Linear(8, 3))
    >>> batches = [(torch.randn(16, 4), torch.randint(3, (16,))) for _ in range(4)]
    >>> report = inspect(model, batches)
    >>> report.columns()["layer"], report.batch_size
    (['1'], 16)
    """
    norms = _norms(model)
    check_optimiser(optimiser)
    sizes = [integer("measure", size, 2) for size in measure]
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    passes = Passes(model, norms, forward or answer)
    with unchanged(model):
        seen = take_batches(batches, integer("limit", limit, 1), device)
        if sizes and max(sizes) > seen.images:
            reason = f"at most the {seen.images} images is accepted"
            raise InputError("measure", max(sizes), reason)
        feeders = _tried(passes, seen, loss)
        trained = _trained(feeders, optimiser)
        found = by_batches(passes, seen, loss, [layer.weight for layer in trained])
        known = population(found.pools, norms)
        told = predictions(passes, seen, loss, found, known, integer("seed", seed, 0))
        deployed = running_losses(passes, seen, loss)
        gaps = measured_gaps(passes, seen, loss, known, sizes, seed, each) if sizes else {}
        turns = _turns(optimiser, trained, found)
    return Inspection(
        _rows(passes, seen, found, known, told, feeders, turns), seen.batch_size, seen.images,
        Losses.of(seen.sizes, found.losses, told.losses, deployed), told.estimates, told.joint,
        gaps, tuple(notes_on(model, norms, found)),
    )  # fmt: skip


def _rows(
    passes: Passes,
    seen: Seen,
    found: ByBatch,
    known: dict[str, Statistics],
    told: Predicted,
    feeders: dict[str, tuple[str, nn.Module]],
    turns: dict[int, Turning],
) -> list[dict[str, Any]]:
    """One a layer, in the order in which they are passed."""
    rows = []
    for name, pool in found.pools.items():
        norm = passes.norms[name.split("#")[0]]
        row = layer_row(name, norm, pool, known[name], feeders.get(name), seen, turns)
        rows.append(row | gap_columns(told.estimates[name], norm, seen.batch_size))
    return rows


def _norms(model: object) -> dict[str, _BatchNorm]:
    """The batch normalisations that use batches."""
    kind = type(model).__name__
    if not isinstance(model, nn.Module):
        raise InputError("model", kind, "a torch.nn.Module is accepted")
    found = batch_norms(model)
    if not found:
        raise InputError("model", kind, "a network with BatchNorm1d/2d/3d or SyncBatchNorm")
    if any(nn.parameter.is_lazy(p) for p in model.parameters()):
        raise InputError("model", kind, "a network whose lazy layers have seen a batch")
    used = {name: norm for name, norm in found.items() if uses_batches(norm)}
    if not used:
        reason = (
            "its batch normalisations are all in evaluation mode, with frozen statistics; one in "
            "training mode is accepted (model.train(); nothing is changed by looking)"
        )
        raise InputError("model", kind, reason)
    return used


def _tried(passes: Passes, seen: Seen, loss: Loss | None) -> dict[str, tuple[str, nn.Module]]:
    """A first pass: the layers that feed norms, and whether the network takes the batch at all."""
    batch = seen.batches[0]
    try:
        feeders = passes.feeders(batch[0])
        with torch.no_grad():
            output = passes.run(batch[0], None)
    except Exception as error:
        said = " ".join(str(error).split())[:QUOTED]
        reason = f"batches that the network takes are accepted; it says: {said}"
        raise InputError("batches", shape_of(batch), reason) from error
    checked_loss(loss, output, batch)
    return feeders


def _trained(
    feeders: dict[str, tuple[str, nn.Module]], optimiser: Optimizer | None
) -> list[nn.Module]:
    """The layers before norms whose weights the optimiser trains."""
    layers = {id(layer): layer for _, layer in feeders.values()}
    return [
        layer
        for layer in layers.values()
        if layer.weight.requires_grad and group_of(optimiser, layer.weight) is not None
    ]


def _turns(
    optimiser: Optimizer | None, trained: list[nn.Module], found: ByBatch
) -> dict[int, Turning]:
    if optimiser is None or not trained:
        return {}
    told = turnings(optimiser, trained, found.gradients)
    return {id(layer): turn for layer, turn in zip(trained, told, strict=True)}
