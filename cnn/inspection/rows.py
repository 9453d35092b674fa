"""The rows of an inspection: what there is to say of each layer."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..networks.gamma_decay import predicted_zeta
from ..norms.moments import Pool
from .hooks import Statistics, batch_norms
from .images import Seen
from .looking import ByBatch
from .optimisers import Turning, kernels
from .prediction import SOURCES, Estimate


@torch.no_grad()
def layer_row(
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


def gap_columns(found: Estimate, norm: _BatchNorm, size: int) -> dict[str, Any]:
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


def notes_on(model: nn.Module, norms: dict[str, _BatchNorm], found: ByBatch) -> list[str]:
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
