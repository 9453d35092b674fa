"""`bntheory.cnn.inspect`: a network with batch normalisations, looked at by hooks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from ...results.checks import integer
from ...results.errors import InputError
from ..networks.gamma_decay import predicted_zeta
from ..norms.moments import Pool
from .hooks import Forward, Passes, Statistics, batch_norms, unchanged, uses_batches
from .images import Loss, Seen, checked_loss, shape_of, take_batches
from .looking import ByBatch, by_batches, population, predictions, running_losses
from .measuring import measured_gaps
from .optimisers import Turning, check_optimiser, group_of, kernels, turnings
from .prediction import SOURCES, Estimate
from .report import Inspection, Losses

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
        Pairs (inputs, labels) of tensors, an image a row, such as a ``DataLoader``. The size of the
        first batch is the batch size in use.
    optimiser
        The optimiser that trains it: rates and rotations are told with its state as it is.
    loss
        Of (answer, labels), the mean over images; its second derivatives by the answer take the
        place of the Fisher information. By default cross-entropy of logits (images, classes).
    forward
        The answer, of (model, inputs); by default ``model(inputs)``.
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
    passes = Passes(model, norms, forward or (lambda network, inputs: network(inputs)))
    with unchanged(model):
        seen = take_batches(batches, integer("limit", limit, 1), device)
        if sizes and max(sizes) > seen.images:
            reason = f"at most the {seen.images} images is accepted"
            raise InputError("measure", max(sizes), reason)
        feeders = _tried(passes, seen, loss)
        trained = _trained(feeders, optimiser)
        weights = [layer.weight for layer in trained]
        found = by_batches(passes, seen, loss, weights)
        known = population(found.pools, norms)
        told = predictions(passes, seen, loss, found, known, integer("seed", seed, 0))
        deployed = running_losses(passes, seen, loss)
        gaps = measured_gaps(passes, seen, loss, known, sizes, seed, each) if sizes else {}
        turns = _turns(optimiser, trained, found)
    rows = [
        _row(name, norms[name.split("#")[0]], pool, known[name], feeders.get(name), seen, turns)
        | _of_estimate(told.estimates[name], norms[name.split("#")[0]], seen.batch_size)
        for name, pool in found.pools.items()
    ]
    losses = Losses.of(
        [len(labels) for _, labels in seen.batches], found.losses, told.losses, deployed
    )
    return Inspection(
        rows, seen.batch_size, seen.images, losses, told.estimates, told.joint, gaps,
        tuple(_notes(model, norms, found)),
    )  # fmt: skip


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


@torch.no_grad()
def _row(
    name: str,
    norm: _BatchNorm,
    pool: Pool,
    known: Statistics,
    feeder: tuple[str, nn.Module] | None,
    seen: Seen,
    turns: dict[int, Turning],
) -> dict[str, Any]:
    """What there is to say of one layer, but for its predicted gap; None is what has no value."""
    gamma = torch.ones_like(known.mean) if norm.weight is None else norm.weight
    spread = torch.sqrt(known.variance + norm.eps).double()
    kurtosis = float(torch.nanmean(pool.kurtosis))
    length = None
    if feeder is not None:
        weight = feeder[1].weight
        assert isinstance(weight, torch.Tensor)
        length = torch.linalg.vector_norm(kernels(feeder[1], weight).double(), dim=1)
    turn = turns.get(id(feeder[1]) if feeder else 0, Turning())
    lag: dict[str, Any] = {"mean_shift": None, "variance_ratio": None}
    if norm.running_mean is not None and norm.running_var is not None:
        shift = (norm.running_mean - known.mean).double() / spread
        ratio = (norm.running_var + norm.eps).double() / spread.square()
        lag = {"mean_shift": float(shift.square().mean().sqrt()),
               "variance_ratio": float(ratio.mean())}  # fmt: skip
    effective = None if length is None else float((gamma.abs().double() * length / spread).mean())
    return {
        "layer": name,
        "fed_by": feeder[0] if feeder else None,
        "channels": norm.num_features,
        "positions": pool.positions,
        "gamma_squared": float(gamma.double().square().mean()),
        "weight_norm": None if length is None else float(length.mean()),
        "sigma": float(spread.mean()),
        "effective_norm": effective,
        "kurtosis": None if math.isnan(kurtosis) else kurtosis,
        "zeta_neuron": None if math.isnan(kurtosis) else predicted_zeta(seen.batch_size, kurtosis),
        **turn._asdict(),
        **lag,
    }


def _of_estimate(found: Estimate, norm: _BatchNorm, size: int) -> dict[str, Any]:
    """Zeta by source, and the predicted gap, at the batch size in use."""
    total = float(norm.num_features)
    if norm.weight is not None:
        total = float(norm.weight.detach().double().square().sum())
    parts = dict(zip(SOURCES, (found.parts / size).tolist(), strict=True))
    zeta: dict[str, float | None] = {"zeta": found.noise / size / total if total else None}
    for source in SOURCES[:3]:
        zeta[f"zeta_{source}"] = parts[source] / total if total else None
    return {
        **zeta,
        "zeta_sem": found.noise_sem / size / total if total else None,
        "from_residual": parts["from_residual"],
        "predicted_gap": found.gap / size,
        "predicted_gap_sem": found.gap_sem / size,
    }


def _notes(model: nn.Module, norms: dict[str, _BatchNorm], found: ByBatch) -> list[str]:
    """What a reader should know of these numbers."""
    every = batch_norms(model)
    frozen = sorted(set(every) - set(norms))
    missed = sorted(set(norms) - set(found.pools))
    notes = []
    if frozen:
        notes.append(f"in evaluation mode, left as they are: {', '.join(frozen)}")
    if missed:
        notes.append(f"not reached by these batches: {', '.join(missed)}")
    return notes
